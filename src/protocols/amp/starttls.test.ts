import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { captureLogs } from "../../core/log/observers.ts";
import type { StartTlsOptions } from "../../core/transport.ts";
import { connectedPair } from "../../testing/connected-pair.ts";
import { MemoryTransport } from "../../testing/memory-transport.ts";
import { bytes, errorOf, latin1, Sum } from "./commands.fixture.test.ts";
import * as amp from "./index.ts";

const CLIENT: StartTlsOptions = { side: "client", tls: { servername: "localhost" } };
const SERVER: StartTlsOptions = { side: "server", tls: { identity: { cert: "", key: "" } } };
const ASK = "\0\u0004_ask\0\u00011\0\u0008_command\0\u0008StartTLS\0\0";
const YES = "\0\u0007_answer\0\u00011\0\0";

/** Says under what it was called. */
const sums = new amp.Responders().respond(Sum, ({ a, b }, other) => ({
  total: a + b + (other.transport.tls === undefined ? 0 : 1_000),
}));

describe("STARTTLS", () => {
  test("turns both ends, and what was called in the meantime comes under TLS, answers included", async () => {
    const pair = connectedPair(new amp.AmpProtocol(sums), new amp.AmpProtocol(sums, { tls: SERVER }));
    const { a: client, b: server, flush } = pair;
    const before = errorOf(client.callRemote(Sum, { a: 1, b: 1 }));
    const back = errorOf(server.callRemote(Sum, { a: 2, b: 2 }));
    const secured = client.startTls(CLIENT);
    const after = errorOf(client.callRemote(Sum, { a: 3, b: 3 }));
    flush();
    assert.equal((await secured).servername, "localhost");
    flush();
    assert.deepEqual(
      [before, back, after],
      [{ value: { total: 2 } }, { value: { total: 4 } }, { value: { total: 1_006 } }],
    );
    assert.ok(pair.transportB.tls !== undefined);
  });

  test("is asked for in the bytes of Twisted, and nothing is sent until the answer", () => {
    const client = new amp.AmpProtocol(sums);
    const transport = attached(client);
    errorOf(client.startTls(CLIENT));
    errorOf(client.callRemote(Sum, { a: 1, b: 1 }));
    transport.remote.write(
      bytes("\0\u0004_ask\0\u00015\0\u0008_command\0\u0003Sum\0\u0001a\0\u00011\0\u0001b\0\u00011\0\0"),
    );
    assert.equal(latin1(transport.bytes()), ASK);
  });

  test("drops what came in clear behind the question, and behind the answer", () => {
    const server = new amp.AmpProtocol(
      new amp.Responders().respond(Sum, () => assert.fail("injected")),
      { tls: SERVER },
    );
    const ofServer = attached(server);
    ofServer.remote.write(bytes(`${ASK}\0\u0008_command\0\u0003Sum\0\u0001a\0\u00011\0\u0001b\0\u00011\0\0`));
    assert.equal(latin1(ofServer.bytes()), YES);

    const client = new amp.AmpProtocol();
    const ofClient = attached(client);
    errorOf(client.startTls(CLIENT));
    const call = errorOf(client.callRemote(Sum, { a: 1, b: 1 }));
    ofClient.remote.write(bytes(`${YES}\0\u0007_answer\0\u00012\0\u0005total\0\u00017\0\0`));
    assert.deepEqual(call, {});
  });

  test("that the peer declines closes the connection, and nothing that waited is sent", () => {
    const { a: client, transportA, flush } = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol(sums));
    const secured = errorOf(client.startTls(CLIENT));
    const waited = errorOf(client.callRemote(Sum, { a: 1, b: 1 }));
    flush();
    assert.ok(secured.error instanceof amp.UnhandledCommandError);
    assert.equal(waited.error, secured.error);
    assert.equal(transportA.connected, false);
  });

  test("lets no more wait for it than may be unsent, and nothing counts that has left", async () => {
    // The question for TLS has 31 bytes, and each of the calls 38.
    const limits = { maxUnsentBytes: 72 };
    const one = connectedPair(new amp.AmpProtocol(undefined, { limits }), new amp.AmpProtocol(sums, { tls: SERVER }));
    const secured = one.a.startTls(CLIENT);
    const call = (client: amp.AmpProtocol): ReturnType<typeof errorOf> =>
      errorOf(client.callRemote(Sum, { a: 1, b: 1 }));
    const waited = call(one.a);
    one.flush();
    await secured;
    one.flush();
    const later = call(one.a);
    one.flush();
    assert.deepEqual([waited, later], [{ value: { total: 1_002 } }, { value: { total: 1_002 } }]);

    using logs = captureLogs();
    const other = connectedPair(new amp.AmpProtocol(undefined, { limits }), new amp.AmpProtocol(sums, { tls: SERVER }));
    errorOf(other.a.startTls(CLIENT));
    const many = [call(other.a), call(other.a)];
    assert.equal(other.transportA.connected, false);
    other.flush();
    assert.match(many[0]?.error?.message ?? "", /Peer left more than 72 bytes untaken/);
    assert.equal(logs.events.length, 1);
  });

  test("cannot be asked for twice", async () => {
    const { a: client, flush } = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol(sums, { tls: SERVER }));
    const secured = client.startTls(CLIENT);
    assert.match(errorOf(client.startTls(CLIENT)).error?.message ?? "", /Cannot start TLS twice/);
    flush();
    await secured;
    assert.match(errorOf(client.startTls(CLIENT)).error?.message ?? "", /Cannot start TLS twice/);
  });

  test("that the peer asks for again closes the connection", async () => {
    const pair = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol(sums, { tls: SERVER }));
    const { a: client, transportB, flush } = pair;
    const secured = client.startTls(CLIENT);
    flush();
    await secured;
    const again = errorOf(client.callRemote(amp.command("StartTLS")));
    flush();
    assert.equal(again.error?.name, "ConnectionDone");
    assert.equal(transportB.connected, false);
  });

  test("that the peer asks for without waiting for the answer closes the connection", () => {
    const transport = attached(new amp.AmpProtocol(undefined, { tls: SERVER }));
    transport.remote.write(bytes("\0\u0008_command\0\u0008StartTLS\0\0"));
    transport.settle();
    assert.equal(transport.connected, false);
    assert.equal(transport.text(), "");
  });

  test("whose handshake fails closes the connection on both sides, and is told", () => {
    using logs = captureLogs();
    const { a, flush, transportB } = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol(sums, { tls: SERVER }));
    const seen = errorOf(a.startTls(SERVER));
    const waited = errorOf(a.callRemote(Sum, { a: 1, b: 1 }));
    flush();
    assert.equal(seen.error?.name, "TlsError");
    assert.equal(waited.error?.name, "TlsError");
    assert.equal(transportB.connected, false);
    assert.match(logs.events.map(({ format }) => format).join(), /No TLS with/);
  });
});

function attached(protocol: amp.AmpProtocol): MemoryTransport {
  const transport = new MemoryTransport();
  transport.attach(protocol);
  return transport;
}
