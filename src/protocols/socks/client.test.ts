import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatAddress, type UdpAddress } from "../../core/address.ts";
import { DatagramProtocol } from "../../core/datagram.ts";
import type { Deferred } from "../../core/deferred/deferred.ts";
import type { Port } from "../../core/reactor.ts";
import { connect } from "../../endpoints/connect.ts";
import { MemoryReactor } from "../../testing/index.ts";
import { HalfCloseRecorder, Recorder } from "../../testing/recorder.ts";
import { connectThroughSocks, type SocksProxyOptions, socksBind } from "./client.ts";
import { LocalSocksError, RemoteSocksError, SocksRefusedError } from "./errors.ts";
import { type SocksServerOptions, socksServer } from "./server.ts";
import { socksAssociate } from "./udp/client.ts";

const PROXY = "tcp:127.0.0.1:1080";
const TARGET = { host: "example.org", port: 80 };

describe("connectThroughSocks", () => {
  for (const version of [4, 5] as const) {
    test(`speaks with a target by its name, in version ${version}, through our server`, async () => {
      const { reactor, target } = await world();
      const client = await settled(
        reactor,
        connectThroughSocks(reactor, { proxy: PROXY, version, ...TARGET }, recorder),
      );
      client.transport.write("hello");
      reactor.settle();
      assert.equal(target.text, "hello");
      target.transport.write("answer");
      target.transport.loseConnection();
      reactor.settle();
      assert.deepEqual(client.events, ["made", "data answer", "lost ConnectionDone"]);
      assert.deepEqual(reactor.connections, []);
      assert.deepEqual(reactor.getDelayedCalls(), []);
    });
  }

  test("sends its login, and fails if it is not taken", async () => {
    const { reactor } = await world({ authenticate: ({ password }) => password === "secret" });
    const attempt = (password: string): Deferred<Recorder> =>
      settled(
        reactor,
        connectThroughSocks(reactor, { proxy: PROXY, login: { username: "ann", password }, ...TARGET }, recorder),
      );
    assert.equal((await attempt("secret")).transport.connected, true);
    await assert.rejects(async () => await attempt("other"), { name: "SocksRefusedError", reply: undefined });
    const without = connectThroughSocks(reactor, { proxy: PROXY, ...TARGET }, recorder);
    await assert.rejects(async () => await settled(reactor, without), /give it a username and a password/);
  });

  test("fails with the proxy's reply, and leaves nothing open", async () => {
    for (const [options, place, reply] of [
      [{ allow: () => false }, TARGET, 2],
      [{}, { ...TARGET, port: 81 }, 5],
      [{}, { ...TARGET, host: "nowhere.example" }, 4],
    ] as const) {
      const { reactor } = await world(options);
      const failing = connectThroughSocks(reactor, { proxy: PROXY, ...place }, recorder);
      await assert.rejects(
        async () => await settled(reactor, failing),
        (error) => error instanceof SocksRefusedError && error.reply === reply,
      );
      assert.deepEqual(reactor.connections, []);
      assert.deepEqual(reactor.getDelayedCalls(), []);
    }
  });

  test("what the target says first, with the reply, comes after connectionMade, and waits for a protocol that pauses", async () => {
    for (const isPaused of [false, true]) {
      const reactor = new MemoryReactor();
      const client = new Recorder();
      client.onMade = () => isPaused && client.transport.pauseReading();
      connectThroughSocks(reactor, { proxy: PROXY, ...TARGET }, () => client);
      const proxy = reactor.connects[0]?.accept();
      proxy?.remote.write(Uint8Array.of(5, 0));
      proxy?.remote.write(Uint8Array.from([5, 0, 0, 1, 1, 2, 3, 4, 0, 80, ...Buffer.from("welcome")]));
      assert.deepEqual(client.events, isPaused ? ["made"] : ["made", "data welcome"]);
      client.transport.resumeReading();
      assert.deepEqual(client.events, ["made", "data welcome"]);
    }
  });

  test("a proxy that speaks no SOCKS, or hangs up, is a failure", async () => {
    for (const [said, error] of [
      ["HTTP/1.1 400 Bad Request\r\n\r\n", RemoteSocksError],
      ["", undefined],
    ] as const) {
      const reactor = new MemoryReactor();
      const connecting = connectThroughSocks(reactor, { proxy: PROXY, ...TARGET }, recorder);
      const proxy = reactor.connects[0]?.accept();
      if (said === "") proxy?.remote.end();
      else proxy?.remote.write(said);
      await assert.rejects(async () => await settled(reactor, connecting), error ?? { name: "ConnectionLost" });
      assert.deepEqual(reactor.connections, []);
    }
  });

  test("gives up after timeoutMs, whatever stage it is in, and so it does when it is cancelled", async () => {
    for (const stage of ["dialling", "greeting", "request"]) {
      for (const way of ["time", "cancel"]) {
        const reactor = new MemoryReactor();
        const connecting = connectThroughSocks(reactor, { proxy: PROXY, timeoutMs: 500, ...TARGET }, recorder);
        const proxy = stage === "dialling" ? undefined : reactor.connects[0]?.accept();
        if (stage === "request") proxy?.remote.write(Uint8Array.of(5, 0));
        if (way === "time") reactor.advance(500);
        else connecting.cancel();
        await assert.rejects(async () => await settled(reactor, connecting), {
          name: way === "time" ? "TimeoutError" : "AbortError",
        });
        assert.deepEqual(reactor.connections, []);
        assert.deepEqual(reactor.getDelayedCalls(), []);
      }
    }
  });

  test("what cannot be said is refused before the proxy hears anything of it", async () => {
    const reactor = new MemoryReactor();
    const connecting = connectThroughSocks(reactor, { proxy: PROXY, version: 4, host: "::1", port: 80 }, recorder);
    reactor.connects[0]?.accept();
    await assert.rejects(async () => await settled(reactor, connecting), LocalSocksError);
    assert.deepEqual(reactor.connections, []);
  });

  test("a protocol that throws when it begins fails the connection with that", async () => {
    const { reactor } = await world();
    const thrower = new Recorder();
    thrower.onMade = () => {
      throw new Error("not today");
    };
    const connecting = connectThroughSocks(reactor, { proxy: PROXY, ...TARGET }, () => thrower);
    await assert.rejects(async () => await settled(reactor, connecting), /not today/);
    reactor.settle();
    assert.deepEqual(reactor.connections, []);
    assert.deepEqual(thrower.events, ["made", "lost Error"]);
  });

  test("half-close is on if the protocol declares it", async () => {
    const { reactor, target } = await world();
    const client = await settled(
      reactor,
      connectThroughSocks(reactor, { proxy: PROXY, ...TARGET }, () => new HalfCloseRecorder()),
    );
    target.transport.write("all");
    target.transport.loseWriteConnection();
    reactor.settle();
    assert.deepEqual(client.events, ["made", "data all", "read ended"]);
    client.transport.write("and the answer");
    client.transport.loseWriteConnection();
    reactor.settle();
    assert.equal(target.text, "and the answer");
    assert.deepEqual(reactor.connections, []);
  });
});

