import assert from "node:assert/strict";
import { DatagramProtocol } from "../../core/datagram.ts";
import type { HoldingKind } from "../../core/holdings.ts";
import { ProcessProtocol } from "../../core/process.ts";
import type { Transport } from "../../core/transport.ts";
import { Recorder } from "../recorder.ts";
import { type Cases, outcome, until, type World } from "./world.ts";

/** What a reactor says that it has on its hands. */
export const HOLDINGS: Cases<World> = {
  "an idle reactor holds nothing": async ({ reactor }) => {
    assert.deepEqual(reactor.holdings(), []);
  },

  "delayed calls are held until they are made or cancelled, in the order in which they are due": async (world) => {
    const { reactor } = world;
    let isMade = false;
    const late = reactor.callLater(3_600_000, () => undefined);
    const never = reactor.callLater(Number.POSITIVE_INFINITY, () => undefined);
    const soon = reactor.callLater(5, () => {
      isMade = true;
    });
    const hour = reactor.callLater(3_600_000, () => undefined);
    assert.deepEqual(held(world, "delayed call"), [soon, late, hour, never]);
    hour.reset(60_000);
    assert.deepEqual(held(world, "delayed call"), [soon, hour, late, never]);
    hour.cancel();
    await world.advance(5);
    await until(world, "the call", () => isMade);
    assert.deepEqual(held(world, "delayed call"), [late, never]);
    late.cancel();
    never.cancel();
    assert.deepEqual(reactor.holdings(), []);
  },

  "a thousand calls made at once are all held": async (world) => {
    const calls = Array.from({ length: 1_000 }, () => world.reactor.callLater(60_000, () => undefined));
    assert.deepEqual(held(world, "delayed call"), calls);
    for (const call of calls) call.cancel();
    assert.deepEqual(world.reactor.holdings(), []);
  },

  "a port is held until it is closed, and its address is in the summary": async (world) => {
    const { reactor, host } = world;
    const listening = reactor.listenTcp({ port: 0, host }, () => new Recorder());
    const port = await outcome(world, listening);
    assert.deepEqual(held(world, "port"), [port]);
    const { address } = port;
    assert.equal(reactor.holdings()[0]?.summary, `port ${host}:${address.kind === "tcp" ? address.port : ""}`);
    await outcome(world, port.stopListening());
    assert.deepEqual(reactor.holdings(), []);
  },

  "a datagram port is held until it is closed": async (world) => {
    const { reactor, host } = world;
    const transport = await outcome(world, reactor.listenUdp({ port: 0, host }, new DatagramProtocol()));
    assert.deepEqual(held(world, "datagram port"), [transport]);
    await outcome(world, transport.stopListening());
    assert.deepEqual(reactor.holdings(), []);
  },

  "a process is held until it has ended, and its program is in the summary": async (world) => {
    let hasEnded = false;
    class Watching extends ProcessProtocol {
      override processEnded(): void {
        hasEnded = true;
      }
    }
    const child = world.reactor.spawnProcess(new Watching(), "/no/such program");
    assert.deepEqual(held(world, "process"), [child]);
    assert.equal(world.reactor.holdings()[0]?.summary, 'process "/no/such program" (not started yet)');
    if ("exit" in child) {
      // A test plays it: there is no program that could be missing.
      await world.settle();
      (child as unknown as { exit(): void }).exit();
    }
    await until(world, "processEnded", () => hasEnded);
    assert.deepEqual(world.reactor.holdings(), []);
  },

  "both ends of a connection are held until they are lost, with their protocols in the summary": async (world) => {
    const { reactor, host } = world;
    const [client, server] = [new Recorder(), new Recorder()];
    const port = await outcome(
      world,
      reactor.listenTcp({ port: 0, host }, () => server),
    );
    const number = port.address.kind === "tcp" ? port.address.port : 0;
    const connecting = reactor.connectTcp({ host, port: number }, () => client);
    assert.deepEqual(held(world, "connecting"), [connecting]);
    const summaries = reactor.holdings().map(({ summary }) => summary);
    assert.ok(summaries.includes(`connecting to ${host}:${number}`), summaries.join());
    await outcome(world, connecting);
    await until(world, "the server's connectionMade", () => server.events.includes("made"));
    assert.deepEqual(held(world, "connecting"), []);
    const connections = new Set(held(world, "connection"));
    assert.deepEqual(connections, new Set<Transport>([client.transport, server.transport]));
    for (const { kind, summary } of reactor.holdings()) {
      if (kind === "connection") assert.match(summary, /^connection of Recorder at \S+ with \S+$/);
    }
    client.transport.loseConnection();
    await until(world, "both are lost", () => client.reason !== undefined && server.reason !== undefined);
    await outcome(world, port.stopListening());
    assert.deepEqual(reactor.holdings(), []);
  },

  "a connect that was cancelled is not held": async (world) => {
    const { reactor, otherHost } = world;
    const connecting = reactor.connectTcp({ host: otherHost, port: 9 }, () => new Recorder());
    connecting.addErrback(() => undefined);
    connecting.cancel();
    await world.settle();
    assert.deepEqual(reactor.holdings(), []);
  },

  "work in a worker is held until it is done": async (world) => {
    const { reactor } = world;
    const working = reactor.runInWorker("data:text/javascript,export default (n) => n + 1", 41);
    // Where there are no workers it has failed already.
    const isWaiting = !working.called;
    assert.deepEqual(held(world, "worker"), isWaiting ? [working] : []);
    await outcome(
      world,
      working.addErrback(() => undefined),
    );
    assert.deepEqual(held(world, "worker"), []);
  },
};

function held(world: World, kind: HoldingKind): readonly object[] {
  return world.reactor
    .holdings()
    .filter((holding) => holding.kind === kind)
    .map(({ subject }) => subject);
}
