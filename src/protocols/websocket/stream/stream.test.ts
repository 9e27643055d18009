import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect } from "../../../endpoints/connect.ts";
import { MemoryReactor } from "../../../testing/index.ts";
import { HalfCloseRecorder, Recorder } from "../../../testing/recorder.ts";
import { connectWebSocket, webSocketEndpoint } from "../client.ts";
import { overWebSocket, webSocketFactory } from "../server.ts";
import { settled, Talker } from "../talker.fixture.test.ts";

describe("a WebSocket as a transport", () => {
  test("cuts what is written into messages that any peer takes", async () => {
    const { reactor, server } = await listening();
    const talker = await settled(
      reactor,
      connectWebSocket(reactor, "ws://localhost/", () => new Talker()),
    );
    server.transport.write(new Uint8Array(150_000));
    reactor.settle();
    assert.deepEqual(
      talker.messages.map(({ length }) => length),
      [65_536, 65_536, 18_928],
    );
    talker.sendMessage(Uint8Array.of(0x68, 0x69));
    reactor.settle();
    assert.equal(server.text, "hi");
  });

  test("takes no text", async () => {
    const { reactor, server } = await listening();
    const talker = await settled(
      reactor,
      connectWebSocket(reactor, "ws://localhost/", () => new Talker()),
    );
    talker.sendMessage("text");
    reactor.settle();
    assert.equal(talker.events.at(-2), "close 1003 bytes only");
    assert.deepEqual(server.events, ["made", "lost ConnectionDone"]);
  });

  test("has no half-close: the end of one direction is the end of both", async () => {
    const { reactor, server } = await listening();
    const client = await settled(
      reactor,
      connect(reactor, webSocketEndpoint("ws://localhost/"), () => new HalfCloseRecorder()),
    );
    client.transport.write("last");
    client.transport.loseWriteConnection();
    reactor.settle();
    assert.equal(server.text, "last");
    assert.deepEqual([client.reason?.name, server.reason?.name], ["ConnectionDone", "ConnectionDone"]);
  });

  test("cannot turn to TLS", async () => {
    const { reactor, server } = await listening();
    await settled(
      reactor,
      connect(reactor, webSocketEndpoint("ws://localhost/"), () => new Recorder()),
    );
    const options = { side: "client", tls: {} } as const;
    await assert.rejects(async () => await server.transport.startTls(options), { name: "UnsupportedError" });
  });

  test("passes on what the connection below is", async () => {
    const { reactor, server } = await listening();
    const client = await settled(
      reactor,
      connect(reactor, webSocketEndpoint("ws://localhost/"), () => new Recorder()),
    );
    client.transport.setNoDelay(true);
    client.transport.setKeepAlive(1_000);
    assert.equal(client.transport.peer.kind, "tcp");
    assert.deepEqual([client.transport.local, client.transport.tls], [server.transport.peer, undefined]);
  });
});

async function listening(): Promise<{ reactor: MemoryReactor; server: Recorder }> {
  const reactor = new MemoryReactor({ network: true });
  const server = new Recorder();
  await reactor.listenTcp(
    { port: 80 },
    webSocketFactory(
      reactor,
      overWebSocket(reactor, () => server),
    ),
  );
  return { reactor, server };
}
