import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { captureLogs } from "../log/observers.ts";
import { Deferred } from "./deferred.ts";
import { CancelledError } from "./errors.ts";
import { errorOf } from "./results.fixture.test.ts";
import { succeed } from "./succeed.ts";

const oops = new Error("oops");

test("abortable cancels when the signal aborts, with its reason as the cause", () => {
  const controller = new AbortController();
  const d = new Deferred<void>().abortable(controller.signal);
  controller.abort(oops);
  const error = errorOf(d);
  assert.ok(error instanceof CancelledError);
  assert.equal(error.cause, oops);
});

test("abortable cancels at once if the signal has aborted", () => {
  assert.ok(errorOf(new Deferred<void>().abortable(AbortSignal.abort())) instanceof CancelledError);
});

test("abortable lets go of the signal when there is a result, and when the signal aborts", () => {
  const controller = new AbortController();
  const [value, failed, third] = [new Deferred<number>(), new Deferred<number>(), new Deferred<number>()];
  for (const d of [value, failed, third]) d.abortable(controller.signal);
  assert.equal(getEventListeners(controller.signal, "abort").length, 1, "one listener serves all");
  value.callback(1);
  failed.errback(oops);
  assert.equal(errorOf(failed), oops);
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  third.callback(3);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  assert.deepEqual([value.inspect().result, third.inspect().result], [1, 3]);
});

test("a signal that was let go of serves again", () => {
  const controller = new AbortController();
  const first = new Deferred<void>().abortable(controller.signal);
  first.callback();
  const second = new Deferred<void>().abortable(controller.signal);
  controller.abort();
  assert.ok(errorOf(second) instanceof CancelledError);
});

test("abortable does nothing without a signal, or with a result in hand", () => {
  const controller = new AbortController();
  const d = new Deferred<number>();
  assert.equal(d.abortable(undefined), d);
  succeed(1).abortable(controller.signal);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("what a canceller throws at an abort is logged, and the others are cancelled all the same", () => {
  using logs = captureLogs();
  const controller = new AbortController();
  new Deferred<void>(() => {
    throw oops;
  }).abortable(controller.signal);
  const other = new Deferred<void>().abortable(controller.signal);
  controller.abort();
  assert.ok(errorOf(other) instanceof CancelledError);
  assert.equal(logs.events[0]?.["error"], oops);
});
