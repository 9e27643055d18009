import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../testing/clock.ts";
import { Deferred } from "./deferred.ts";
import { AlreadyCalledError, CancelledError, TimeoutError } from "./errors.ts";
import { errorOf, spy } from "./results.fixture.test.ts";
import { succeed } from "./succeed.ts";

const oops = new Error("oops");

test("cancel() without a canceller fails it with a CancelledError whose cause is the reason", () => {
  const d = new Deferred<void>();
  d.cancel("enough");
  const error = errorOf(d);
  assert.ok(error instanceof CancelledError);
  assert.equal(error.name, "AbortError");
  assert.equal(error.cause, "enough");
});

test("a cancellation without a reason has no cause", () => {
  const d = new Deferred<void>();
  d.cancel();
  assert.equal(Object.hasOwn(errorOf(d) as Error, "cause"), false);
});

test("after a cancel() without a canceller, one firing is passed over and the next throws", () => {
  const d = new Deferred<number>();
  d.cancel();
  errorOf(d);
  d.callback(1);
  assert.throws(() => d.callback(2), AlreadyCalledError);
});

test("cancel() calls the canceller with the Deferred, and fails it if that fires nothing", () => {
  const given: unknown[] = [];
  const d = new Deferred<number>((deferred) => given.push(deferred));
  d.cancel();
  assert.deepEqual(given, [d]);
  assert.ok(errorOf(d) instanceof CancelledError);
  assert.throws(() => d.callback(1), AlreadyCalledError);
});

test("a canceller may fire a value: then the cancellation is a success", () => {
  const seen: unknown[] = [];
  const d = new Deferred<string>((deferred) => deferred.callback("so far"));
  spy(d, seen);
  d.cancel();
  assert.deepEqual(seen, ["so far"]);
});

test("a canceller may fire an error of its own", () => {
  const d = new Deferred<string>((deferred) => deferred.errback(oops));
  d.cancel();
  assert.equal(errorOf(d), oops);
});

test("what a canceller throws comes out of cancel(), and the Deferred is as it was", () => {
  const d = new Deferred<string>(() => {
    throw oops;
  });
  assert.throws(() => d.cancel(), oops);
  assert.equal(d.called, false);
});

test("cancel() of one that waits for an inner one cancels that", () => {
  const inner = new Deferred<number>();
  const outer = succeed(1).addCallback(() => inner);
  outer.cancel("why");
  assert.equal((errorOf(outer) as Error).cause, "why");
});

test("cancel() of one that waits for a Promise fails it at once, and the Promise is forgotten", async () => {
  const outer = succeed(1).addCallback(() => Promise.reject(oops));
  outer.cancel();
  assert.ok(errorOf(outer) instanceof CancelledError);
  await new Promise(setImmediate);
});

test("cancel() of a settled one, or of a fired one that is paused, does nothing", () => {
  const seen: unknown[] = [];
  const settled = succeed(1);
  settled.cancel();
  spy(settled, seen);
  const paused = new Deferred<number>();
  paused.pause();
  paused.callback(2);
  paused.cancel();
  paused.unpause();
  spy(paused, seen);
  assert.deepEqual(seen, [1, 2]);
});

test("cancel() of Deferreds that wait for one another in a circle says so", () => {
  for (const length of [2, 3, 7]) {
    const circle = Array.from({ length }, () => new Deferred<unknown>());
    circle.forEach((d, index) => {
      d.addCallback(() => circle[(index + 1) % length]);
    });
    for (const d of circle) d.callback(0);
    assert.throws(() => (circle[0] as Deferred<unknown>).cancel(), /in a circle/);
  }
});

test("pause() and unpause() nest", () => {
  const seen: unknown[] = [];
  const d = new Deferred<number>();
  spy(d, seen);
  d.pause();
  d.pause();
  d.callback(1);
  d.unpause();
  assert.deepEqual(seen, []);
  d.unpause();
  assert.deepEqual(seen, [1]);
});

test("unpause() before the firing runs nothing", () => {
  const seen: unknown[] = [];
  const d = new Deferred<number>();
  spy(d, seen);
  d.pause();
  d.unpause();
  assert.deepEqual(seen, []);
  d.callback(1);
  assert.deepEqual(seen, [1]);
});

