import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TlsFacts } from "../core/tls.ts";
import { Clock, MemoryTransport } from "./index.ts";
import { codeOf, Recorder } from "./recorder.ts";

describe("MemoryTransport", () => {
  test("shows at once what a protocol wrote that was only given makeConnection", () => {
    const protocol = new Recorder();
    const transport = new MemoryTransport();
    protocol.makeConnection(transport);
    transport.write("hello ");
    transport.writeLatin1("\u00e9");
    assert.deepEqual(transport.bytes(), Uint8Array.of(104, 101, 108, 108, 111, 32, 0xe9));
    transport.clear();
    transport.write("w\u00f6rld");
    assert.equal(transport.text(), "w\u00f6rld");
  });

  test("hands bytes to the protocol as plain Uint8Arrays of its own", () => {
    const { protocol, transport } = attached();
    const sent = Buffer.from("abc");
    transport.remote.write(sent);
    sent[0] = 0;
    const [got] = protocol.received as [Uint8Array];
    assert.equal(got.constructor, Uint8Array);
    assert.deepEqual([...got], [97, 98, 99]);
  });

  test("joins what one turn writes into one piece", () => {
    const { protocol, transport } = attached();
    protocol.onData = () => {
      transport.write("a");
      transport.writeLatin1("b");
      transport.write(Uint8Array.of(99));
    };
    transport.remote.write("1");
    transport.remote.write("2");
    assert.deepEqual(
      transport.pieces().map((piece) => new TextDecoder().decode(piece)),
      ["abc", "abc"],
    );
  });

  test("holds what comes while reading is paused, and the end too", () => {
    const { protocol, transport } = attached();
    transport.pauseReading();
    transport.remote.write("abc");
    transport.remote.end();
    assert.deepEqual(protocol.events, ["made"]);
    assert.equal(transport.unreadBytes, 3);
    transport.resumeReading();
    assert.deepEqual(protocol.events, ["made"], "never from inside resumeReading");
    transport.settle();
    assert.deepEqual(protocol.events, ["made", "data abc", "lost ConnectionDone"]);
  });

  test("runs its turns in a microtask if nobody runs them before", async () => {
    const { protocol, transport } = attached();
    transport.loseConnection();
    assert.deepEqual(protocol.events, ["made"]);
    assert.equal((await transport.whenClosed()).name, "ConnectionDone");
    assert.deepEqual(protocol.events, ["made", "lost ConnectionDone"]);
  });

  test("fills up when the peer stops taking, and drains when it takes", () => {
    const { protocol, transport } = attached({ highWaterBytes: 4 });
    const { remote } = transport;
    remote.stopTaking();
    transport.write("abcd");
    assert.deepEqual(protocol.events, ["made"]);
    transport.write("e");
    assert.deepEqual(protocol.events, ["made", "paused"]);
    assert.equal(transport.bufferedBytes, 5);
    assert.equal(transport.text(), "");
    assert.equal(new TextDecoder().decode(remote.take(3)), "abc");
    assert.equal(remote.untakenBytes, 2);
    assert.deepEqual(protocol.events, ["made", "paused"]);
    remote.startTaking();
    assert.equal(transport.bufferedBytes, 0);
    assert.deepEqual(protocol.events, ["made", "paused", "resumed"]);
    assert.equal(transport.text(), "abcde");
  });

  test("tells the protocol of a reset, and the peer of an abort", () => {
    const one = attached();
    one.transport.remote.reset();
    assert.deepEqual(one.protocol.events, ["made", "lost ConnectionLost"]);
    assert.equal(codeOf(one.protocol.reason), "ECONNRESET");
    const other = attached();
    other.transport.abortConnection();
    other.transport.settle();
    assert.deepEqual(other.protocol.events, ["made", "lost ConnectionAborted"]);
    assert.ok(other.transport.remote.sawReset && !other.transport.remote.sawEnd);
  });

  test("lets the peer say nothing more after its end", () => {
    const { transport } = attached();
    transport.pauseReading();
    transport.remote.end();
    assert.throws(() => transport.remote.write("more"), /after the end/);
  });

  test("shows that the stream was ended", () => {
    const { transport } = attached();
    transport.write("bye");
    assert.ok(!transport.remote.sawEnd);
    transport.loseConnection();
    transport.settle();
    assert.ok(transport.remote.sawEnd && !transport.remote.sawReset);
    assert.equal(transport.text(), "bye");
  });

  test("gives up a peer that takes nothing after the close timeout on its clock", () => {
    const clock = new Clock();
    const { protocol, transport } = attached({ clock, closeTimeoutMs: 50 });
    transport.remote.stopTaking();
    transport.write("last words");
    transport.loseConnection();
    transport.settle();
    clock.advance(49);
    transport.settle();
    assert.deepEqual(protocol.events, ["made"]);
    clock.advance(1);
    transport.settle();
    assert.deepEqual(protocol.events, ["made", "lost ConnectionAborted"]);
  });

  test("can be given addresses and TLS facts, before or later", () => {
    const peer = { kind: "unix", path: "" } as const;
    const transport = new MemoryTransport({ peer, tls: FACTS });
    assert.equal(transport.peer, peer);
    assert.equal(transport.tls, FACTS);
    transport.tls = undefined;
    transport.local = { kind: "stdio" };
    assert.deepEqual([transport.tls, transport.local.kind], [undefined, "stdio"]);
  });

  test("remembers the socket options that were set", () => {
    const transport = new MemoryTransport();
    assert.deepEqual([transport.noDelay, transport.keepAliveMs], [true, 0]);
    transport.setNoDelay(false);
    transport.setKeepAlive(5_000);
    assert.deepEqual([transport.noDelay, transport.keepAliveMs], [false, 5_000]);
  });

  test("takes one protocol only", () => {
    const { transport } = attached();
    assert.throws(() => transport.attach(new Recorder()), /Cannot attach a second protocol/);
  });

  test("keeps what the peer sent until there is a protocol", () => {
    const transport = new MemoryTransport();
    transport.remote.write("early");
    const protocol = new Recorder();
    transport.attach(protocol);
    transport.settle();
    assert.deepEqual(protocol.events, ["made", "data early"]);
  });

  test("says what connectionMade threw", () => {
    const protocol = new Recorder();
    const fault = new Error("not today");
    protocol.onMade = () => {
      throw fault;
    };
    const transport = new MemoryTransport();
    assert.equal(transport.attach(protocol), fault);
    transport.settle();
    assert.equal(protocol.reason, fault);
  });
});

