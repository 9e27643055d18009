import assert from "node:assert/strict";
import type { Deferred } from "../../core/deferred/deferred.ts";
import { listen } from "../../endpoints/index.ts";
import { feedThreeWays, MemoryReactor, MemoryTransport } from "../../testing/index.ts";
import type { TrialContext } from "../../trial/context.ts";
import { describe, test } from "../../trial/test.ts";
import { askChargen, askDaytime, askEcho, askQuote, askTime } from "./client.ts";
import { chargenLines } from "./codec.ts";
import { RemoteWireError } from "./errors.ts";
import { EchoStream } from "./protocol.ts";
import {
  chargenServer,
  daytimeServer,
  discardServer,
  echoServer,
  quoteServer,
  timeServer,
  type WireServer,
} from "./server.ts";

const CLIENT = { host: "192.0.2.1", port: 5_000 };

describe("the services over TCP", () => {
  test("echo sends back what comes, whatever the cuts, and ends when the peer does", () => {
    const echoed = feedThreeWays(
      () => attached(new EchoStream()),
      "hello\r\n\0\xff".repeat(50),
      (transport) => [...transport.bytes()],
      { feed: (transport, data) => transport.remote.write(data) },
    );
    assert.deepEqual(echoed, [...new TextEncoder().encode("hello\r\n\0\xff".repeat(50))]);
    const transport = attached(new EchoStream());
    transport.remote.write("last");
    transport.remote.end();
    assert.deepEqual([transport.text(), transport.connected, transport.remote.sawEnd], ["last", false, true]);
  });

  test("echo holds no more than its buffer for a peer that does not read", async (t) => {
    const { reactor } = t;
    const port = await listen(reactor, "tcp:7", echoServer(reactor));
    t.addCleanup(() => port.stopListening());
    const guest = reactor.dial(7);
    t.addCleanup(() => guest.remote.end());
    guest.remote.stopTaking();
    for (let sent = 0; sent < 1_000; sent += 1) guest.remote.write(new Uint8Array(1_000));
    assert.ok(guest.bufferedBytes < 70_000, `${guest.bufferedBytes}`);
    guest.remote.startTaking();
    assert.equal(guest.bytes().length, 1_000_000);
  });

  test("chargen makes as much as the peer takes, and no more than maxBytes", async (t) => {
    const { reactor } = t;
    const port = await listen(reactor, "tcp:19", chargenServer(reactor, { maxBytes: 500_000 }));
    t.addCleanup(() => port.stopListening());
    const guest = reactor.dial(19);
    assert.deepEqual([guest.bytes().length, guest.connected], [500_000, false]);
    assert.deepEqual([...guest.bytes().subarray(0, 30_000)], [...chargenLines(0, 500).subarray(0, 30_000)]);
  });

  test("discard takes everything and says nothing", async (t) => {
    const { reactor } = t;
    const port = await listen(reactor, "tcp:9", discardServer());
    t.addCleanup(() => port.stopListening());
    const guest = reactor.dial(9);
    t.addCleanup(() => guest.remote.end());
    guest.remote.write("anything");
    assert.deepEqual([guest.text(), guest.connected], ["", true]);
  });
});

describe("the services over UDP", () => {
  const all = (reactor: MemoryReactor): readonly [string, WireServer][] => [
    ["echo", echoServer(reactor)],
    ["chargen", chargenServer(reactor)],
    ["daytime", daytimeServer(reactor)],
    ["time", timeServer(reactor)],
    ["quote", quoteServer(reactor, () => "q")],
  ];

  test("answer no port where a service may live, and none of their own number", async (t) => {
    const { reactor } = t;
    for (const [name, server] of all(reactor)) {
      const port = await reactor.listenUdp({ port: 2_000 }, server.datagrams());
      for (const from of [1, 7, 19, 53, 1_023, 2_000]) port.receive("hello", { host: "192.0.2.1", port: from });
      assert.equal(port.sent.length, 0, name);
      port.receive("hello", { host: "192.0.2.1", port: 1_024 });
      assert.equal(port.sent.length, 1, name);
      port.stopListening();
      reactor.settle();
    }
  });

  test("that were made to answer each other stop at maxAnswersPerSecond", async (t) => {
    const { reactor } = t;
    const one = await reactor.listenUdp({ port: 2_007 }, echoServer(reactor, { maxAnswersPerSecond: 10 }).datagrams());
    const other = await reactor.listenUdp({ port: 2_008 }, echoServer(reactor).datagrams());
    t.addCleanup(() => [one, other].map((port) => port.stopListening()));
    one.receive("round and round", { host: "127.0.0.1", port: 2_008 });
    for (let turns = 0; turns < 1_000; turns += 1) reactor.settle();
    assert.ok(one.sent.length <= 10 && other.sent.length <= 10, `${one.sent.length} ${other.sent.length}`);
  });

  test("answer maxAnswersPerSecond at once, and as many a second from then on", async (t) => {
    const { reactor } = t;
    const port = await reactor.listenUdp({ port: 7 }, echoServer(reactor, { maxAnswersPerSecond: 10 }).datagrams());
    t.addCleanup(() => port.stopListening());
    const ask = (times: number): number => {
      const before = port.sent.length;
      for (let asked = 0; asked < times; asked += 1) port.receive("x", CLIENT);
      return port.sent.length - before;
    };
    assert.equal(ask(50), 10);
    reactor.advance(300);
    assert.equal(ask(50), 3);
    reactor.advance(3_600_000);
    assert.equal(ask(50), 10);
    assert.throws(() => echoServer(reactor, { maxAnswersPerSecond: 0 }).datagrams(), RangeError);
  });

  test("chargen answers with no more than it was sent, and 512 at most", async (t) => {
    const { reactor } = t;
    const port = await reactor.listenUdp({ port: 19 }, chargenServer(reactor).datagrams());
    t.addCleanup(() => port.stopListening());
    for (const length of [0, 1, 512, 5_000]) port.receive(new Uint8Array(length), CLIENT);
    assert.deepEqual(
      port.sent.map(({ data }) => data.length),
      [0, 1, 512, 512],
    );
  });
});

