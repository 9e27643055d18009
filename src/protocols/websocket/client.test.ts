import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MemoryTransport } from "../../testing/index.ts";
import { MemoryReactor } from "../../testing/index.ts";
import { connectWebSocket, type WebSocketClientOptions } from "./client.ts";
import { serverFrame } from "./ear.fixture.test.ts";
import { acceptKey } from "./handshake/key.ts";
import { met, settled, Talker } from "./talker.fixture.test.ts";

describe("connectWebSocket", () => {
  test("asks, and fires with the protocol when the server has agreed", async () => {
    const { transport, talker, outcome, key } = dialling("ws://example.org:8080/chat?a=b", {
      subprotocols: ["x"],
      headers: { Origin: "http://a" },
    });
    assert.deepEqual(transport.text().split("\r\n"), [
      "GET /chat?a=b HTTP/1.1",
      "Host: example.org:8080",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${key}`,
      "Sec-WebSocket-Protocol: x",
      "Origin: http://a",
      "",
      "",
    ]);
    assert.deepEqual(outcome, []);
    transport.remote.write(answer(key, "Sec-WebSocket-Protocol: x"));
    assert.deepEqual(outcome, [talker]);
    assert.deepEqual([talker.events, talker.subprotocol], [["made"], "x"]);
  });

  test("fires before it delivers what came with the answer", () => {
    const { transport, talker, outcome, key } = dialling();
    talker.onMessage = () => talker.events.push(outcome.length === 1 ? "fired" : "not fired");
    transport.remote.write(new Uint8Array(Buffer.concat([Buffer.from(answer(key)), serverFrame(1, "early")])));
    assert.deepEqual(talker.events, ["made", "early", "fired"]);
  });

  test("asks by TLS for wss", () => {
    const reactor = new MemoryReactor();
    connectWebSocket(reactor, "wss://example.org/", () => new Talker(), { tls: { servername: "other" } }).addErrback(
      () => undefined,
    );
    const { options } = reactor.connects[0] as unknown as {
      readonly options: { readonly port: number; readonly tls: unknown };
    };
    assert.deepEqual([options.port, options.tls], [443, { alpn: ["http/1.1"], servername: "other" }]);
  });

  for (const [name, said, status] of [
    ["another answer", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404],
    ["a redirect", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302],
    ["what is no HTTP", "SSH-2.0-x\r\n\r\n", 0],
    ["the wrong key", answer("dGhlIHNhbXBsZSBub25jZQ=="), 101],
    ["no Upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n", undefined],
  ] as const) {
    test(`fails with ${name}, and leaves nothing open`, () => {
      const { reactor, transport, outcome, talker } = dialling();
      transport.remote.write(said);
      reactor.settle();
      const [error] = outcome as { readonly name: string; readonly status: number }[];
      assert.equal(error?.name, "WebSocketHandshakeError");
      if (status !== undefined) assert.equal(error?.status, status);
      assert.deepEqual([talker.events, reactor.connections, reactor.getDelayedCalls()], [[], [], []]);
    });
  }

  test("fails if the connection ends before the answer", () => {
    const { reactor, transport, outcome } = dialling();
    transport.remote.end();
    reactor.settle();
    assert.match(String(outcome[0]), /the connection ended before its answer/);
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  test("gives up after timeoutMs, and leaves nothing open", () => {
    const { reactor, outcome } = dialling("ws://example.org/", { timeoutMs: 1_000 });
    reactor.advance(1_000);
    reactor.settle();
    assert.equal((outcome[0] as Error).name, "TimeoutError");
    assert.deepEqual([reactor.connections, reactor.getDelayedCalls()], [[], []]);
  });

  test("that is cancelled leaves nothing open, before and after the connection is there", () => {
    for (const accepts of [false, true]) {
      const reactor = new MemoryReactor();
      const connecting = connectWebSocket(reactor, "ws://example.org/", () => new Talker());
      connecting.addErrback(() => undefined);
      if (accepts) reactor.connects[0]?.accept();
      connecting.cancel();
      reactor.settle();
      assert.deepEqual([reactor.connections, reactor.getDelayedCalls()], [[], []]);
    }
  });

  test("fails with what connectionMade threw", async () => {
    const { reactor, transport, talker, outcome, key } = dialling();
    talker.onMade = () => {
      throw new Error("not today");
    };
    transport.remote.write(answer(key));
    reactor.settle();
    assert.equal((outcome[0] as Error).message, "not today");
    assert.equal(transport.connected, false);
  });

  for (const url of ["http//x", "ws://a/#b"]) {
    test(`fails for ${url}`, async () => {
      await assert.rejects(async () => await connectWebSocket(new MemoryReactor(), url, () => new Talker()), {
        name: "LocalWebSocketError",
      });
    });
  }

  test("waits for the server to close the connection, but not for ever", async () => {
    const { reactor, transport, talker, key } = dialling("ws://example.org/", { timeouts: { closeTimeoutMs: 700 } });
    transport.remote.write(answer(key));
    transport.remote.write(serverFrame(8, [3, 0xe8]));
    assert.deepEqual([talker.events, transport.connected], [["made", "close 1000"], true]);
    reactor.advance(700);
    reactor.settle();
    assert.deepEqual(talker.events, ["made", "close 1000", "lost ConnectionDone"]);
  });

  test("agrees on compression with our server", async () => {
    const { reactor, client, server } = await met(
      { deflate: true },
      { deflate: { receiveWindowBits: 9, sendTakeover: true } },
    );
    const text = "compress me ".repeat(1_000);
    let sent = 0;
    const { transport } = server;
    const write = transport.write.bind(transport);
    transport.write = (data) => {
      sent += data.length;
      write(data);
    };
    server.sendMessage(text);
    client.sendMessage(text);
    reactor.settle();
    assert.ok(sent < 1_000, `${sent} bytes for ${text.length}`);
    assert.deepEqual([client.messages, server.messages], [[text], [text]]);
  });

  test("compresses as its options say, from minBytes on", async () => {
    for (const [minBytes, isSmaller] of [
      [100, true],
      [1_000, false],
    ] as const) {
      const { reactor, client } = await met({ deflate: true }, { deflate: { minBytes } });
      const before = client.bufferedBytes;
      client.sendMessage("x".repeat(500));
      assert.equal(client.bufferedBytes - before < 100, isSmaller);
      reactor.settle();
    }
  });

  test("is settled by a server of ours", async () => {
    const { reactor } = await met();
    const refused = connectWebSocket(reactor, "ws://localhost:80/", () => new Talker(), {
      headers: { Origin: "http://other" },
    });
    await assert.rejects(async () => await settled(reactor, refused), { name: "WebSocketHandshakeError", status: 403 });
  });
});

interface Dialling {
  readonly reactor: MemoryReactor;
  readonly transport: MemoryTransport;
  readonly talker: Talker;
  /** What the Deferred gave, once it did. */
  readonly outcome: unknown[];
  readonly key: string;
}

function dialling(url: string = "ws://example.org/", options?: WebSocketClientOptions): Dialling {
  const reactor = new MemoryReactor();
  const talker = new Talker();
  const outcome: unknown[] = [];
  const note = (value: unknown): void => void outcome.push(value);
  connectWebSocket(reactor, url, () => talker, options).addCallbacks(note, note);
  const transport = reactor.connects[0]?.accept() as MemoryTransport;
  const key = /Sec-WebSocket-Key: (.*)\r\n/.exec(transport.text())?.[1] ?? "";
  return { reactor, transport, talker, outcome, key };
}

function answer(key: string, ...more: readonly string[]): string {
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  return `${[...head, `Sec-WebSocket-Accept: ${acceptKey(key)}`, ...more].join("\r\n")}\r\n\r\n`;
}
