import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Protocol } from "../core/protocol.ts";
import { Clock, MemoryTransport } from "../testing/index.ts";
import { type IdleTimeoutOptions, idleTimeout } from "./idle-timeout.ts";
import { throttle } from "./throttle.ts";

describe("idleTimeout", () => {
  test("loses a connection on which nothing happened for the time, and not before", () => {
    const { clock, inner } = connect();
    clock.advance(999);
    assert.equal(inner.reason, "");
    clock.advance(1);
    assert.equal(inner.reason, "ConnectionDone");
  });

  test("what is written leaves before a lost connection closes", () => {
    const { clock, inner, transport } = connect();
    transport.remote.stopTaking();
    inner.transport.write("last");
    clock.advance(1_000);
    transport.remote.startTaking();
    assert.equal(transport.text(), "last");
    assert.equal(inner.reason, "ConnectionDone");
  });

  test("what waits in a throttle inside of it leaves too, at its rate", () => {
    const clock = new Clock();
    const inner = new Noter();
    const slow = throttle(() => inner, { clock, perConnection: { writeBytesPerSecond: 10, burstBytes: 10 } });
    const timed = idleTimeout(slow, { clock, idleTimeoutMs: 1_000, activity: "reading" });
    const transport = attach(timed.buildProtocol(PEER));
    inner.transport.write("x".repeat(50));
    clock.advance(1_000);
    assert.equal(inner.transport.connected, false);
    assert.ok(transport.text().length < 50);
    clock.advance(10_000);
    transport.settle();
    assert.equal(transport.text().length, 50);
    assert.equal(inner.reason, "ConnectionDone");
  });

  test("aborts instead, if asked to", () => {
    const { clock, inner, transport } = connect({ close: "abort" });
    clock.advance(1_000);
    assert.ok(transport.remote.sawReset);
    assert.equal(inner.reason, "ConnectionAborted");
  });

  test("an abort is told as one through other policies too", () => {
    const clock = new Clock();
    const inner = new Noter();
    const throttled = throttle(() => inner, { clock });
    const transport = attach(idleTimeout(throttled, { clock, idleTimeoutMs: 10, close: "abort" }).buildProtocol(PEER));
    clock.advance(10);
    transport.settle();
    assert.equal(inner.reason, "ConnectionAborted");
  });

  for (const [activity, afterReading, afterWriting] of [
    ["both", true, true],
    ["reading", true, false],
    ["writing", false, true],
  ] as const) {
    test(`${activity}: reading ${afterReading ? "keeps" : "does not keep"} it open`, () => {
      const { clock, transport } = connect({ activity });
      clock.advance(600);
      transport.remote.write("x");
      clock.advance(600);
      assert.equal(transport.connected, afterReading);
      clock.advance(400);
      assert.equal(transport.connected, false);
    });

    test(`${activity}: writing ${afterWriting ? "keeps" : "does not keep"} it open`, () => {
      const { clock, inner, transport } = connect({ activity });
      clock.advance(300);
      inner.transport.write("x");
      clock.advance(300);
      inner.transport.writeLatin1("x");
      clock.advance(600);
      assert.equal(transport.connected, afterWriting);
      clock.advance(400);
      assert.equal(transport.connected, false);
    });
  }

  test("writing to a peer that takes nothing does not keep it open; that it takes again does", () => {
    const stuck = connect();
    stuck.transport.remote.stopTaking();
    stuck.inner.transport.write("x".repeat(100_000));
    const slow = connect();
    slow.transport.remote.stopTaking();
    slow.inner.transport.write("x".repeat(100_000));
    stuck.clock.advance(900);
    stuck.inner.transport.write("more");
    slow.clock.advance(900);
    slow.transport.remote.startTaking();
    stuck.clock.advance(100);
    slow.clock.advance(100);
    assert.equal(stuck.transport.connected, false);
    assert.equal(slow.transport.connected, true);
  });

  test("sets one timer, whatever goes on, and none when the connection is over", () => {
    const { clock, inner, transport } = connect();
    for (let i = 0; i < 100; i += 1) {
      clock.advance(10);
      transport.remote.write("x");
      inner.transport.write("x");
      assert.equal(clock.getDelayedCalls().length, 1);
    }
    transport.remote.end();
    assert.equal(clock.getDelayedCalls().length, 0);
  });

  test("a time that is not above 0 is refused", () => {
    for (const idleTimeoutMs of [0, -1, Number.NaN]) {
      assert.throws(() => idleTimeout(() => new Noter(), { clock: new Clock(), idleTimeoutMs }), RangeError);
    }
  });
});

class Noter extends Protocol {
  reason = "";
  override connectionLost(reason: Error): void {
    this.reason = reason.name;
  }
}

function connect(options: Partial<IdleTimeoutOptions> = {}) {
  const clock = new Clock();
  const inner = new Noter();
  const factory = idleTimeout(() => inner, { clock, idleTimeoutMs: 1_000, ...options });
  const transport = attach(factory.buildProtocol(PEER));
  return {
    inner,
    transport,
    clock: {
      advance: (ms: number) => {
        clock.advance(ms);
        transport.settle();
      },
      getDelayedCalls: () => clock.getDelayedCalls(),
    },
  };
}

function attach(protocol: Protocol | undefined): MemoryTransport {
  assert.ok(protocol !== undefined);
  const transport = new MemoryTransport();
  transport.attach(protocol);
  return transport;
}

const PEER = { kind: "tcp", host: "192.0.2.1", port: 1, family: 4 } as const;
