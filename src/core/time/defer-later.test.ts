import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../testing/clock.ts";
import { Deferred } from "../deferred/deferred.ts";
import { CancelledError } from "../deferred/errors.ts";
import { succeed } from "../deferred/succeed.ts";
import { deferLater } from "./defer-later.ts";

test("fires with nothing after the time, or with what the function returns then", () => {
  const clock = new Clock();
  const seen: unknown[] = [];
  const plain: Deferred<void> = deferLater(clock, 5);
  plain.addCallback((value) => void seen.push(value));
  const typed: Deferred<number> = deferLater(clock, 5, () => clock.now());
  typed.addCallback((value) => void seen.push(value));
  deferLater(clock, 5, () => succeed("inner")).addCallback((value) => void seen.push(value));
  clock.advance(4);
  assert.deepEqual(seen, []);
  clock.advance(1);
  assert.deepEqual(seen, [undefined, 5, "inner"]);
});

test("fails with what the function throws", () => {
  const clock = new Clock();
  const seen: unknown[] = [];
  const error = new Error("from the function");
  deferLater(clock, 0, () => {
    throw error;
  }).addErrback((failure) => void seen.push(failure));
  clock.advance(0);
  assert.deepEqual(seen, [error]);
});

test("leaves the clock when cancelled, and the function uncalled", () => {
  const clock = new Clock();
  const seen: unknown[] = [];
  const later = deferLater(clock, 5, () => assert.fail());
  later.addErrback((failure) => void seen.push(failure instanceof CancelledError));
  later.cancel();
  assert.deepEqual([seen, clock.getDelayedCalls()], [[true], []]);
});

test("cancels what the function returned when cancelled after the time", () => {
  const clock = new Clock();
  const seen: unknown[] = [];
  const later = deferLater(clock, 5, () => new Deferred((inner) => inner.callback("cut short")));
  later.addCallback((value) => void seen.push(value));
  clock.advance(5);
  later.cancel();
  assert.deepEqual(seen, ["cut short"]);
});

test("refuses a negative time", () => {
  assert.throws(() => deferLater(new Clock(), -1), RangeError);
});