describe("MemoryTransport.startTls", () => {
  test("sends what was written before in clear, and holds what comes after until the test completes it", async () => {
    const { transport } = attached();
    transport.write("220 go ahead");
    const secured = transport.startTls({ side: "client", tls: {} });
    transport.write("secret");
    assert.equal(transport.text(), "220 go ahead");
    assert.equal(transport.tlsRequest?.side, "client");
    assert.equal(transport.bufferedBytes, 6);
    transport.completeTls(FACTS);
    assert.equal(await secured, FACTS);
    assert.equal(transport.tls, FACTS);
    assert.equal(transport.text(), "220 go aheadsecret");
  });

  test("fails and closes the connection when the test says that the handshake failed", async () => {
    const { protocol, transport } = attached();
    const secured = transport.startTls({ side: "server", tls: {} });
    const fault = new Error("bad certificate");
    transport.failTls(fault);
    await assert.rejects(async () => await secured, fault);
    transport.settle();
    assert.equal(protocol.reason, fault);
  });

  test("fails when the connection is lost before the handshake is done", async () => {
    const { transport } = attached();
    const secured = transport.startTls({ side: "server", tls: {} });
    transport.remote.reset();
    await assert.rejects(async () => await secured, { name: "ConnectionLost" });
    assert.throws(() => transport.completeTls(FACTS), /no startTls waits/);
  });

  test("aborts the connection when it is cancelled", async () => {
    const { protocol, transport } = attached();
    const secured = transport.startTls({ side: "server", tls: {} });
    transport.write("never sent");
    secured.cancel();
    await assert.rejects(async () => await secured, { name: "AbortError" });
    transport.settle();
    assert.deepEqual(protocol.events, ["made", "lost ConnectionAborted"]);
    assert.equal(transport.text(), "");
  });

  test("is refused the second time, and on a closed connection", async () => {
    const { transport } = attached();
    const first = transport.startTls({ side: "client", tls: {} });
    await assert.rejects(async () => await transport.startTls({ side: "client", tls: {} }), {
      name: "UnsupportedError",
    });
    transport.completeTls(FACTS);
    await first;
    const { transport: closed } = attached();
    closed.loseConnection();
    await assert.rejects(async () => await closed.startTls({ side: "client", tls: {} }), { name: "ConnectionLost" });
  });
});

function attached(options: ConstructorParameters<typeof MemoryTransport>[0] = {}): {
  protocol: Recorder;
  transport: MemoryTransport;
} {
  const protocol = new Recorder();
  const transport = new MemoryTransport(options);
  transport.attach(protocol);
  return { protocol, transport };
}

const FACTS: TlsFacts = {
  protocol: "TLSv1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  alpnProtocol: undefined,
  servername: "example.org",
  authorized: true,
  resumed: false,
  peerCertificate: undefined,
  session: undefined,
};
