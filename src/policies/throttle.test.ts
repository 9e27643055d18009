import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ConnectionDone } from "../core/errors.ts";
import { Protocol } from "../core/protocol.ts";
import type { TlsFacts } from "../core/tls.ts";
import { Clock, MemoryTransport } from "../testing/index.ts";
import { type ThrottleOptions, throttle } from "./throttle.ts";
import { type ProtocolWrapper, TransportWrapper } from "./wrapper.ts";

describe("throttled writing", () => {
  test("sends a burst at once and the rest at the rate", () => {
    const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: 1_000, burstBytes: 200 } });
    const { inner, sent } = dial();
    inner.transport.write("x".repeat(1_200));
    assert.equal(sent(), 200);
    clock.advance(100);
    assert.equal(sent(), 300);
    clock.advance(900);
    assert.equal(sent(), 1_200);
  });

  test("keeps the order of bytes, texts and encodings", () => {
    const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: 100, burstBytes: 3 } });
    const { inner, transport } = dial();
    inner.transport.write("aé");
    inner.transport.writeLatin1("é");
    inner.transport.write(Uint8Array.of(1, 2, 3, 4));
    inner.transport.write("b");
    clock.advance(1_000);
    assert.deepEqual([...transport.bytes()], [0x61, 0xc3, 0xa9, 0xe9, 1, 2, 3, 4, 0x62]);
  });

  test("loseConnection sends what waits at the same rate, then closes; what comes is dropped", () => {
    const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: 1_000, burstBytes: 100 } });
    const { inner, sent, transport } = dial();
    inner.transport.write("x".repeat(1_100));
    inner.transport.loseConnection();
    inner.transport.write("never");
    transport.remote.write("never");
    clock.advance(500);
    assert.equal(sent(), 600);
    assert.deepEqual(inner.events, []);
    clock.advance(500);
    assert.equal(sent(), 1_100);
    assert.deepEqual(inner.events, ["lost ConnectionDone"]);
  });

  test("loseConnection may take longer than the close timeout, as long as the peer takes what comes", () => {
    const { dial, clock } = throttled({
      perConnection: { writeBytesPerSecond: 100, burstBytes: 10 },
      closeTimeoutMs: 1_000,
    });
    const { inner, sent } = dial();
    inner.transport.write("x".repeat(10_000));
    inner.transport.loseConnection();
    clock.advance(99_000);
    assert.deepEqual(inner.events, []);
    clock.advance(1_000);
    assert.equal(sent(), 10_000);
    assert.deepEqual(inner.events, ["lost ConnectionDone"]);
  });

  test("loseConnection gives up on a peer that takes nothing for the close timeout", () => {
    const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: 1e6 }, closeTimeoutMs: 1_000 });
    const { inner, transport } = dial();
    transport.remote.stopTaking();
    inner.transport.write("x".repeat(300_000));
    inner.transport.loseConnection();
    clock.advance(999);
    assert.deepEqual(inner.events, ["paused"]);
    clock.advance(1);
    assert.deepEqual(inner.events, ["paused", "lost ConnectionAborted"]);
  });

  test("after the peer's end, what waits still leaves at the rate", () => {
    const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: 100, burstBytes: 10 } });
    const { inner, sent, transport } = dial();
    inner.transport.write("x".repeat(110));
    transport.remote.end();
    assert.deepEqual(inner.events, []);
    clock.advance(1_000);
    assert.equal(sent(), 110);
    assert.deepEqual(inner.events, ["lost ConnectionDone"]);
  });

  test("loseWriteConnection ends this direction after what waits", () => {
    const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: 100, burstBytes: 10 } });
    const { inner, sent, transport } = dial();
    inner.transport.write("x".repeat(110));
    inner.transport.loseWriteConnection();
    clock.advance(900);
    assert.ok(!transport.remote.sawEnd);
    clock.advance(100);
    assert.equal(sent(), 110);
    assert.ok(transport.remote.sawEnd);
    assert.ok(inner.transport.connected);
  });

  test("abortConnection drops what waits, and leaves no timer", () => {
    const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: 100, burstBytes: 10 } });
    const { inner, sent, transport } = dial();
    inner.transport.write("x".repeat(110));
    assert.equal(sent(), 10);
    inner.transport.abortConnection();
    transport.settle();
    assert.equal(clock.getDelayedCalls().length, 0);
    assert.deepEqual(inner.events, ["lost ConnectionAborted"]);
    clock.advance(10_000);
    assert.equal(sent(), 10);
  });

  test("tells its own backlog as backpressure, and its end", () => {
    const { dial, clock } = throttled({
      perConnection: { writeBytesPerSecond: 1_000, burstBytes: 100 },
      highWaterBytes: 500,
    });
    const { inner } = dial();
    inner.transport.write("x".repeat(500));
    assert.deepEqual(inner.events, []);
    inner.transport.write("y");
    assert.deepEqual(inner.events, ["paused"]);
    assert.equal(inner.transport.bufferedBytes, 501);
    clock.advance(350);
    assert.deepEqual(inner.events, ["paused"]);
    clock.advance(100);
    assert.deepEqual(inner.events, ["paused", "resumed"]);
  });

  test("a pull producer is asked as fast as the rate allows", () => {
    const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: 100, burstBytes: 10 } });
    const { inner, sent } = dial();
    const producer = { resumeProducing: () => inner.transport.write("x".repeat(10)), stopProducing: () => {} };
    inner.transport.registerProducer(producer, "pull");
    clock.advance(1_000);
    assert.ok(sent() >= 90 && sent() <= 110, `sent ${sent()}`);
  });

  test("startTls sends what waits in clear before it, and pays afterwards", () => {
    const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: 100, burstBytes: 10 } });
    const { inner, sent, transport } = dial();
    inner.transport.write("x".repeat(100));
    inner.transport.startTls({ side: "server", tls: {} });
    assert.equal(sent(), 100);
    inner.transport.write("secret");
    transport.completeTls({} as TlsFacts);
    assert.equal(sent(), 100);
    clock.advance(1_000);
    assert.equal(sent(), 106);
  });

  test("startTls sends what waits even if the peer takes nothing", () => {
    const { dial } = throttled({ perConnection: { writeBytesPerSecond: 100, burstBytes: 10 } });
    const { inner, sent, transport } = dial();
    transport.remote.stopTaking();
    inner.transport.write("x".repeat(70_000));
    inner.transport.write("y".repeat(70_000));
    inner.transport.startTls({ side: "server", tls: {} });
    transport.remote.startTaking();
    assert.equal(sent(), 140_000);
  });
});

