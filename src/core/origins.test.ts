import assert from "node:assert/strict";
import { test } from "node:test";
import { connectedPair } from "../testing/connected-pair.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { DatagramProtocol } from "./datagram.ts";
import { type Origins, traceOrigins } from "./origins.ts";
import { ProcessProtocol } from "./process.ts";
import { Protocol } from "./protocol.ts";
import { LoopingCall } from "./time/looping-call.ts";

test("each thing that a reactor holds is traced to the line that made it", async () => {
  const reactor = new MemoryReactor();
  using origins = traceOrigins(reactor);
  const lines = new Map<string, number>();
  const from = (kind: string, line: number) => lines.set(kind, line);
  from("delayed call", here());
  reactor.callLater(5, () => undefined);
  from("port", here());
  await reactor.listenTcp({ port: 80 }, () => new Protocol());
  from("datagram port", here());
  await reactor.listenUdp({ port: 53 }, new DatagramProtocol());
  from("connecting", here());
  reactor.connectTcp({ host: "example.org", port: 25 }, () => new Protocol());
  from("process", here());
  reactor.spawnProcess(new ProcessProtocol(), "sleep");
  const traced = reactor.holdings().filter(({ subject }) => origins.of(subject) !== undefined);
  assert.deepEqual(
    new Map(traced.map(({ kind, subject }) => [kind, lineOf(origins, subject)])),
    new Map([...lines].map(([kind, line]) => [kind, line + 1])),
  );
});

test("a connection that was dialled is traced to the dial, one that came in to its port", async () => {
  const reactor = new MemoryReactor();
  using origins = traceOrigins(reactor);
  const connecting = reactor.connectTcp({ host: "example.org", port: 25 }, () => new Protocol());
  const dialled = here() - 1;
  reactor.connects[0]?.accept();
  const { transport } = await connecting;
  await reactor.listenTcp({ port: 80 }, () => new Protocol());
  const listened = here() - 1;
  const incoming = reactor.dial(80);
  assert.equal(lineOf(origins, transport), dialled);
  assert.equal(lineOf(origins, incoming), listened);
});

test("what Ropewalk itself makes in a delayed call was made by who made that call", () => {
  const reactor = new MemoryReactor();
  using origins = traceOrigins(reactor);
  const loop = new LoopingCall(reactor, () => undefined);
  loop.start(10);
  const started = here() - 1;
  reactor.advance(35);
  const [holding] = reactor.holdings();
  assert.equal(lineOf(origins, holding?.subject ?? {}), started);
  loop.stop();
});

test("what the reactor makes for itself has no origin", () => {
  const reactor = new MemoryReactor();
  using origins = traceOrigins(reactor);
  reactor.connectTcp({ host: "example.org", port: 25 }, () => new Protocol());
  const timeout = reactor.holdings().find(({ kind }) => kind === "delayed call");
  assert.equal(timeout?.summary, "delayed call, due in 30000 ms");
  assert.equal(origins.of(timeout?.subject ?? {}), undefined);
});

test("values, errors and cancels come through a traced reactor as through any", async () => {
  const reactor = new MemoryReactor();
  using _origins = traceOrigins(reactor);
  const calls: number[] = [];
  reactor.callLater(5, () => calls.push(reactor.now()));
  reactor.advance(5);
  assert.deepEqual(calls, [5]);
  const protocol = new Protocol();
  const connecting = reactor.connectTcp({ host: "example.org", port: 25 }, () => protocol);
  reactor.connects[0]?.accept();
  assert.equal(await connecting, protocol);
  const refused = reactor.connectTcp({ host: "example.org", port: 25 }, () => protocol);
  reactor.connects[1]?.refuse();
  await assert.rejects(async () => await refused, { name: "ConnectError" });
  const cancelled = reactor.connectTcp({ host: "example.org", port: 25 }, () => protocol);
  cancelled.cancel();
  await assert.rejects(async () => await cancelled, { name: "AbortError" });
});

test("a reactor whose tracing was ended is as it was", () => {
  const reactor = new MemoryReactor();
  traceOrigins(reactor)[Symbol.dispose]();
  assert.deepEqual(Object.keys(reactor).includes("callLater"), false);
  assert.equal(reactor.callLater, MemoryReactor.prototype.callLater);
});

test("a connection of no traced port has no origin", () => {
  using origins = traceOrigins(new MemoryReactor());
  const { transportA } = connectedPair(new Protocol(), new Protocol());
  assert.equal(origins.of(transportA), undefined);
});

function lineOf(origins: Origins, subject: object): number {
  const place = origins.of(subject)?.place ?? "";
  assert.match(place, /origins\.test\.js:\d+:\d+$/);
  return Number(/:(\d+):\d+$/.exec(place)?.[1]);
}

/** The line of the call. */
function here(): number {
  return Number(/:(\d+):\d+\)?$/.exec(new Error("here").stack?.split("\n")[2] ?? "")?.[1]);
}

test("a reactor that is traced twice has its first tracer back when the second is disposed", () => {
  const reactor = new MemoryReactor();
  using first = traceOrigins(reactor);
  const traced = reactor.callLater;
  traceOrigins(reactor)[Symbol.dispose]();
  assert.equal(reactor.callLater, traced);
  const call = reactor.callLater(5, () => {});
  assert.equal(lineOf(first, call), here() - 1);
});

test("a connection without a name of its own, made before, has no origin", async () => {
  const reactor = new MemoryReactor();
  await reactor.openStdio(() => new Protocol());
  using origins = traceOrigins(reactor);
  assert.equal(origins.of(reactor.stdio ?? {}), undefined);
});

test("a result that is no object passes", async () => {
  const reactor = new MemoryReactor({ importModule: async () => ({ default: (n: number) => n + 1 }) });
  using _origins = traceOrigins(reactor);
  assert.equal(await reactor.runInWorker<number>("data:", 1), 2);
});
