import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Factory, Protocol } from "../../core/protocol.ts";
import { Clock, MemoryReactor, MemoryTransport } from "../../testing/index.ts";
import { HeaderMap } from "../../wire/header-map.ts";
import { frame, join, serverFrame } from "./ear.fixture.test.ts";
import { acceptWebSocket, type WebSocketFactoryOptions, webSocketFactory } from "./server.ts";
import { Talker } from "./talker.fixture.test.ts";

const HEAD = [
  "GET /chat?room=1 HTTP/1.1",
  "Host: example.org",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

describe("webSocketFactory", () => {
  test("answers as RFC 6455 §4.2.2 says, and knows the request", async () => {
    const { transport, talker } = await dialled();
    transport.remote.write(request());
    assert.deepEqual(transport.text().split("\r\n"), [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
      "",
      "",
    ]);
    assert.deepEqual(talker.events, ["made"]);
    assert.equal((talker.request as { readonly target?: string }).target, "/chat?room=1");
  });

  test("hears frames that came with the request", async () => {
    const { transport, talker } = await dialled();
    transport.remote.write(join(new TextEncoder().encode(request()), frame(1, "early")));
    assert.deepEqual(talker.events, ["made", "early"]);
  });

  test("answers a request that is none by 426, and lets the client try again", async () => {
    const { transport, talker } = await dialled();
    transport.remote.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
    assert.match(transport.text(), /^HTTP\/1.1 426 .*Upgrade: websocket\r\n.*Sec-WebSocket-Version: 13\r\n/s);
    transport.remote.write(request());
    assert.deepEqual(talker.events, ["made"]);
  });

  test("passes over the body of a request that is none, and closes where the client asks for it", async () => {
    const { reactor, transport } = await dialled();
    const head = "POST / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\nContent-Length: 5\r\n\r\n";
    transport.remote.write(`${head}hello`);
    assert.match(transport.text(), /^HTTP\/1.1 426 .*This is a WebSocket: it takes an upgrade\n$/s);
    reactor.settle();
    assert.equal(transport.connected, false);
  });

  test("answers a foreign page by 403", async () => {
    const { transport } = await dialled();
    transport.remote.write(request("Origin: http://evil.example"));
    assert.match(transport.text(), /^HTTP\/1.1 403 .*Pages of that origin may not connect\n$/s);
  });

  test("answers 404 for what it does not accept, and 403 for whom its factory refuses", async () => {
    const { transport } = await dialled({ accepts: ({ target }) => target === "/other" });
    transport.remote.write(request());
    assert.match(transport.text(), /^HTTP\/1.1 404 /);
    const reactor = new MemoryReactor();
    await reactor.listenTcp(
      { port: 80 },
      webSocketFactory(reactor, () => undefined),
    );
    const other = reactor.dial(80);
    other.remote.write(request());
    assert.match(other.text(), /^HTTP\/1.1 403 /);
  });

  test("answers what is no HTTP by 400, and closes", async () => {
    const { reactor, transport } = await dialled();
    transport.remote.write("hello\r\n\r\n");
    reactor.settle();
    assert.match(transport.text(), /^HTTP\/1.1 400 /);
    reactor.advance(2_000);
    assert.equal(transport.connected, false);
  });

  test("does not wait for ever for a request", async () => {
    const { reactor, transport } = await dialled({ http: { timeouts: { headTimeoutMs: 500 } } });
    transport.remote.write("GET / HT");
    reactor.advance(500);
    reactor.advance(2_000);
    assert.equal(transport.connected, false);
  });
});

describe("acceptWebSocket", () => {
  test("gives an answer, and a protocol that takes over the transport", () => {
    const clock = new Clock();
    const talker = new Talker();
    const headers = new HeaderMap(HEAD.slice(1).map((line) => line.split(": ") as [string, string]));
    headers.append("Sec-WebSocket-Protocol", "chat");
    const answer = acceptWebSocket(clock, { method: "GET", headers }, talker, { subprotocols: ["chat"] });
    assert.ok(answer.status === 101);
    assert.equal(new HeaderMap(answer.headers).get("sec-websocket-protocol"), "chat");
    const transport = new MemoryTransport();
    transport.attach(answer.protocol);
    transport.remote.write(frame(1, "hello"));
    talker.sendMessage("hi");
    assert.deepEqual(
      [talker.events, talker.subprotocol, [...transport.bytes()]],
      [["made", "hello"], "chat", [0x81, 2, 0x68, 0x69]],
    );
    assert.equal(answer.protocol.innermost, talker);
  });
});

describe("a server that drains", () => {
  test("tells its WebSockets that it goes away, hears no message more, and waits for their answers", async () => {
    const reactor = new MemoryReactor();
    const talker = new Talker();
    const factory = webSocketFactory(reactor, () => talker);
    const transport = attached(reactor, factory);
    transport.remote.write(request());
    transport.clear();
    const drained = factory.drain?.(0);
    reactor.advance(1_000);
    assert.deepEqual(transport.bytes(), serverFrame(8, [0x03, 0xe9]));
    assert.equal(drained?.called, false);
    transport.remote.write(join(frame(1, "too late"), frame(8, [0x03, 0xe9])));
    transport.settle();
    assert.deepEqual(talker.events, ["made", "close 1001", "lost ConnectionDone"]);
    assert.equal(drained?.called, true);
  });

  test("closes a peer that does not answer in time", async () => {
    const reactor = new MemoryReactor();
    const factory = webSocketFactory(reactor, () => new Talker(), { timeouts: { closeTimeoutMs: 3_000 } });
    const transport = attached(reactor, factory);
    transport.remote.write(request());
    const drained = factory.drain?.(0);
    reactor.advance(2_999);
    assert.equal(drained?.called, false);
    reactor.advance(1);
    transport.settle();
    assert.equal(drained?.called, true);
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  test("closes who has asked for nothing yet, and says goodbye to who comes out of a handshake", async () => {
    const reactor = new MemoryReactor();
    const factory = webSocketFactory(reactor, () => new Talker());
    const [silent, late] = [attached(reactor, factory), attached(reactor, factory)];
    late.remote.write(request().slice(0, 20));
    const drained = factory.drain?.(0);
    reactor.advance(0);
    silent.settle();
    assert.deepEqual([silent.connected, late.connected], [false, true]);
    late.remote.write(request().slice(20));
    const heard = late.bytes();
    assert.deepEqual(heard.subarray(-4), serverFrame(8, [0x03, 0xe9]));
    late.remote.write(frame(8, [0x03, 0xe9]));
    late.settle();
    assert.equal(drained?.called, true);
  });
});

function attached(reactor: MemoryReactor, factory: Factory): MemoryTransport {
  const transport = new MemoryTransport({ clock: reactor });
  transport.attach(factory.buildProtocol(transport.peer) as Protocol);
  return transport;
}

async function dialled(
  options?: WebSocketFactoryOptions,
): Promise<{ reactor: MemoryReactor; transport: MemoryTransport; talker: Talker }> {
  const reactor = new MemoryReactor();
  const talker = new Talker();
  await reactor.listenTcp(
    { port: 80 },
    webSocketFactory(reactor, () => talker, options),
  );
  return { reactor, transport: reactor.dial(80), talker };
}

function request(...more: readonly string[]): string {
  return `${[...HEAD, ...more].join("\r\n")}\r\n\r\n`;
}