test("a clock that moves with every look at it stalls nothing", () => {
  class CreepingClock extends Clock {
    #looks = 0;
    override now(): number {
      this.#looks += 1;
      return super.now() + this.#looks * 0.01;
    }
  }
  for (let rate = 10_000; rate < 30_000; rate += 100) {
    const clock = new CreepingClock();
    const rates = { writeBytesPerSecond: rate, readBytesPerSecond: rate };
    const protocol = throttle(() => new Noter(), { clock, perConnection: rates, total: rates }).buildProtocol(PEER);
    const transport = new MemoryTransport();
    transport.attach(protocol as ProtocolWrapper<Noter>);
    protocol?.inner.transport.write(new Uint8Array(10_000));
    transport.remote.write(new Uint8Array(10_000));
    transport.remote.write("x");
    for (let i = 0; i < 1_200; i += 1) {
      clock.advance(1);
      transport.settle();
    }
    assert.equal(transport.bytes().length, 10_000, `${rate} bytes a second`);
    assert.deepEqual(protocol?.inner.events.slice(-2), ["10000 bytes", "1 bytes"]);
  }
});

describe("over a transport that takes all at once", () => {
  class Immediate extends TransportWrapper {
    override get bufferedBytes(): number {
      return 0;
    }
  }
  const producing = () => {
    let left = 2;
    const clock = new Clock();
    const protocol = throttle(() => new Noter(), { clock }).buildProtocol(PEER) as ProtocolWrapper<Noter>;
    const transport = new MemoryTransport();
    protocol.makeConnection(new Immediate(transport));
    const { inner } = protocol;
    inner.transport.registerProducer(
      {
        resumeProducing: () => {
          left -= 1;
          if (left >= 0) inner.transport.write("x");
        },
        stopProducing: () => {},
      },
      "pull",
    );
    return { clock, transport, protocol };
  };

  test("a pull producer is asked again in a later turn", () => {
    const { clock, transport } = producing();
    assert.equal(transport.text(), "x");
    clock.advance(0);
    assert.equal(transport.text(), "xx");
  });

  test("a loss leaves no timer", () => {
    const { clock, protocol } = producing();
    assert.equal(clock.getDelayedCalls().length, 1);
    protocol.connectionLost(new ConnectionDone());
    assert.equal(clock.getDelayedCalls().length, 0);
  });
});

