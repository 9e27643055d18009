/** Ten thousand connections, opened and broken at random moments, leave nothing behind. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { NodeReactor } from "ropewalk";
import { seededRandom } from "ropewalk/testing";
import { closed, Echo, isServed, portOf } from "./ends.ts";
import { Holdings, turn } from "./leaks.ts";

for (const acceptsDirectly of [true, false]) {
  test(`10 000 connections, ${acceptsDirectly ? "accepted directly" : "through streams"}`, {
    timeout: 60_000,
  }, async () => {
    const reactor = new NodeReactor({ acceptsDirectly });
    await storm(reactor, 100);
    const before = new Holdings();
    const lost = await storm(reactor, CONNECTIONS, before);
    await before.areBack();
    assert.ok(lost.size >= 2, `they ended in ways too much alike: ${[...lost]}`);
  });
}

/** Returns the names of the reasons that were seen. */
async function storm(reactor: NodeReactor, connections: number, holdings?: Holdings): Promise<Set<string>> {
  const random = seededRandom(20_261);
  const reasons = new Set<string>();
  let made = 0;
  let ended = 0;
  class Counted extends Echo {
    override connectionMade(): void {
      made += 1;
    }
    override connectionLost(reason: Error): void {
      ended += 1;
      reasons.add(reason.name);
    }
  }
  const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => {
    const protocol = new Counted();
    holdings?.watch(protocol);
    return protocol;
  });
  let left = connections;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await visit(portOf(port), Math.floor(random() * VISITS.length));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  while (ended < made) await turn();
  assert.ok(await isServed(portOf(port)));
  await port.stopListening();
  return reasons;
}

async function visit(port: number, kind: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const end = closed(socket);
  socket.on("connect", () => VISITS[kind]?.(socket));
  await end;
}

const VISITS: readonly ((socket: Socket) => unknown)[] = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.destroy(),
  (socket) => socket.resume().end("goodbye"),
  (socket) => {
    socket.write("x".repeat(10_000));
    socket.resetAndDestroy();
  },
  (socket) => {
    socket.write("x".repeat(10_000));
    setImmediate(() => socket.resetAndDestroy());
  },
  (socket) => {
    socket.once("data", () => socket.resetAndDestroy());
    socket.write("x".repeat(100_000));
  },
  (socket) => {
    socket.pause();
    socket.end("x".repeat(200_000));
    setImmediate(() => socket.destroy());
  },
];

const CONNECTIONS = 10_000;
const AT_ONCE = 200;
