import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Clock } from "../testing/clock.ts";
import { Recorder } from "../testing/recorder.ts";
import type { Address } from "./address.ts";
import { Deferred } from "./deferred/deferred.ts";
import { ConnectionLost } from "./errors.ts";
import { captureLogs } from "./log/observers.ts";
import type { Protocol } from "./protocol.ts";
import type { StreamOptions } from "./reactor.ts";
import { type Loop, StreamTransport } from "./stream-transport.ts";
import type { TlsFacts } from "./tls.ts";
import type { PushProducer } from "./transport.ts";
import type { Piece } from "./write-buffer.ts";

// What can be seen through two connected protocols is in src/testing/conformance; this is about the engine's side.

describe("StreamTransport and its engine", () => {
  test("one turn's writes are one call down: one piece if it can be, else a list in order", () => {
    const { engine, loop } = opened();
    engine.write("a");
    engine.write("b");
    engine.write(new Uint8Array(0));
    engine.write("");
    assert.deepEqual(loop.dirty, [engine]);
    loop.endTurn();
    engine.write("c");
    engine.writeLatin1("d");
    engine.writeLatin1("e");
    engine.write(Uint8Array.of(1));
    loop.endTurn();
    assert.deepEqual(engine.calls, ["send utf8:ab", "send utf8:c latin1:de bytes:1"]);
  });

  test("closed twice loses the connection once", () => {
    const { engine, protocol } = opened();
    engine.closed();
    engine.closed(new Error("late"));
    assert.deepEqual(protocol.events, ["made", "lost ConnectionDone"]);
  });

  test("closed before it was opened tells those who wait", async () => {
    const engine = new Engine(new ManualLoop());
    const waiting = engine.whenClosed();
    engine.closed();
    assert.equal((await waiting).name, "ConnectionDone");
  });

  test("a fault is the reason: ConnectionLost as it is, anything else as the cause of one", () => {
    const lost = new ConnectionLost("cut short");
    const one = opened();
    one.engine.closed(lost);
    assert.equal(one.protocol.reason, lost);
    const fault = new Error("ETIMEDOUT");
    const other = opened();
    other.engine.closed(fault);
    assert.equal(other.protocol.reason?.name, "ConnectionLost");
    assert.equal(other.protocol.reason?.cause, fault);
  });

  test("whatever a protocol throws is the reason of its loss: not only errors, nor only what can be shown", () => {
    for (const thrown of ["boom", Object.create(null), undefined]) {
      const { engine, protocol } = opened();
      protocol.dataReceived = () => {
        throw thrown;
      };
      engine.received(new Uint8Array(1));
      engine.closed();
      assert.ok(protocol.reason instanceof Error);
      assert.equal(protocol.reason.cause, thrown);
    }
  });

  test("fail resets, and gives its reason", () => {
    const { engine, protocol } = opened();
    const reason = new Error("no such certificate");
    engine.fail(reason);
    engine.abortConnection();
    assert.deepEqual(engine.calls, ["reset"]);
    engine.closed();
    assert.equal(protocol.reason, reason);
  });

  test("the end of input counts once, and so does that of output", () => {
    const { engine, protocol } = opened();
    protocol.readConnectionLost = () => void protocol.events.push("read ended");
    protocol.writeConnectionLost = () => void protocol.events.push("write ended");
    engine.ended();
    engine.ended();
    engine.loseWriteConnection();
    engine.loseWriteConnection();
    engine.writeEnded();
    engine.writeEnded();
    assert.deepEqual(protocol.events, ["made", "read ended", "write ended"]);
    assert.deepEqual(engine.calls, ["endWriting", "close"]);
  });

  test("a protocol that aborts and then throws is reset, not closed, for the reason of the abort", () => {
    const { engine, protocol } = opened();
    using logs = captureLogs();
    protocol.dataReceived = () => {
      engine.abortConnection();
      throw new Error("too late");
    };
    engine.received(Uint8Array.of(1));
    assert.deepEqual(engine.calls, ["reset"]);
    engine.closed();
    assert.deepEqual(protocol.events, ["made", "lost ConnectionAborted"]);
    assert.equal(logs.events.length, 1);
  });

  test("close comes once, whoever else asks for it", () => {
    const { engine } = opened();
    using logs = captureLogs();
    engine.registerProducer(
      producer({
        stopProducing: () => {
          engine.unregisterProducer();
          throw new Error("twice");
        },
      }),
      "push",
    );
    engine.ended();
    engine.unregisterProducer();
    engine.loseConnection();
    assert.deepEqual(engine.calls, ["close"]);
    assert.equal(logs.events.length, 1);
  });

  test("reset comes after close if the peer does not take the rest, by default in 30 s", () => {
    const { engine, loop, protocol } = opened();
    engine.unsentBytes = 1;
    engine.loseConnection();
    loop.clock.advance(29_999);
    assert.deepEqual(engine.calls, ["close"]);
    loop.clock.advance(1);
    assert.deepEqual(engine.calls, ["close", "reset"]);
    engine.closed();
    assert.match(protocol.reason?.message ?? "", /within 30000 ms/);
    assert.deepEqual(loop.clock.getDelayedCalls(), []);
  });

  test("what is written in the closing turn is flushed before close", () => {
    const { engine } = opened();
    engine.write("bye");
    engine.loseConnection();
    assert.deepEqual(engine.calls, ["send utf8:bye", "close"]);
  });

  test("pauseReading and resumeReading go down only while the connection is open", () => {
    const { engine } = opened();
    engine.pauseReading();
    engine.resumeReading();
    engine.loseConnection();
    engine.pauseReading();
    engine.resumeReading();
    assert.deepEqual(engine.calls, ["stopReading", "startReading", "close"]);
  });
});