describe("socksBind", () => {
  test("tells where the proxy listens, and fires when the expected host has called", async () => {
    for (const version of [4, 5] as const) {
      const { reactor } = await world();
      const proxy: SocksProxyOptions = { proxy: PROXY, version };
      const { address, called } = await settled(
        reactor,
        socksBind(reactor, { ...proxy, host: "127.0.0.1", port: 0 }, recorder),
      );
      const caller = await settled(reactor, connect(reactor, `tcp:${address.host}:${address.port}`, recorder));
      const client = await settled(reactor, called);
      caller.transport.write("here I am");
      client.transport.write("welcome");
      reactor.settle();
      assert.deepEqual([caller.text, client.text], ["welcome", "here I am"]);
      assert.equal(reactor.listeners.length, 2);
    }
  });

  test("another host is not let in", async () => {
    const { reactor } = await world();
    const binding = socksBind(reactor, { proxy: PROXY, host: "192.0.2.99", port: 0 }, recorder);
    const { address, called } = await settled(reactor, binding);
    const stranger = await settled(reactor, connect(reactor, `tcp:${address.host}:${address.port}`, recorder));
    reactor.settle();
    assert.deepEqual(stranger.events, ["made", "lost ConnectionDone"]);
    assert.equal(called.called, false);
  });

  test("the port is closed when nobody calls in time, or the client goes", async () => {
    for (const way of ["time", "cancel"]) {
      const { reactor } = await world({ bindTimeoutMs: 1_000 });
      const { called } = await settled(
        reactor,
        socksBind(reactor, { proxy: PROXY, host: "0.0.0.0", port: 0 }, recorder),
      );
      assert.equal(reactor.listeners.length, 3);
      if (way === "time") reactor.advance(1_000);
      else called.cancel();
      await assert.rejects(async () => await settled(reactor, called), {
        name: way === "time" ? "SocksRefusedError" : "AbortError",
      });
      reactor.settle();
      assert.equal(reactor.listeners.length, 2);
      assert.deepEqual(reactor.getDelayedCalls(), []);
    }
  });

  test("fails at once with what the proxy replies", async () => {
    const { reactor } = await world({ commands: ["connect"] });
    const binding = socksBind(reactor, { proxy: PROXY, host: "0.0.0.0", port: 0 }, recorder);
    await assert.rejects(async () => await settled(reactor, binding), { name: "SocksRefusedError", reply: 7 });
    reactor.settle();
    assert.deepEqual(reactor.connections, []);
  });
});