describe("throttled reading", () => {
  test("pauses the transport until what was read is paid for", () => {
    const { dial, clock } = throttled({ perConnection: { readBytesPerSecond: 1_000, burstBytes: 100 } });
    const { inner, transport } = dial();
    transport.remote.write("x".repeat(600));
    transport.remote.write("y".repeat(10));
    assert.deepEqual(inner.events, ["600 bytes"]);
    assert.equal(transport.unreadBytes, 10);
    clock.advance(549);
    assert.deepEqual(inner.events, ["600 bytes"]);
    clock.advance(1);
    assert.deepEqual(inner.events, ["600 bytes", "10 bytes"]);
  });

  test("the protocol's own pause holds on after the throttle's", () => {
    const { dial, clock } = throttled({ perConnection: { readBytesPerSecond: 1_000, burstBytes: 100 } });
    const { inner, transport } = dial();
    transport.remote.write("x".repeat(600));
    inner.transport.pauseReading();
    transport.remote.write("y");
    clock.advance(10_000);
    assert.deepEqual(inner.events, ["600 bytes"]);
    inner.transport.resumeReading();
    transport.settle();
    assert.deepEqual(inner.events, ["600 bytes", "1 bytes"]);
  });

  test("the protocol's resumeReading does not lift the throttle's pause", () => {
    const { dial, clock } = throttled({ perConnection: { readBytesPerSecond: 1_000, burstBytes: 100 } });
    const { inner, transport } = dial();
    transport.remote.write("x".repeat(600));
    inner.transport.pauseReading();
    inner.transport.resumeReading();
    transport.remote.write("y");
    assert.deepEqual(inner.events, ["600 bytes"]);
    clock.advance(550);
    assert.deepEqual(inner.events, ["600 bytes", "1 bytes"]);
  });

  test("a connection that ends while it is throttled leaves no timer", () => {
    const { dial, clock } = throttled({ perConnection: { readBytesPerSecond: 10 } });
    const { inner, transport } = dial();
    transport.remote.write("x".repeat(600));
    assert.equal(clock.getDelayedCalls().length, 1);
    inner.transport.loseConnection();
    transport.settle();
    assert.equal(clock.getDelayedCalls().length, 0);
    assert.deepEqual(inner.events, ["600 bytes", "lost ConnectionDone"]);
  });
});

test("a burst of a single byte still gives the whole rate", () => {
  const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: 62, burstBytes: 1 } });
  const { inner, sent } = dial();
  inner.transport.write("x".repeat(1_000));
  clock.advance(10_000);
  assert.ok(sent() >= 620 && sent() <= 622, `${sent()} bytes in 10 s`);
});

describe("a total for all connections", () => {
  test("is shared in the order in which they wait", () => {
    const { dial, clock } = throttled({ total: { writeBytesPerSecond: 1_000, burstBytes: 100 } });
    const [one, other] = [dial(), dial()];
    one.inner.transport.write("x".repeat(550));
    other.inner.transport.write("x".repeat(550));
    clock.advance(1_000);
    assert.equal(one.sent() + other.sent(), 1_100);
    assert.equal(one.sent(), 550);
  });

  test("goes on for the others when one that waits is gone", () => {
    const { dial, clock } = throttled({ total: { writeBytesPerSecond: 1_000, burstBytes: 100 } });
    const [one, other] = [dial(), dial()];
    one.inner.transport.write("x".repeat(550));
    other.inner.transport.write("x".repeat(550));
    one.inner.transport.abortConnection();
    clock.advance(600);
    assert.equal(other.sent(), 550);
    assert.equal(clock.getDelayedCalls().length, 0);
  });

  test("holds together with a rate for each", () => {
    const { dial, clock } = throttled({
      total: { writeBytesPerSecond: 150, burstBytes: 2 },
      perConnection: { writeBytesPerSecond: 100, burstBytes: 2 },
    });
    const connections = [dial(), dial()];
    for (const { inner } of connections) inner.transport.write("x".repeat(1_000));
    clock.advance(2_000);
    const [first = 0, second = 0] = connections.map(({ sent }) => sent());
    assert.ok(first <= 202 && second <= 202, `${first} and ${second}`);
    assert.ok(first + second >= 290 && first + second <= 302, `${first + second}`);
  });

  test("counts what is read by each", () => {
    const { dial, clock } = throttled({ total: { readBytesPerSecond: 1_000, burstBytes: 100 } });
    const [one, other] = [dial(), dial()];
    one.transport.remote.write("x".repeat(1_000));
    other.transport.remote.write("y".repeat(10));
    other.transport.remote.write("z");
    assert.deepEqual(other.inner.events, ["10 bytes"]);
    clock.advance(900);
    assert.deepEqual(other.inner.events, ["10 bytes"]);
    clock.advance(100);
    assert.deepEqual(other.inner.events, ["10 bytes", "1 bytes"]);
  });
});