describe("StreamTransport and draining", () => {
  test("drained is asked for after a flush that left nothing, if somebody waits for it", () => {
    const { engine, loop, protocol } = opened({ highWaterBytes: 2 });
    engine.write("ab");
    loop.endTurn();
    assert.deepEqual(loop.toDrain, []);
    engine.write("abc");
    loop.endTurn();
    assert.deepEqual(loop.toDrain, [engine]);
    engine.drained();
    assert.deepEqual(protocol.events, ["made", "paused", "resumed"]);
  });

  test("drained is not believed while bytes wait, nor after an abort", () => {
    const { engine, loop, protocol } = opened({ highWaterBytes: 2 });
    engine.write("abc");
    engine.drained();
    loop.endTurn();
    engine.unsentBytes = 1;
    engine.drained();
    engine.unsentBytes = 0;
    engine.abortConnection();
    engine.drained();
    engine.closed();
    engine.drained();
    assert.deepEqual(protocol.events, ["made", "paused", "lost ConnectionAborted"]);
  });

  test("a pull producer that unregistered before the drain is not asked again", () => {
    const { engine, loop } = opened();
    let asked = 0;
    engine.registerProducer(
      producer({
        resumeProducing: () => {
          asked += 1;
          engine.write("x");
        },
      }),
      "pull",
    );
    loop.endTurn();
    engine.unregisterProducer();
    engine.drained();
    assert.equal(asked, 1);
  });

  test("several flushes before the drain announce it once", () => {
    const { engine, loop } = opened();
    engine.registerProducer(producer({ resumeProducing: () => engine.write("x") }), "pull");
    loop.endTurn();
    engine.write("y");
    loop.endTurn();
    assert.equal(loop.toDrain.length, 1);
  });

  test("a producer that was stopped because writingPaused threw is not paused too", () => {
    const { engine, protocol } = opened({ highWaterBytes: 2 });
    using _logs = captureLogs();
    const calls: string[] = [];
    engine.registerProducer(
      producer({ pauseProducing: () => calls.push("pause"), stopProducing: () => calls.push("stop") }),
      "push",
    );
    protocol.onPaused = () => {
      throw new Error("cannot wait");
    };
    engine.write("abc");
    assert.deepEqual(calls, ["stop"]);
  });
});

