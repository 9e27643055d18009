import { Deferred } from "../deferred/deferred.ts";
import type { Clock } from "./clock.ts";

/**
 * Fires `ms` milliseconds from now, with what `f` returns then, if `f` is given; a Deferred or Promise from it is waited
 * for, and what it throws is the failure. Cancelling before that takes the call off the clock, and after that cancels
 * what `f` returned.
 *
 * @throws RangeError if `ms` is negative or not a number.
 *
 * @example
 * ```ts
 * import { deferLater } from "ropewalk";
 * import { Clock } from "ropewalk/testing";
 *
 * const clock = new Clock();
 * deferLater(clock, 500, () => "done").addCallback((text) => console.log(text));
 * clock.advance(500); // done
 * ```
 */
export function deferLater(clock: Clock, ms: number): Deferred<void>;
export function deferLater<T>(clock: Clock, ms: number, f: () => T | PromiseLike<T>): Deferred<T>;
export function deferLater<T>(clock: Clock, ms: number, f?: () => T | PromiseLike<T>): Deferred<T> | Deferred<void> {
  const later = new Deferred<void>(() => call.cancel());
  const call = clock.callLater(ms, () => later.callback());
  return f === undefined ? later : later.addCallback(f);
}
