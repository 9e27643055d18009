import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Clock } from "../../testing/clock.ts";
import { Deferred } from "../deferred/deferred.ts";
import { fail, succeed } from "../deferred/succeed.ts";
import { captureLogs } from "../log/observers.ts";
import type { Clock as CoreClock } from "./clock.ts";
import { LoopingCall, LoopingCallStateError } from "./looping-call.ts";

describe("LoopingCall", () => {
  test("calls at once and then at every interval, each at its own time", () => {
    const { clock, seen, loop } = fixture();
    loop.start(2);
    clock.advance(7);
    assert.deepEqual(seen, [0, 2, 4, 6]);
  });

  test("waits one interval first if it is told to", () => {
    const { clock, seen, loop } = fixture();
    loop.start(2, { runNow: false });
    clock.advance(5);
    assert.deepEqual(seen, [2, 4]);
  });

  test("keeps its phase and leaves out what it missed", () => {
    const { clock, seen, loop } = fixture();
    loop.start(2);
    for (const ms of [1, 1, 7, 1, 1]) {
      clock.stall(ms);
      clock.advance(0);
    }
    assert.deepEqual(seen, [0, 2, 9, 10]);
  });

  test("keeps its phase over many intervals that are no whole number", () => {
    const { clock, seen, loop } = fixture();
    loop.start(0.1);
    clock.advance(1_000);
    loop.stop();
    assert.equal(seen.length, 10_001);
    for (const [index, time] of seen.entries())
      assert.ok(Math.abs(time - index * 0.1) < 1e-6, `call ${index} at ${time}`);
  });

  test("calls again on every turn with an interval of 0", () => {
    const { clock, seen, loop } = fixture(() => {
      if (seen.length === 3) loop.stop();
    });
    loop.start(0);
    assert.deepEqual(seen, [0]);
    clock.advance(0);
    assert.deepEqual(seen, [0, 0, 0]);
  });

  test("is held back by a Deferred that the function returned, and then goes on in phase", () => {
    const waits: Deferred<void>[] = [];
    const { clock, seen, loop } = fixture(() => {
      const wait = new Deferred<void>();
      waits.push(wait);
      return wait;
    });
    loop.start(2);
    clock.advance(5);
    assert.deepEqual(seen, [0]);
    waits[0]?.callback();
    assert.deepEqual(seen, [0]);
    clock.advance(5);
    assert.deepEqual(seen, [0, 6]);
  });

  test("is held back by a Promise too", async () => {
    const { clock, seen, loop } = fixture(() => Promise.resolve());
    loop.start(2);
    clock.advance(3);
    assert.deepEqual(seen, [0]);
    await settledPromises();
    clock.advance(1);
    assert.deepEqual(seen, [0, 4]);
  });

  test("stop() takes the next call off the clock and fires what start() returned", () => {
    const { clock, seen, loop, ended } = fixture();
    track(loop.start(2), ended);
    assert.equal(loop.running, true);
    loop.stop();
    assert.deepEqual([loop.running, ended, clock.getDelayedCalls()], [false, ["stopped"], []]);
    clock.advance(9);
    assert.deepEqual(seen, [0]);
  });

  test("stop() inside a call takes effect after it", () => {
    const { clock, loop, ended } = fixture(() => {
      if (clock.now() === 0) return;
      loop.stop();
      assert.deepEqual(ended, []);
    });
    track(loop.start(2), ended);
    clock.advance(2);
    assert.deepEqual([ended, clock.getDelayedCalls()], [["stopped"], []]);
  });

  test("stop() while a Deferred holds back the next call waits for it", () => {
    const wait = new Deferred<void>();
    const { clock, loop, ended } = fixture(() => wait);
    track(loop.start(2), ended);
    loop.stop();
    assert.deepEqual([loop.running, ended], [false, []]);
    wait.callback();
    assert.deepEqual([ended, clock.getDelayedCalls()], [["stopped"], []]);
  });

  test("ends with what the function throws, in the first call or a later one", () => {
    const error = new Error("from the call");
    for (const callAt of [0, 2]) {
      const { clock, loop, ended } = fixture(() => {
        if (clock.now() === callAt) throw error;
      });
      track(loop.start(2), ended);
      clock.advance(9);
      assert.deepEqual([ended, loop.running, clock.getDelayedCalls()], [[error], false, []]);
    }
  });

  test("ends with what the function's Deferred fails with", () => {
    const error = new Error("from the Deferred");
    const { loop, ended } = fixture(() => fail(error));
    track(loop.start(2), ended);
    assert.deepEqual([ended, loop.running], [[error], false]);
  });

  test("reset() begins the intervals anew", () => {
    const { clock, seen, loop } = fixture();
    loop.start(4);
    clock.advance(3);
    loop.reset();
    clock.advance(9);
    assert.deepEqual(seen, [0, 7, 11]);
  });

  test("reset() does nothing while a call is at hand", () => {
    const wait = new Deferred<void>();
    const { clock, seen, loop } = fixture(() => wait);
    loop.start(4);
    clock.advance(3);
    loop.reset();
    wait.callback();
    clock.advance(1);
    assert.deepEqual(seen, [0, 4]);
  });

  test("can be started again once it has ended, with another interval and from another time", () => {
    const { clock, seen, loop, ended } = fixture();
    loop.start(2);
    clock.advance(1);
    loop.stop();
    track(loop.start(5), ended);
    clock.advance(5);
    assert.deepEqual([seen, ended], [[0, 1, 6], []]);
  });

  test("refuses a start while it runs or while its last call goes on, and other calls while it does not", () => {
    const wait = new Deferred<void>();
    const { loop } = fixture(() => wait);
    assert.throws(() => loop.stop(), {
      name: "LoopingCallStateError",
      message: "Cannot stop the loop: it does not run",
    });
    assert.throws(() => loop.reset(), /^LoopingCallStateError: Cannot reset the loop: it does not run$/);
    loop.start(1);
    assert.throws(() => loop.start(1), /^LoopingCallStateError: Cannot start the loop: it runs already$/);
    loop.stop();
    assert.throws(() => loop.start(1), /Cannot start the loop: its last call has not ended/);
    wait.callback();
    loop.start(1);
    assert.throws(() => loop.start(1), LoopingCallStateError);
  });

  test("refuses an interval that is negative or no number", () => {
    const { loop } = fixture();
    for (const ms of [-1, Number.NaN]) assert.throws(() => loop.start(ms), RangeError);
    assert.equal(loop.running, false);
  });

  test("is stopped by disposal, which is no error if it does not run", () => {
    const { clock, loop } = fixture();
    {
      using running = loop;
      running.start(1);
    }
    loop[Symbol.dispose]();
    assert.deepEqual([loop.running, clock.getDelayedCalls()], [false, []]);
  });
});