describe("StreamTransport's close timeout and a producer", () => {
  test("does not run out while the peer takes what the producer makes", () => {
    const { engine, loop } = opened({ closeTimeoutMs: 100 });
    engine.registerProducer(producer({}), "push");
    engine.loseConnection();
    for (let i = 0; i < 5; i += 1) {
      engine.write("more");
      loop.endTurn();
      loop.clock.advance(100);
    }
    assert.ok(!engine.calls.includes("reset"));
    engine.unsentBytes = 1;
    loop.clock.advance(100);
    assert.ok(engine.calls.includes("reset"));
  });

  test("counts a drain in between as taking", () => {
    const { engine, loop } = opened({ closeTimeoutMs: 100, highWaterBytes: 0 });
    engine.registerProducer(producer({}), "push");
    engine.loseConnection();
    engine.write("some");
    loop.endTurn();
    engine.drained();
    engine.unsentBytes = 1;
    loop.clock.advance(100);
    assert.ok(!engine.calls.includes("reset"));
    loop.clock.advance(100);
    assert.ok(engine.calls.includes("reset"));
  });

  test("gives the peer all of it for what the producer wrote last", () => {
    const { engine, loop } = opened({ closeTimeoutMs: 100 });
    engine.registerProducer(producer({}), "push");
    engine.loseConnection();
    loop.clock.advance(99);
    engine.unsentBytes = 1;
    engine.unregisterProducer();
    loop.clock.advance(99);
    assert.deepEqual(engine.calls, ["close"]);
    loop.clock.advance(1);
    assert.deepEqual(engine.calls, ["close", "reset"]);
  });
});

function opened(options: StreamOptions = {}): { engine: Engine; loop: ManualLoop; protocol: Recorder } {
  const loop = new ManualLoop();
  const engine = new Engine(loop, options);
  const protocol = new Recorder();
  engine.open(protocol);
  return { engine, loop, protocol };
}

function producer(calls: Partial<PushProducer>): PushProducer {
  return { pauseProducing() {}, resumeProducing() {}, stopProducing() {}, ...calls };
}

class ManualLoop implements Loop {
  readonly clock: Clock = new Clock();
  readonly dirty: StreamTransport[] = [];
  readonly toDrain: StreamTransport[] = [];

  now(): number {
    return this.clock.now();
  }

  callLater(ms: number, f: () => void): ReturnType<Clock["callLater"]> {
    return this.clock.callLater(ms, f);
  }

  flushSoon(transport: StreamTransport): void {
    this.dirty.push(transport);
  }

  drainedSoon(transport: StreamTransport): void {
    this.toDrain.push(transport);
  }

  endTurn(): void {
    for (const transport of this.dirty.splice(0)) transport.flush();
  }
}

/** Writes down what it is told to do, and does what a test tells it to report. */
class Engine extends StreamTransport {
  readonly peer: Address = { kind: "stdio" };
  readonly local: Address = { kind: "stdio" };
  readonly tls: TlsFacts | undefined = undefined;
  readonly calls: string[] = [];
  override unsentBytes = 0;

  constructor(loop: Loop, options: StreamOptions = {}) {
    super(loop, options);
  }

  open(protocol: Protocol): void {
    this.opened(protocol);
  }

  override ended(): void {
    super.ended();
  }

  override received(data: Uint8Array): void {
    super.received(data);
  }

  override writeEnded(): void {
    super.writeEnded();
  }

  override closed(error?: Error): void {
    super.closed(error);
  }

  override fail(reason: Error): void {
    super.fail(reason);
  }

  sendOne(data: Piece["data"], encoding: Piece["encoding"]): void {
    this.sendAll([{ data, encoding }]);
  }

  sendAll(pieces: readonly Piece[]): void {
    const shown = pieces.map(({ data, encoding }) =>
      typeof data === "string" ? `${encoding}:${data}` : `bytes:${data}`,
    );
    this.calls.push(`send ${shown.join(" ")}`);
  }

  startTls(): Deferred<TlsFacts> {
    return new Deferred<TlsFacts>();
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}

  protected startReading(): void {
    this.calls.push("startReading");
  }

  protected stopReading(): void {
    this.calls.push("stopReading");
  }

  protected endWriting(): void {
    this.calls.push("endWriting");
  }

  protected close(): void {
    this.calls.push("close");
  }

  protected reset(): void {
    this.calls.push("reset");
  }
}