describe("the clients", () => {
  for (const scheme of ["tcp", "udp"]) {
    test(`are answered over ${scheme}`, async (t) => {
      const reactor = t.watch(new MemoryReactor({ network: true, wallStartMs: 5_000 }));
      const servers = [daytimeServer, timeServer, echoServer, chargenServer].map((make) => make(reactor));
      await serve(t, reactor, 100, [...servers, quoteServer(reactor, () => "Less is more")]);
      const at = (service: number) => `${scheme}:127.0.0.1:${100 + service}`;
      assert.equal(await settled(reactor, askDaytime(reactor, at(0))), "Thursday, January 1, 1970 00:00:05-UTC");
      assert.equal(await settled(reactor, askTime(reactor, at(1))), 5_000);
      await settled(reactor, askEcho(reactor, at(2), Uint8Array.of(1, 2, 3)));
      assert.match(await settled(reactor, askChargen(reactor, at(3), 5)), /^ !"#\$|^!"#\$%$/);
      assert.equal(await settled(reactor, askQuote(reactor, at(4))), "Less is more");
      const left = [reactor.datagramPorts.length, reactor.connections.filter(({ connected }) => connected).length];
      assert.deepEqual(left, [5, 0]);
    });

    test(`give up a silent service over ${scheme}, and keep nothing of it`, async (t) => {
      const reactor = t.watch(new MemoryReactor({ network: true }));
      await serve(t, reactor, 100, [discardServer()]);
      const asked = askTime(reactor, `${scheme}:127.0.0.1:100`, { timeoutMs: 500 });
      const failures: string[] = [];
      asked.addErrback((error: Error) => failures.push(error.name));
      reactor.advance(499);
      assert.deepEqual(failures, []);
      reactor.advance(1);
      assert.deepEqual(failures, ["TimeoutError"]);
      reactor.settle();
      assert.deepEqual([reactor.datagramPorts.length, reactor.connections.length], [1, 0]);
    });
  }

  test("an echo that differs, or a time that is none, is the peer's fault", async (t) => {
    const reactor = t.watch(new MemoryReactor({ network: true }));
    await serve(t, reactor, 100, [quoteServer(reactor, () => "abc")]);
    const echo = settled(reactor, askEcho(reactor, "tcp:127.0.0.1:100", Uint8Array.of(1, 2, 3)));
    await assert.rejects(echo, RemoteWireError);
    await assert.rejects(settled(reactor, askTime(reactor, "tcp:127.0.0.1:100")), RemoteWireError);
  });

  test("over UDP, only the host and port that were asked can answer", async (t) => {
    const reactor = t.watch(new MemoryReactor({ network: true }));
    const asked = askQuote(reactor, "udp:192.0.2.7:17");
    reactor.settle();
    const [port] = reactor.datagramPorts;
    port?.receive("forged", { host: "192.0.2.8", port: 17 });
    port?.receive("forged", { host: "192.0.2.7", port: 18 });
    port?.receive("true", { host: "192.0.2.7", port: 17 });
    assert.equal(await settled(reactor, asked), "true");
  });
});

function attached(protocol: EchoStream): MemoryTransport {
  const transport = new MemoryTransport();
  transport.attach(protocol);
  return transport;
}

/** On ports of both kinds, one number after the other. */
async function serve(
  t: TrialContext,
  reactor: MemoryReactor,
  first: number,
  servers: readonly WireServer[],
): Promise<void> {
  for (const [index, server] of servers.entries()) {
    const port = await listen(reactor, `tcp:${first + index}`, server);
    const datagrams = await reactor.listenUdp({ port: first + index }, server.datagrams());
    t.addCleanup(() => [port, datagrams].map((one) => one.stopListening()));
  }
}

async function settled<T>(reactor: MemoryReactor, asked: Deferred<T>): Promise<T> {
  // A client's ephemeral port may not be one of a service.
  reactor.settle();
  return await asked;
}
