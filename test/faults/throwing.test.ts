/** A protocol that throws, in any of its methods, a hundred times over: the port goes on and nothing is left. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NodeReactor, Protocol } from "ropewalk";
import { captureLogs } from "ropewalk/log";
import { closed, dial, Echo, isServed, portOf } from "./ends.ts";
import { Holdings, until } from "./leaks.ts";

const reactor = new NodeReactor();

const METHODS: Readonly<Record<string, (protocol: Protocol) => void>> = {
  makeConnection: () => {},
  connectionMade: () => {},
  dataReceived: () => {},
  connectionLost: () => {},
  readConnectionLost: () => {},
  writeConnectionLost: ({ transport }) => transport.loseWriteConnection(),
  writingPaused: ({ transport }) => transport.write(new Uint8Array(BULK_BYTES)),
  writingResumed: ({ transport }) => transport.write(new Uint8Array(BULK_BYTES)),
};

describe("a protocol that throws", () => {
  for (const [method, provoke] of Object.entries(METHODS)) {
    test(`in ${method}`, { timeout: 20_000 }, async () => {
      await suffer(method, provoke, 2);
      const before = new Holdings();
      await suffer(method, provoke, 100, before);
      await before.areBack();
    });
  }
});

test("a factory that throws, every time", { timeout: 20_000 }, async () => {
  using logs = captureLogs();
  const before = new Holdings();
  const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => {
    throw new Error("on purpose");
  });
  for (let i = 0; i < 100; i += 1) {
    const peer = await dial(portOf(port));
    peer.resume().on("end", () => peer.end());
    await closed(peer);
  }
  await port.stopListening();
  await before.areBack();
  assert.equal(logs.events.filter(({ level }) => level === "error").length, 100);
});

async function suffer(
  method: string,
  provoke: (protocol: Protocol) => void,
  times: number,
  holdings?: Holdings,
): Promise<void> {
  using logs = captureLogs();
  let thrown = 0;
  const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => {
    const protocol = new Protocol();
    protocol.dataReceived = () => provoke(protocol);
    // Half-close is for protocols that declare it.
    if (method === "writeConnectionLost") protocol.readConnectionLost = () => {};
    Object.defineProperty(protocol, method, {
      value: () => {
        thrown += 1;
        throw new Error("on purpose");
      },
    });
    return holdings?.watch(protocol) ?? protocol;
  });
  const echoes = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => new Echo());
  for (let i = 0; i < times; i += 1) {
    const peer = await dial(portOf(port));
    peer.resume().on("end", () => peer.end());
    peer.write("go");
    if (/^(connectionLost|readConnectionLost)$/.test(method)) peer.end();
    await closed(peer);
  }
  await until(() => thrown === times);
  assert.ok(await isServed(portOf(echoes)));
  await port.stopListening();
  await echoes.stopListening();
  assert.equal(logs.events.filter(({ level }) => level === "error").length, times);
}

const BULK_BYTES = 4_000_000;