describe("socksAssociate", () => {
  test("sends datagrams to names and addresses, and gets the answers with who sent them", async () => {
    const { reactor, echo } = await world();
    const asker = new Listener();
    await settled(reactor, socksAssociate(reactor, { proxy: PROXY }, asker));
    asker.transport.write("by name", { host: "example.org", port: 7 });
    asker.transport.write(Uint8Array.of(0x62), { host: "127.0.0.1", port: 7 });
    reactor.settle();
    assert.deepEqual(
      echo.heard.map((line) => line.replace(/^\S+/, "")),
      [" by name", " b"],
    );
    assert.deepEqual(asker.heard, ["127.0.0.1:7 by name", "127.0.0.1:7 b"]);
  });

  test("ends with its port, which ends the connection with the proxy, and the other way round", async () => {
    for (const way of ["port", "proxy"]) {
      const { reactor } = await world();
      const asker = new Listener();
      const transport = await settled(reactor, socksAssociate(reactor, { proxy: PROXY }, asker));
      asker.transport.write("x", { host: "127.0.0.1", port: 7 });
      reactor.settle();
      if (way === "port") transport.stopListening();
      else for (const connection of reactor.connections) connection.abortConnection();
      reactor.settle();
      assert.equal(asker.isStopped, true);
      assert.deepEqual(reactor.connections, []);
      assert.equal(reactor.datagramPorts.length, 1, "the echo's");
      assert.deepEqual(reactor.getDelayedCalls(), []);
    }
  });

  test("rules are asked for each target, once", async () => {
    const asked: string[] = [];
    const allow = ({ host, port }: { host: string; port: number }): boolean =>
      asked.push(`${host} ${port}`) > 0 && port === 7;
    const { reactor, echo } = await world({ allow });
    const asker = new Listener();
    await settled(reactor, socksAssociate(reactor, { proxy: PROXY }, asker));
    for (const port of [7, 8, 7, 8]) asker.transport.write("x", { host: "127.0.0.1", port });
    reactor.settle();
    assert.deepEqual(asked, ["127.0.0.1 7", "127.0.0.1 8"]);
    assert.equal(echo.heard.length, 2);
  });

  test("nothing is let in from whom the client has not sent to, nor out for another client", async () => {
    const { reactor } = await world();
    const asker = new Listener();
    await settled(reactor, socksAssociate(reactor, { proxy: PROXY }, asker));
    asker.transport.write("x", { host: "127.0.0.1", port: 7 });
    reactor.settle();
    const [, near, , far] = reactor.datagramPorts;
    far?.receive("stray", { host: "192.0.2.66", port: 7 });
    near?.receive(Uint8Array.of(0, 0, 0, 1, 127, 0, 0, 1, 0, 7, 0x78), { host: "192.0.2.66", port: 9 });
    near?.receive(Uint8Array.of(0, 0, 0, 1, 127, 0, 0, 1, 0, 7, 0x78), { host: "127.0.0.1", port: 9 });
    near?.receive("no datagram of SOCKS", { host: "127.0.0.1", port: asker.transport.local.port });
    reactor.settle();
    assert.deepEqual(asker.heard, ["127.0.0.1:7 x"]);
  });

  test("an association on which nothing goes either way ends after idleTimeoutMs", async () => {
    const { reactor } = await world({ idleTimeoutMs: 1_000 });
    const asker = new Listener();
    await settled(reactor, socksAssociate(reactor, { proxy: PROXY }, asker));
    reactor.advance(900);
    asker.transport.write("x", { host: "127.0.0.1", port: 7 });
    reactor.advance(999);
    assert.equal(asker.isStopped, false);
    reactor.advance(2);
    assert.equal(asker.isStopped, true);
  });

  test("what a proxy sends that is no datagram of SOCKS, or comes from elsewhere, is dropped", async () => {
    const { reactor } = await world();
    const asker = new Listener();
    await settled(reactor, socksAssociate(reactor, { proxy: PROXY }, asker));
    const [, near, own] = reactor.datagramPorts;
    assert.ok(near && own);
    own.receive("garbage", near.local);
    own.receive(Uint8Array.of(0, 0, 1, 1, 127, 0, 0, 1, 0, 7, 0x78), near.local);
    own.receive(Uint8Array.of(0, 0, 0, 1, 127, 0, 0, 1, 0, 7, 0x78), { host: "192.0.2.66", port: near.local.port });
    assert.deepEqual(asker.heard, []);
  });

  test("version 4 has no UDP, and a datagram needs an address", async () => {
    const { reactor } = await world();
    const old = socksAssociate(reactor, { proxy: PROXY, version: 4 }, new DatagramProtocol());
    await assert.rejects(async () => await settled(reactor, old), LocalSocksError);
    const asker = new Listener();
    await settled(reactor, socksAssociate(reactor, { proxy: PROXY }, asker));
    assert.throws(() => asker.transport.write("x"), LocalSocksError);
  });
});