describe("properties of the throttle", () => {
  test("whatever is written, at whatever rate, arrives whole, in order and not too soon", () => {
    const writes = fc.array(fc.record({ size: fc.integer({ min: 0, max: 300 }), pauseMs: fc.nat(50) }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(
        writes,
        fc.integer({ min: 50, max: 5_000 }),
        fc.integer({ min: 1, max: 500 }),
        (all, rate, burstBytes) => {
          const { dial, clock } = throttled({ perConnection: { writeBytesPerSecond: rate, burstBytes } });
          const { inner, sent, transport } = dial();
          const expected: number[] = [];
          for (const { size, pauseMs } of all) {
            const bytes = Uint8Array.from({ length: size }, (_, index) => expected.length + index);
            inner.transport.write(bytes);
            expected.push(...bytes);
            clock.advance(pauseMs);
            assert.ok(sent() <= Math.max(burstBytes, rate / 100) + (clock.now() * rate) / 1_000 + 1);
          }
          inner.transport.loseConnection();
          clock.advance(1_000 + (1_000 * expected.length) / rate);
          assert.deepEqual([...transport.bytes()], expected);
          assert.deepEqual(inner.events.at(-1), "lost ConnectionDone");
          assert.equal(clock.getDelayedCalls().length, 0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

test("a rate or a burst that is not above 0 is refused", () => {
  for (const rates of [{ readBytesPerSecond: 0 }, { writeBytesPerSecond: -1 }, { burstBytes: Number.NaN }]) {
    assert.throws(() => throttled({ total: rates }), RangeError);
    assert.throws(() => throttled({ perConnection: rates }), RangeError);
  }
});

class Noter extends Protocol {
  readonly events: string[] = [];
  override dataReceived(data: Uint8Array): void {
    this.events.push(`${data.length} bytes`);
  }
  override writingPaused(): void {
    this.events.push("paused");
  }
  override writingResumed(): void {
    this.events.push("resumed");
  }
  override connectionLost(reason: Error): void {
    this.events.push(`lost ${reason.name}`);
  }
}

/** Connections through one throttled factory, and a clock that also lets their transports do what is due. */
function throttled(options: Omit<ThrottleOptions, "clock">) {
  const clock = new Clock();
  const factory = throttle(() => new Noter(), { clock, ...options });
  const transports: MemoryTransport[] = [];
  const settle = () => {
    for (const transport of transports) transport.settle();
  };
  const dial = () => {
    const transport = new MemoryTransport({ clock });
    transports.push(transport);
    const protocol = factory.buildProtocol(transport.peer) as ProtocolWrapper<Noter>;
    transport.attach(protocol);
    return { transport, inner: protocol.inner, sent: () => transport.bytes().length };
  };
  const advance = (ms: number) => {
    // In small steps, because a memory transport acts when it is asked to.
    const end = clock.now() + ms;
    settle();
    for (let next = nextDue(); next <= end; next = nextDue()) {
      clock.advance(next - clock.now());
      settle();
    }
    clock.advance(end - clock.now());
    settle();
  };
  const nextDue = () => clock.getDelayedCalls()[0]?.time ?? Number.POSITIVE_INFINITY;
  return { dial, clock: { advance, now: () => clock.now(), getDelayedCalls: () => clock.getDelayedCalls() } };
}

const PEER = { kind: "tcp", host: "192.0.2.1", port: 1, family: 4 } as const;
