import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Protocol } from "../../core/protocol.ts";
import { MemoryTransport } from "../../testing/index.ts";
import { Recorder } from "../../testing/recorder.ts";
import { sendProxyHeader } from "./client.ts";
import type { ProxyHeaderOptions } from "./encode.ts";
import { LocalProxyHeaderError } from "./errors.ts";

describe("sendProxyHeader", () => {
  test("the header leaves before what the protocol says first", () => {
    const source = { kind: "tcp", host: "203.0.113.7", port: 50_000, family: 4 } as const;
    const destination = { kind: "tcp", host: "198.51.100.1", port: 80, family: 4 } as const;
    assert.equal(sent({ source, destination }), "PROXY TCP4 203.0.113.7 198.51.100.1 50000 80\r\nhello");
  });

  test("without addresses, it tells of the connection itself", () => {
    assert.equal(sent({}), "PROXY TCP4 192.0.2.2 192.0.2.1 1234 49152\r\nhello");
  });

  test("a proxy that speaks for itself says LOCAL", () => {
    assert.equal(sent({ version: 2, command: "LOCAL" }), "\r\n\r\n\0\r\nQUIT\n \0\0\0hello");
  });

  test("a header that cannot be made ends the connection", () => {
    const transport = new MemoryTransport();
    const recorder = new Recorder();
    const thrown = transport.attach(
      sendProxyHeader(() => recorder, { crc32c: true }).buildProtocol(transport.peer) as Protocol,
    );
    assert.ok(thrown instanceof LocalProxyHeaderError);
    assert.equal(transport.connected, false);
  });
});

function sent(options: ProxyHeaderOptions): string {
  const transport = new MemoryTransport();
  const recorder = new Recorder();
  recorder.onMade = () => recorder.transport.write("hello");
  transport.attach(sendProxyHeader(() => recorder, options).buildProtocol(transport.peer) as Protocol);
  return transport.text();
}