interface World {
  readonly reactor: MemoryReactor;
  /** What listens on port 80. */
  readonly target: Recorder;
  /** What listens on UDP port 7. */
  readonly echo: Echo;
}

async function world(options: SocksServerOptions = {}): Promise<World> {
  const reactor = new MemoryReactor({ network: true, hosts: { "example.org": ["127.0.0.1"] } });
  const target = new HalfCloseRecorder();
  const echo = new Echo();
  const ports: Deferred<Port>[] = [
    reactor.listenTcp({ port: 1080, host: "127.0.0.1" }, socksServer(reactor, options)),
    reactor.listenTcp({ port: 80, host: "127.0.0.1" }, () => target),
  ];
  for (const port of ports) await port;
  await reactor.listenUdp({ port: 7, host: "127.0.0.1" }, echo);
  return { reactor, target, echo };
}

/** Lets the reactor do what is due at this instant, and what follows from it. */
function settled<T>(reactor: MemoryReactor, result: Deferred<T>): Deferred<T> {
  reactor.settle();
  return result;
}

function recorder(): Recorder {
  return new Recorder();
}

class Listener extends DatagramProtocol {
  readonly heard: string[] = [];
  isStopped = false;

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    this.heard.push(`${formatAddress(from)} ${new TextDecoder().decode(data)}`);
  }

  override stopProtocol(): void {
    this.isStopped = true;
  }
}

class Echo extends Listener {
  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    super.datagramReceived(data, from);
    this.transport.write(data, from);
  }
}
