import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConnectError } from "../core/errors.ts";
import { captureLogs } from "../core/log/index.ts";
import { Protocol } from "../core/protocol.ts";
import { connect, listen } from "../endpoints/connect.ts";
import { EndpointSyntaxError } from "../endpoints/errors.ts";
import { Simulation } from "../sim/simulation.ts";
import { type MemoryConnect, MemoryReactor, type MemoryTransport } from "../testing/index.ts";
import { type ForwardOptions, forwardTo } from "./forward.ts";

describe("a forwarded connection", () => {
  test("is not read before the other side is there, and loses nothing of what was said meanwhile", async () => {
    const { reactor, client, dialled } = await served();
    client.remote.write("early ");
    reactor.settle();
    const target = dialled().accept();
    client.remote.write("and late");
    reactor.settle();
    assert.equal(target.text(), "early and late");
    target.remote.write("answer");
    reactor.settle();
    assert.equal(client.text(), "answer");
  });

  test("holds a fast client up before the other side is there", async () => {
    const { reactor, client, dialled } = await served();
    client.remote.write(new Uint8Array(10_000_000));
    reactor.settle();
    const target = dialled().accept();
    target.remote.stopTaking();
    reactor.settle();
    assert.ok(target.bufferedBytes < 250_000, `${target.bufferedBytes} bytes are buffered`);
    target.remote.startTaking();
    reactor.settle();
    assert.equal(target.bytes().length, 10_000_000);
  });

  for (const side of ["client", "target"] as const) {
    test(`a ${side} that does not read holds the other side up, and gets all of it later`, async () => {
      const { reactor, client, target } = await joined();
      const [slow, fast] = side === "client" ? [client, target] : [target, client];
      slow.remote.stopTaking();
      for (let i = 0; i < 10; i++) fast.remote.write(new Uint8Array(100_000).fill(i));
      reactor.settle();
      assert.ok(slow.bufferedBytes < 250_000, `${slow.bufferedBytes} bytes are buffered`);
      slow.remote.startTaking();
      reactor.settle();
      const bytes = slow.bytes();
      assert.equal(bytes.length, 1_000_000);
      assert.ok(bytes.every((byte, at) => byte === Math.floor(at / 100_000)));
    });

    test(`a ${side} that ends its direction can still be answered`, async () => {
      const { reactor, client, target } = await joined();
      const [first, second] = side === "client" ? [client, target] : [target, client];
      first.remote.write("request");
      first.remote.end();
      reactor.settle();
      assert.deepEqual([second.text(), second.remote.sawEnd, second.connected], ["request", true, true]);
      second.remote.write("answer");
      second.remote.end();
      reactor.settle();
      assert.deepEqual([first.text(), first.remote.sawEnd], ["answer", true]);
      assert.deepEqual([reactor.connections, reactor.getDelayedCalls()], [[], []]);
    });

    test(`a reset by the ${side} is a reset of the other side`, async () => {
      const { reactor, client, target } = await joined();
      const [first, second] = side === "client" ? [client, target] : [target, client];
      first.remote.reset();
      reactor.settle();
      assert.equal(second.remote.sawReset, true);
      assert.deepEqual([reactor.connections, reactor.getDelayedCalls()], [[], []]);
    });

    test(`a ${side} that takes its time over the last bytes gets them, long after the other side has gone`, async () => {
      const { reactor, client, target } = await joined();
      const [slow, fast] = side === "client" ? [client, target] : [target, client];
      slow.remote.end();
      slow.remote.stopTaking();
      fast.remote.write(new Uint8Array(50_000));
      fast.remote.end();
      reactor.advance(600_000);
      assert.equal(fast.connected, false);
      slow.remote.startTaking();
      reactor.settle();
      assert.equal(slow.bytes().length, 50_000);
      assert.deepEqual([reactor.connections, reactor.getDelayedCalls()], [[], []]);
    });
  }

  test("probes both peers, so that one that is gone does not stay for ever", async () => {
    const { client, target } = await joined();
    assert.deepEqual([client.keepAliveMs, target.keepAliveMs], [300_000, 300_000]);
  });

  test("ends when nothing goes either way for idleTimeoutMs, and not before", async () => {
    using logs = captureLogs();
    const { reactor, client, target } = await joined({ idleTimeoutMs: 1_000 });
    for (const speaker of [client, target]) {
      reactor.advance(900);
      speaker.remote.write("x");
    }
    reactor.advance(999);
    assert.deepEqual([client.connected, target.connected], [true, true]);
    reactor.advance(1);
    assert.deepEqual([client.remote.sawReset, target.remote.sawReset], [true, true]);
    assert.deepEqual(reactor.getDelayedCalls(), []);
    assert.match(String(logs.events.at(-1)?.format), /idle/);
  });

  test("ends when a peer that takes nothing is all that is left of it, after idleTimeoutMs", async () => {
    const { reactor, client, target } = await joined({ idleTimeoutMs: 1_000 });
    client.remote.end();
    client.remote.stopTaking();
    target.remote.write(new Uint8Array(50_000));
    target.remote.end();
    reactor.advance(999);
    assert.deepEqual([client.connected, target.connected], [true, false]);
    reactor.advance(1);
    assert.equal(client.remote.sawReset, true);
    assert.deepEqual([reactor.connections, reactor.getDelayedCalls()], [[], []]);
  });
});

