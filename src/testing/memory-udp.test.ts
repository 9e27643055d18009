import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DatagramProtocol } from "../core/datagram.ts";
import type { ListenUdpOptions } from "../core/reactor.ts";
import { MemoryReactor } from "./index.ts";
import type { MemoryDatagramPort } from "./memory-udp.ts";

describe("MemoryDatagramPort", () => {
  test("records what is sent, wherever it goes", () => {
    const { port } = opened(new MemoryReactor(), { port: 5_000 });
    port.write("query", { host: "192.0.2.53", port: 53 });
    assert.deepEqual(port.sent, [
      { data: new TextEncoder().encode("query"), to: { kind: "udp", host: "192.0.2.53", port: 53, family: 4 } },
    ]);
  });

  test("is handed what a test makes of the peer", () => {
    const { port, heard } = opened(new MemoryReactor(), { port: 5_000 });
    port.receive(Buffer.from("answer"), { host: "192.0.2.53", port: 53 });
    assert.deepEqual(heard, ["answer from 192.0.2.53:53"]);
    port.refuse();
    assert.deepEqual(heard.slice(1), ["refused"]);
  });

  test("hears nothing when it is closed", async () => {
    const reactor = new MemoryReactor();
    const { port, heard } = opened(reactor, { port: 0 });
    assert.deepEqual(reactor.datagramPorts, [port]);
    const disposed = port[Symbol.asyncDispose]();
    reactor.settle();
    await disposed;
    port.receive("late", { host: "192.0.2.53", port: 53 });
    port.refuse();
    assert.deepEqual([heard, reactor.datagramPorts], [[], []]);
  });

  test("reaches all that joined a group, itself unless it turned that off", () => {
    const reactor = new MemoryReactor();
    const one = opened(reactor, { port: 5_353, reuseAddress: true });
    const other = opened(reactor, { port: 5_353, reuseAddress: true });
    const group = { host: "224.0.0.251", port: 5_353 };
    one.port.joinGroup(group.host);
    other.port.joinGroup(group.host);
    one.port.write("a", group);
    reactor.settle();
    one.port.setMulticastLoopback(false);
    one.port.write("b", group);
    reactor.settle();
    other.port.leaveGroup(group.host);
    one.port.write("c", group);
    reactor.settle();
    assert.deepEqual(one.heard, ["a from 127.0.0.1:5353"]);
    assert.deepEqual(other.heard, ["a from 127.0.0.1:5353", "b from 127.0.0.1:5353"]);
  });

  test("remembers its options", () => {
    const { port } = opened(new MemoryReactor(), { port: 0, family: 6 });
    port.setMulticastTtl(4);
    port.setMulticastInterface("::1");
    port.setBroadcast(true);
    assert.deepEqual(port.multicast, { ttl: 4, loopback: true, interfaceAddress: "::1" });
    assert.deepEqual([port.broadcast, port.local.host], [true, "::"]);
  });

  test("on all addresses of IPv6 sends from the loopback one", () => {
    const reactor = new MemoryReactor();
    const one = opened(reactor, { port: 1, host: "::" });
    const other = opened(reactor, { port: 2, host: "::" });
    one.port.write("x", { host: "::1", port: 2 });
    reactor.settle();
    assert.deepEqual(other.heard, ["x from ::1:1"]);
  });
});

function opened(reactor: MemoryReactor, options: ListenUdpOptions): { port: MemoryDatagramPort; heard: string[] } {
  const heard: string[] = [];
  class Tape extends DatagramProtocol {
    override datagramReceived(data: Uint8Array, from: { host: string; port: number }): void {
      assert.equal(data.constructor, Uint8Array);
      heard.push(`${new TextDecoder().decode(data)} from ${from.host}:${from.port}`);
    }
    override connectionRefused(): void {
      heard.push("refused");
    }
  }
  let port: MemoryDatagramPort | undefined;
  reactor.listenUdp(options, new Tape()).addCallback((open) => {
    port = open;
  });
  return { port: port as MemoryDatagramPort, heard };
}
