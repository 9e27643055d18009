import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConnectError, ListenError } from "../core/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import { MemoryReactor } from "./index.ts";
import { codeOf, Recorder } from "./recorder.ts";

describe("MemoryReactor's time", () => {
  test("moves with advance, and the wall clock with it", () => {
    const reactor = new MemoryReactor({ wallStartMs: 5_000 });
    assert.deepEqual([reactor.now(), reactor.wallTimeMs()], [0, 5_000]);
    reactor.advance(250);
    assert.deepEqual([reactor.now(), reactor.wallTimeMs()], [250, 5_250]);
  });

  test("runs the turns that follow from a call before the next one", () => {
    const reactor = new MemoryReactor({ network: true });
    const server = new Recorder();
    const client = new Recorder();
    const order: string[] = [];
    reactor.listenTcp({ port: 80 }, () => server);
    reactor.connectTcp({ host: "127.0.0.1", port: 80 }, () => client);
    reactor.settle();
    server.onData = () => order.push(`data at ${reactor.now()}`);
    reactor.callLater(10, () => client.transport.write("x"));
    reactor.callLater(20, () => order.push(`call at ${reactor.now()}`));
    reactor.advance(30);
    assert.deepEqual(order, ["data at 10", "call at 20"]);
  });

  test("stamps log events while the reactor runs", async () => {
    const reactor = new MemoryReactor({ wallStartMs: 7 });
    using logs = captureLogs();
    reactor.addTrigger("during", "startup", () => {
      throw new Error("late");
    });
    const ended = reactor.run();
    reactor.stop();
    await ended;
    assert.deepEqual(
      logs.events.map(({ timeMs }) => timeMs),
      [7],
    );
  });

  test("draws the same numbers from the same seed", () => {
    const draw = (seed: number) => {
      const reactor = new MemoryReactor({ seed });
      return [reactor.random(), [...reactor.randomBytes(8)]];
    };
    assert.deepEqual(draw(4), draw(4));
    assert.notDeepEqual(draw(4), draw(5));
  });
});