describe("a side that cannot be reached", () => {
  test("is logged, and the client reset", async () => {
    using logs = captureLogs();
    const { reactor, client, dialled } = await served();
    dialled().fail(new ConnectError("nobody home", { code: "ECONNREFUSED" }));
    reactor.settle();
    assert.equal(client.remote.sawReset, true);
    const [event] = logs.events.filter(({ level }) => level === "warn");
    assert.deepEqual([event?.["to"], event?.["problem"]], ["tcp:192.0.2.7:80", "nobody home"]);
  });

  test("is given up after connectTimeoutMs, and nothing is left of the attempt", async () => {
    using logs = captureLogs();
    const { reactor, client, dialled } = await served({ connectTimeoutMs: 1_000 });
    reactor.advance(999);
    assert.equal(client.connected, true);
    reactor.advance(1);
    assert.deepEqual([client.remote.sawReset, dialled().state], [true, "cancelled"]);
    assert.deepEqual([reactor.connections, reactor.getDelayedCalls()], [[], []]);
    assert.equal(logs.events.filter(({ level }) => level === "warn").length, 1);
  });

  test("that has gone by the time it is there resets the client", async () => {
    const { reactor, client, dialled } = await served();
    dialled().accept().remote.reset();
    reactor.settle();
    assert.equal(client.remote.sawReset, true);
  });

  test("a client that goes first cancels the attempt, and nobody is told of a failure", async () => {
    using logs = captureLogs();
    const { reactor, client, dialled } = await served();
    client.abortConnection();
    reactor.settle();
    assert.equal(dialled().state, "cancelled");
    assert.deepEqual([logs.events, reactor.getDelayedCalls()], [[], []]);
  });
});

test("forwardTo refuses a description or a time that is none", () => {
  const reactor = new MemoryReactor();
  assert.throws(() => forwardTo(reactor, "nonsense:1"), EndpointSyntaxError);
  for (const ms of [0, -1, Number.NaN]) {
    assert.throws(() => forwardTo(reactor, "tcp:a:1", { idleTimeoutMs: ms }), RangeError);
    assert.throws(() => forwardTo(reactor, "tcp:a:1", { connectTimeoutMs: ms }), RangeError);
  }
});

test("over networks that lose and delay packets, all bytes arrive in order, whoever sends", async () => {
  for (let seed = 1; seed <= 5; seed += 1) {
    const sim = new Simulation({ seed });
    const said = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 7 + (at >> 8)) & 255);
    const servers: Speaker[] = [];
    const speaker = (): Speaker => {
      const made = new Speaker(said);
      servers.push(made);
      return made;
    };
    sim.host("server", { program: (reactor) => listen(reactor, "tcp:80", speaker) });
    sim.host("middle", { program: (reactor) => listen(reactor, "tcp:9000", forwardTo(reactor, "tcp:server:80")) });
    const { reactor } = sim.host("client");
    sim.link("*", "*", { latencyMs: 10, jitterMs: 20, loss: 0.05 });
    await sim.advance(1);
    const client = new Speaker(said);
    await sim.run(() => connect(reactor, "tcp:middle:9000", () => client));
    await sim.until(() => client.hasClosed && servers.every(({ hasClosed }) => hasClosed));
    assert.equal(servers.length, 1);
    for (const { heard } of [client, ...servers])
      assert.deepEqual(Buffer.concat(heard), Buffer.from(said), `seed ${seed}`);
  }
});

/** Says all it has, hangs up its direction, and keeps what it hears. */
class Speaker extends Protocol {
  readonly heard: Uint8Array[] = [];
  hasClosed = false;
  readonly #said: Uint8Array;

  constructor(said: Uint8Array) {
    super();
    this.#said = said;
  }

  override connectionMade(): void {
    this.transport.write(this.#said);
    this.transport.loseWriteConnection();
  }

  override dataReceived(data: Uint8Array): void {
    this.heard.push(data);
  }

  override readConnectionLost(): void {}

  override connectionLost(): void {
    this.hasClosed = true;
  }
}

interface Served {
  readonly reactor: MemoryReactor;
  readonly client: MemoryTransport;
  dialled(): MemoryConnect;
}

async function served(options: ForwardOptions = {}): Promise<Served> {
  const reactor = new MemoryReactor();
  await listen(reactor, "tcp:9000", forwardTo(reactor, "tcp:192.0.2.7:80", options));
  const client = reactor.dial(9_000);
  reactor.settle();
  const dialled = (): MemoryConnect => {
    const [attempt] = reactor.connects;
    assert.ok(attempt);
    return attempt;
  };
  return { reactor, client, dialled };
}

async function joined(options: ForwardOptions = {}): Promise<Served & { readonly target: MemoryTransport }> {
  const scene = await served(options);
  const target = scene.dialled().accept();
  scene.reactor.settle();
  return { ...scene, target };
}