test("who returned a paused Deferred waits for its unpause()", () => {
  const seen: unknown[] = [];
  const inner = succeed("held");
  inner.pause();
  spy(
    succeed(0).addCallback(() => inner),
    seen,
  );
  assert.deepEqual(seen, []);
  inner.unpause();
  assert.deepEqual(seen, ["held"]);
});

test("an outer Deferred that is paused when its inner one fires gets the result, and runs when unpaused", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  const outer = succeed(0).addCallback(() => inner);
  spy(outer, seen);
  outer.pause();
  inner.callback("x");
  assert.deepEqual(seen, []);
  outer.unpause();
  assert.deepEqual(seen, ["x"]);
});

test("a Deferred that hands its result to a paused one stops there, until somebody runs it again", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  const outer = succeed(0).addCallback(() => inner);
  outer.pause();
  spy(inner, seen, "inner");
  inner.callback("x");
  assert.deepEqual(seen, []);
  spy(inner, seen, "later");
  assert.deepEqual(seen, ["inner undefined", "later undefined"]);
});

test("a Deferred that handed its result on waits with one that was paused meanwhile", () => {
  const seen: unknown[] = [];
  const [inner, middle] = [new Deferred<string>(), new Deferred<string>()];
  middle.addCallback(() => inner);
  const outer = succeed(0).addCallback(() => middle);
  middle.callback("");
  spy(inner, seen, "inner");
  outer.addCallback(() => {
    seen.push("outer");
    middle.pause();
  });
  inner.callback("x");
  assert.deepEqual(seen, ["outer"]);
  spy(inner, seen, "later");
  assert.deepEqual(seen, ["outer", "inner undefined", "later undefined"]);
});

test("one unpause() too many shows the links what is waited for, and a pass-by waits again", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  const outer: Deferred<unknown> = succeed(0).addCallback(() => inner);
  outer.addErrback(() => assert.fail("there is no error"));
  outer.unpause();
  spy(outer, seen);
  inner.callback("x");
  assert.deepEqual(seen, ["x"]);
});

test("addTimeout fails with TimeoutError when the time is over", () => {
  const clock = new Clock();
  const d = new Deferred<string>().addTimeout(50, clock);
  clock.advance(49);
  assert.equal(d.called, false);
  clock.advance(1);
  const error = errorOf(d);
  assert.ok(error instanceof TimeoutError);
  assert.equal(error.timeoutMs, 50);
  assert.equal(error.message, "The Deferred had no result within 50 ms");
  assert.ok(error.cause instanceof CancelledError);
});

test("addTimeout leaves no timer once there is a result", () => {
  const clock = new Clock();
  const [early, late, failed] = [succeed(1), new Deferred<number>(), new Deferred<number>()];
  for (const d of [early, late, failed]) d.addTimeout(50, clock);
  late.callback(1);
  failed.errback(oops);
  assert.equal(errorOf(failed), oops);
  assert.deepEqual(clock.getDelayedCalls(), []);
});

test("addTimeout covers the links added before it, not those after it", () => {
  const clock = new Clock();
  const [before, after] = [new Deferred<void>(), new Deferred<void>()];
  const d = succeed(0)
    .addCallback(() => before)
    .addTimeout(50, clock)
    .addCallback(() => after);
  clock.advance(49);
  before.callback();
  clock.advance(1_000);
  assert.equal(d.inspect().state, "waiting");
});

test("a value that the canceller supplied wins over addTimeout's error, and so does an error", () => {
  const clock = new Clock();
  const seen: unknown[] = [];
  spy(new Deferred<string>((d) => d.callback("so far")).addTimeout(5, clock), seen);
  const failed = new Deferred<string>((d) => d.errback(oops)).addTimeout(5, clock);
  clock.advance(5);
  assert.deepEqual(seen, ["so far"]);
  assert.equal(errorOf(failed), oops);
});

test("a cancellation before the time is over stays a CancelledError", () => {
  const d = new Deferred<string>().addTimeout(5, new Clock());
  d.cancel();
  assert.ok(errorOf(d) instanceof CancelledError);
});
