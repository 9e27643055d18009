import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { Clock } from "../../testing/clock.ts";
import { TimeoutError } from "../deferred/errors.ts";
import { Deadline } from "./deadline.ts";

test("aborts its signal with a TimeoutError when the time is up", () => {
  const clock = new Clock({ startMs: 100 });
  const deadline = new Deadline(clock, 5);
  clock.advance(4);
  assert.deepEqual([deadline.remainingMs, deadline.expired, deadline.signal.aborted], [1, false, false]);
  clock.advance(1);
  assert.deepEqual([deadline.remainingMs, deadline.expired, deadline.signal.aborted], [0, true, true]);
  assert.ok(deadline.signal.reason instanceof TimeoutError);
  assert.equal(deadline.signal.reason.timeoutMs, 5);
  clock.advance(100);
  assert.equal(deadline.remainingMs, 0);
});

test("has expired when its time is up, even if the turn that aborts it is late", () => {
  const clock = new Clock();
  const deadline = new Deadline(clock, 5);
  clock.stall(6);
  assert.deepEqual([deadline.expired, deadline.signal.aborted], [true, false]);
});

test("aborts with the outer signal's own reason, and lets go of the clock", () => {
  const clock = new Clock();
  const outer = new AbortController();
  const deadline = new Deadline(clock, 5, outer.signal);
  outer.abort("never mind");
  assert.deepEqual([deadline.signal.aborted, deadline.signal.reason], [true, "never mind"]);
  assert.deepEqual([clock.getDelayedCalls(), getEventListeners(outer.signal, "abort")], [[], []]);
  assert.equal(deadline.expired, false);
});

test("is aborted from the start if the outer signal is", () => {
  const clock = new Clock();
  const deadline = new Deadline(clock, 5, AbortSignal.abort("too late"));
  assert.deepEqual([deadline.signal.reason, clock.getDelayedCalls()], ["too late", []]);
});

test("lets go of the outer signal when the time is up, and keeps its own reason", () => {
  const clock = new Clock();
  const outer = new AbortController();
  const deadline = new Deadline(clock, 5, outer.signal);
  clock.advance(5);
  assert.deepEqual(getEventListeners(outer.signal, "abort"), []);
  outer.abort("afterwards");
  assert.ok(deadline.signal.reason instanceof TimeoutError);
});

test("leaves nothing behind when disposed, and does not abort any more", () => {
  const clock = new Clock();
  const outer = new AbortController();
  let signal: AbortSignal;
  {
    using deadline = new Deadline(clock, 5, outer.signal);
    signal = deadline.signal;
    assert.equal(getEventListeners(outer.signal, "abort").length, 1);
  }
  assert.deepEqual([clock.getDelayedCalls(), getEventListeners(outer.signal, "abort")], [[], []]);
  clock.advance(9);
  outer.abort();
  assert.equal(signal.aborted, false);
});

test("refuses a time that is negative or no number, and touches nothing then", () => {
  const outer = new AbortController();
  for (const ms of [-1, Number.NaN]) assert.throws(() => new Deadline(new Clock(), ms, outer.signal), RangeError);
  assert.deepEqual(getEventListeners(outer.signal, "abort"), []);
});