describe("MemoryReactor.connects", () => {
  test("waits for the test, which accepts and is the peer", async () => {
    const reactor = new MemoryReactor();
    const client = new Recorder();
    const connected = reactor.connectTcp({ host: "example.org", port: 25 }, () => client);
    const connect = reactor.connects[0];
    assert.deepEqual([connect?.target, connect?.state], ["example.org:25", "waiting"]);
    const connection = connect?.accept();
    assert.equal(await connected, client);
    assert.equal(connect?.state, "connected");
    connection?.remote.write("220 hello");
    assert.deepEqual(client.events, ["made", "data 220 hello"]);
    assert.deepEqual(reactor.connections, [connection]);
    assert.equal(client.transport.peer.kind === "tcp" && client.transport.peer.host, "example.org");
    connection?.remote.end();
    assert.deepEqual(reactor.connections, []);
    assert.throws(() => connect?.refuse(), /it is connected already/);
  });

  test("can refuse, or let the time run out, at once or by the clock", async () => {
    const reactor = new MemoryReactor();
    const dial = () => reactor.connectTcp({ host: "example.org", port: 25, timeoutMs: 500 }, () => new Recorder());
    const [refused, timedOut, unanswered] = [dial(), dial(), dial()];
    reactor.connects[0]?.refuse();
    await assert.rejects(async () => await refused, { name: "ConnectError", code: "ECONNREFUSED" });
    reactor.connects[1]?.timeOut();
    await assert.rejects(async () => await timedOut, { name: "TimeoutError", timeoutMs: 500 });
    reactor.advance(500);
    await assert.rejects(async () => await unanswered, { name: "TimeoutError" });
    assert.deepEqual(
      reactor.connects.map(({ state }) => state),
      ["failed", "failed", "cancelled"],
    );
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  test("shows a connect that was cancelled, and cannot answer it", async () => {
    const reactor = new MemoryReactor();
    const connecting = reactor.connectUnix({ path: "/run/x.sock" }, () => new Recorder());
    connecting.cancel();
    await assert.rejects(async () => await connecting, { name: "AbortError" });
    assert.deepEqual([reactor.connects[0]?.target, reactor.connects[0]?.state], ["unix:/run/x.sock", "cancelled"]);
    assert.throws(() => reactor.connects[0]?.accept(), /it is cancelled already/);
  });

  test("pretends the TLS that was asked for", async () => {
    const reactor = new MemoryReactor();
    const client = new Recorder();
    const tls = { alpn: ["h2", "http/1.1"] };
    const connected = reactor.connectTcp({ host: "example.org", port: 443, tls }, () => client);
    reactor.connects[0]?.accept();
    await connected;
    const { alpnProtocol, servername, authorized } = client.transport.tls ?? {};
    assert.deepEqual([alpnProtocol, servername, authorized], ["h2", "example.org", true]);
  });
});

describe("MemoryReactor.dial", () => {
  test("is a peer of an open port", () => {
    const reactor = new MemoryReactor();
    const server = new Recorder();
    reactor.listenTcp({ port: 8_000, highWaterBytes: 3, noDelay: false }, () => server);
    const connection = reactor.dial(8_000, { peer: { kind: "tcp", host: "192.0.2.9", port: 1, family: 4 } });
    connection.remote.write("hello");
    assert.deepEqual(server.events, ["made", "data hello"]);
    assert.equal(server.transport.peer, connection.peer);
    assert.equal(connection.noDelay, false);
    server.transport.write("1234");
    assert.deepEqual(server.events, ["made", "data hello", "paused"], "the port's options count");
    assert.equal(connection.text(), "1234");
  });

  test("finds UNIX ports by path, and says when nobody listens", () => {
    const reactor = new MemoryReactor();
    const server = new Recorder();
    reactor.listenUnix({ path: "/run/x.sock" }, () => server);
    reactor.dial("/run/x.sock");
    assert.deepEqual(server.events, ["made"]);
    assert.throws(() => reactor.dial(1), /Cannot dial 1: no port of this reactor listens there/);
  });

  test("asks a TLS port as it is told to", () => {
    const reactor = new MemoryReactor();
    const server = new Recorder();
    reactor.listenTcp({ port: 443, tls: { alpn: ["h2"] } }, () => server);
    reactor.dial(443, { asks: { alpn: ["h2"], servername: "example.org" } });
    assert.deepEqual([server.transport.tls?.alpnProtocol, server.transport.tls?.servername], ["h2", "example.org"]);
    assert.throws(() => reactor.dial(443, { asks: { alpn: ["imap"] } }), { name: "TlsError" });
  });

  test("sees the end of a connection that the factory refuses", () => {
    const reactor = new MemoryReactor();
    reactor.listenTcp({ port: 1 }, () => undefined);
    assert.ok(reactor.dial(1).remote.sawEnd);
  });
});

describe("MemoryReactor with a network", () => {
  test("speaks TLS if both ends do, and fails clearly if one does not", async () => {
    const reactor = new MemoryReactor({ network: true });
    const [server, plain] = [new Recorder(), new Recorder()];
    reactor.listenTcp({ port: 443, tls: { alpn: ["imap"] } }, () => server);
    reactor.listenTcp({ port: 80 }, () => plain);
    const dial = (port: number, tls: object) => {
      const client = new Recorder();
      const connecting = reactor.connectTcp({ host: "localhost", port, ...tls }, () => client);
      reactor.settle();
      return { client, connecting };
    };
    const good = dial(443, { tls: { alpn: ["imap"] } });
    assert.equal(await good.connecting, good.client);
    assert.equal(good.client.transport.tls?.servername, "localhost");
    assert.equal(server.transport.tls?.alpnProtocol, "imap");
    await assert.rejects(async () => await dial(443, { tls: { alpn: ["pop3"] } }).connecting, ConnectError);
    await assert.rejects(async () => await dial(80, { tls: {} }).connecting, /speaks no TLS/);
    const { client, connecting } = dial(443, {});
    await connecting;
    reactor.settle();
    assert.equal(codeOf(client.reason), "ECONNRESET");
  });

  test("never answers for silent hosts", async () => {
    const reactor = new MemoryReactor({ network: true, silentHosts: ["192.0.2.1"] });
    const connecting = reactor.connectTcp({ host: "192.0.2.1", port: 1, timeoutMs: 90 }, () => new Recorder());
    reactor.advance(89);
    assert.equal(connecting.inspect().state, "waiting");
    reactor.advance(1);
    await assert.rejects(async () => await connecting, { name: "TimeoutError" });
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  test("goes on to the next address after a while, and takes the one that answers", async () => {
    const hosts = { "two.test": ["192.0.2.1", "192.0.2.2"] };
    const reactor = new MemoryReactor({ network: true, silentHosts: ["192.0.2.1"], hosts });
    reactor.listenTcp({ port: 80, host: "192.0.2.2" }, () => new Recorder());
    const client = new Recorder();
    const connecting = reactor.connectTcp(
      { host: "two.test", port: 80, attemptDelayMs: 100, bindAddress: "192.0.2.77" },
      () => client,
    );
    reactor.advance(99);
    assert.deepEqual(client.events, []);
    reactor.advance(1);
    assert.equal(await connecting, client);
    assert.equal(client.transport.local.kind === "tcp" && client.transport.local.host, "192.0.2.77");
  });

  test("does not know other names", async () => {
    const reactor = new MemoryReactor({ network: true });
    const connecting = reactor.connectTcp({ host: "nowhere.test", port: 80 }, () => new Recorder());
    await assert.rejects(async () => await connecting, { name: "LookupError", code: "ENOTFOUND" });
  });

  test("refuses a UNIX path that nobody listens on with ENOENT", async () => {
    const reactor = new MemoryReactor({ network: true });
    const connecting = reactor.connectUnix({ path: "/run/none" }, () => new Recorder());
    reactor.settle();
    await assert.rejects(async () => await connecting, { code: "ENOENT", message: /unix:\/run\/none/ });
  });
});

describe("MemoryReactor's descriptors and standard input", () => {
  test("adopts a port where another program opened it", async () => {
    const address = { kind: "tcp", host: "::", port: 80, family: 6 } as const;
    const reactor = new MemoryReactor({ descriptors: { 3: address } });
    const server = new Recorder();
    assert.deepEqual((await reactor.adoptPort(3, {}, () => server)).address, address);
    reactor.dial(80);
    assert.deepEqual(server.events, ["made"]);
    await assert.rejects(async () => await reactor.adoptPort(4, {}, () => server), ListenError);
  });

  test("adopts a connection", async () => {
    const reactor = new MemoryReactor({ descriptors: { 5: { kind: "unix", path: "/run/x" } } });
    const protocol = new Recorder();
    assert.equal(await reactor.adoptConnection(5, {}, () => protocol), protocol);
    assert.deepEqual(protocol.transport.local, { kind: "unix", path: "/run/x" });
    assert.equal(reactor.connections.length, 1);
    await assert.rejects(async () => await reactor.adoptConnection(6, {}, () => protocol), { code: "EBADF" });
  });

  test("opens standard input once", async () => {
    const reactor = new MemoryReactor();
    const protocol = new Recorder();
    await reactor.openStdio(() => protocol);
    reactor.stdio?.remote.write("typed");
    assert.deepEqual(protocol.events, ["made", "data typed"]);
    assert.equal(protocol.transport.peer.kind, "stdio");
    await assert.rejects(async () => await reactor.openStdio(() => protocol), { name: "ReactorStateError" });
  });
});

describe("MemoryReactor's signals and workers", () => {
  test("a signal reaches those who listen, until they are disposed", () => {
    const reactor = new MemoryReactor();
    const heard: string[] = [];
    const first = reactor.onSignal("SIGHUP", () => heard.push("first"));
    reactor.onSignal("SIGHUP", () => heard.push("second"));
    reactor.raiseSignal("SIGHUP");
    first[Symbol.dispose]();
    reactor.raiseSignal("SIGHUP");
    reactor.raiseSignal("SIGUSR1");
    assert.deepEqual(heard, ["first", "second", "second"]);
  });

  test("work is done in this thread, on clones", async () => {
    const argument = { list: [3, 1, 2] };
    const module = {
      default: (given: typeof argument) => given.list.sort(),
      fail: () => {
        throw new RangeError("no");
      },
    };
    const reactor = new MemoryReactor({ importModule: async () => module });
    assert.deepEqual(await reactor.runInWorker("sort.js", argument), [1, 2, 3]);
    assert.deepEqual(argument.list, [3, 1, 2]);
    await assert.rejects(async () => await reactor.runInWorker("sort.js", 0, { name: "fail" }), RangeError);
    await assert.rejects(
      async () => await reactor.runInWorker("sort.js", 0, { name: "none" }),
      /exports no function "none"/,
    );
    await assert.rejects(async () => await new MemoryReactor().runInWorker("sort.js", 0), {
      name: "UnsupportedError",
      message: /importModule/,
    });
  });
});
