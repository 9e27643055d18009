import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { listen, Protocol, TimeoutError } from "ropewalk";
import { MemoryReactor } from "ropewalk/testing";
import { askSample } from "./client.ts";
import { RemoteSampleError } from "./errors.ts";
import { sampleServer } from "./server.ts";

describe("a conversation", () => {
  test("is a question and its answer, over a connection that is closed then", async () => {
    const reactor = new MemoryReactor({ network: true });
    await listen(
      reactor,
      "tcp:1400",
      sampleServer((text) => text.toUpperCase(), { clock: reactor }),
    );
    const asked = askSample(reactor, "tcp:127.0.0.1:1400", "hello");
    reactor.settle();
    assert.equal(await asked, "HELLO");
    assert.equal(reactor.connections.length, 0);
  });

  test("fails when the peer breaks the protocol", async () => {
    const reactor = new MemoryReactor({ network: true });
    await listen(reactor, "tcp:1400", () => new Broken());
    const asked = askSample(reactor, "tcp:127.0.0.1:1400", "hello");
    reactor.settle();
    await assert.rejects(async () => await asked, RemoteSampleError);
  });

  test("fails when no answer comes in time, and leaves no connection", async () => {
    const reactor = new MemoryReactor({ network: true });
    await listen(reactor, "tcp:1400", () => new Protocol());
    const asked = askSample(reactor, "tcp:127.0.0.1:1400", "hello", { timeoutMs: 1_000 });
    reactor.advance(1_000);
    reactor.settle();
    await assert.rejects(async () => await asked, TimeoutError);
    assert.equal(reactor.connections.length, 0);
  });

  test("ends when a guest says nothing", async () => {
    const reactor = new MemoryReactor();
    await listen(
      reactor,
      "tcp:1400",
      sampleServer((text) => text, { clock: reactor }),
    );
    const guest = reactor.dial(1400);
    reactor.advance(30_000);
    assert.equal(guest.connected, false);
  });
});

class Broken extends Protocol {
  override connectionMade(): void {
    this.transport.write(Uint8Array.of(0));
  }
}
