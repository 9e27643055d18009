import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Clock, MemoryReactor, MemoryTransport } from "../../../testing/index.ts";
import { WebSocketProtocol } from "../../websocket/protocol.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { webServer } from "../server/server.ts";
import { webSocket } from "./server.ts";

class Echo extends WebSocketProtocol {
  override messageReceived(data: string | Uint8Array): void {
    this.sendMessage(data);
  }
}

const UPGRADE =
  "GET /echo HTTP/1.1\r\nHost: rope.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/** "hi" from a client, masked with zeros. */
const HI = "\x81\x82\0\0\0\0hi";

/** A Close frame of 1001. */
const GOODBYE = "\x88\x02\x03\xe9";

function client(): MemoryTransport {
  const reactor = new MemoryReactor();
  const server = webServer(reactor, (request) =>
    request.path === "/echo" ? webSocket(reactor, request, new Echo()) : new Response("a page"),
  );
  const transport = new MemoryTransport({ clock: reactor });
  transport.attach(server.buildProtocol(transport.peer) as WebSocketProtocol);
  return transport;
}

describe("a WebSocket inside a web server", () => {
  it("takes over the connection behind its 101, and what came with the request", () => {
    const transport = client();
    transport.remote.write(Buffer.from(UPGRADE + HI, "latin1"));
    const heard = Buffer.from(transport.bytes()).toString("latin1");
    assert.match(heard, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
    assert.match(heard, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
    assert.ok(heard.endsWith("\r\n\r\n\x81\x02hi"));
  });

  it("comes after other requests of the same connection", () => {
    const transport = client();
    transport.remote.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    transport.remote.write(UPGRADE);
    assert.match(transport.text(), /a page[\s\S]*101 Switching/);
  });

  it("refuses a request that asks for none, and HTTP/1.0", () => {
    const plain = client();
    plain.remote.write("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.match(plain.text(), /^HTTP\/1\.1 426 Upgrade Required\r\n/);
    const old = client();
    old.remote.write(UPGRADE.replace("HTTP/1.1", "HTTP/1.0"));
    assert.match(old.text(), /^HTTP\/1\.1 400 /);
  });

  it("hears that the server goes away when that drains, with the other connections", () => {
    const reactor = new MemoryReactor();
    const server = webServer(reactor, (request) =>
      request.path === "/echo" ? webSocket(reactor, request, new Echo()) : new Response("a page"),
    );
    const open = (): MemoryTransport => {
      const transport = new MemoryTransport({ clock: reactor });
      transport.attach(server.buildProtocol(transport.peer) as WebSocketProtocol);
      return transport;
    };
    const [page, socket, late] = [open(), open(), open()];
    socket.remote.write(UPGRADE);
    socket.clear();
    late.remote.write(UPGRADE.slice(0, 30));
    const drained = server.drain?.(0);
    reactor.advance(0);
    page.settle();
    assert.deepEqual([page.connected, socket.connected, drained?.called], [false, true, false]);
    assert.equal(Buffer.from(socket.bytes()).toString("latin1"), GOODBYE);
    late.remote.write(UPGRADE.slice(30));
    assert.ok(Buffer.from(late.bytes()).toString("latin1").endsWith(`\r\n\r\n${GOODBYE}`));
    for (const transport of [socket, late]) {
      transport.remote.write(Buffer.from("\x88\x82\0\0\0\0\x03\xe9", "latin1"));
      transport.settle();
    }
    assert.equal(drained?.called, true);
  });

  it("refuses foreign pages", () => {
    const headers = {
      Host: "rope.example",
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      Origin: "http://evil.example",
    };
    const request = new Request("http://rope.example/echo", { headers });
    assert.equal(webSocket(new Clock(), request, new Echo()).status, 403);
    assert.equal(webSocket(new Clock(), request, new Echo(), { origins: "any" }).status, 101);
  });
});