describe("LoopingCall.withCount", () => {
  test("tells how many intervals went by", () => {
    const { clock, counts, counted } = fixture();
    counted.start(1);
    clock.advance(1);
    for (const ms of [3.5, 0.5]) {
      clock.stall(ms);
      clock.advance(0);
    }
    assert.deepEqual(counts, [1, 1, 3, 1]);
  });

  test("counts from the start if the first call waits, and anew from every start", () => {
    const { clock, counts, counted } = fixture();
    counted.start(2, { runNow: false });
    clock.stall(5);
    clock.advance(0);
    counted.stop();
    clock.advance(50);
    counted.start(2);
    assert.deepEqual(counts, [2, 1]);
  });

  test("is always 1 with an interval of 0", () => {
    const { clock, counts, counted } = fixture();
    counted.start(0);
    clock.stall(10);
    clock.callLater(0, () => counted.stop());
    clock.advance(0);
    assert.deepEqual(counts, [1, 1]);
  });

  test("counts what went by before a reset as whole intervals", () => {
    const { clock, counts, counted } = fixture();
    counted.start(2);
    clock.stall(9);
    counted.reset();
    clock.advance(2);
    assert.deepEqual(counts, [1, 5]);
  });

  test("counts from a reset that comes before the first call", () => {
    const { clock, counts, counted } = fixture();
    counted.start(4, { runNow: false });
    clock.advance(3);
    counted.reset();
    clock.advance(1);
    counted.reset();
    clock.stall(5);
    clock.advance(0);
    assert.deepEqual(counts, [1]);
  });

  test("never counts an interval twice or not at all where numbers are rounded or timers come early", () => {
    const early = new EarlyClock();
    const counts: number[] = [];
    LoopingCall.withCount(early, (count) => void counts.push(count)).start(0.7);
    for (let n = 0; n < 1_000; n += 1) early.step();
    assert.deepEqual(new Set(counts), new Set([1]));
    assert.equal(counts.length, 1_001);
  });
});

describe("cancelling what start() returned", () => {
  test("stops the loop and fails with a CancelledError", () => {
    const { clock, loop, ended } = fixture();
    const done = loop.start(2);
    track(done, ended);
    done.cancel();
    assert.deepEqual([names(ended), loop.running, clock.getDelayedCalls()], [["AbortError"], false, []]);
  });

  test("cancels what the function returned", () => {
    const cancelled: string[] = [];
    const { loop, ended } = fixture(() => new Deferred<void>(() => void cancelled.push("inner")));
    const done = loop.start(2);
    track(done, ended);
    done.cancel();
    assert.deepEqual([cancelled, names(ended), loop.running], [["inner"], ["AbortError"], false]);
    loop.start(2);
  });

  test("is a success if the function's Deferred makes one of it", () => {
    const { clock, loop, ended } = fixture(() => new Deferred<void>((inner) => inner.callback()));
    const done = loop.start(2);
    track(done, ended);
    done.cancel();
    assert.deepEqual([ended, clock.getDelayedCalls()], [["stopped"], []]);
  });

  test("inside a call lets that call end", () => {
    let done: Deferred<void> = succeed();
    const { clock, loop, ended } = fixture(() => done.cancel());
    done = loop.start(2, { runNow: false });
    track(done, ended);
    clock.advance(2);
    assert.deepEqual([names(ended), loop.running, clock.getDelayedCalls()], [["AbortError"], false, []]);
  });

  test("does not swallow what the call at hand throws afterwards", () => {
    using logs = captureLogs();
    const error = new Error("after the cancel");
    let done: Deferred<void> = succeed();
    const { clock, loop, ended } = fixture(() => {
      done.cancel();
      throw error;
    });
    done = loop.start(2, { runNow: false });
    track(done, ended);
    clock.pump([2, 0, 0]);
    assert.deepEqual(names(ended), ["AbortError"]);
    assert.deepEqual(
      logs.events.map((event) => event["error"]),
      [error],
    );
  });
});

function fixture(f: () => unknown = () => {}): {
  clock: Clock;
  seen: number[];
  counts: number[];
  loop: LoopingCall;
  counted: LoopingCall;
  ended: unknown[];
} {
  const clock = new Clock();
  const seen: number[] = [];
  const counts: number[] = [];
  const loop = new LoopingCall(clock, () => {
    seen.push(clock.now());
    return f();
  });
  const counted = LoopingCall.withCount(clock, (count) => void counts.push(count));
  return { clock, seen, counts, loop, counted, ended: [] };
}

function track(done: Deferred<void>, ended: unknown[]): void {
  done.addCallbacks(
    () => void ended.push("stopped"),
    (error) => void ended.push(error),
  );
}

function names(errors: readonly unknown[]): string[] {
  return errors.map((error) => (error as Error).name);
}

async function settledPromises(): Promise<void> {
  for (let hop = 0; hop < 10; hop += 1) await null;
}

/** Makes its one call a little before it is due, as timers do whose clock has another resolution. */
class EarlyClock implements CoreClock {
  #nowMs = 0;
  #next: { readonly time: number; readonly f: () => void } | undefined;

  now(): number {
    return this.#nowMs;
  }

  callLater(ms: number, f: () => void): ReturnType<CoreClock["callLater"]> {
    this.#next = { time: this.#nowMs + ms, f };
    return { active: true, time: 0, cancel() {}, reset() {}, delay() {}, [Symbol.dispose]() {} };
  }

  step(): void {
    const next = this.#next;
    assert.ok(next !== undefined);
    this.#nowMs = Math.max(this.#nowMs, next.time - 0.01);
    next.f();
  }
}
