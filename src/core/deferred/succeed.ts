import { adopt, isObject, isThenable } from "./chain.ts";
import { Deferred } from "./deferred.ts";

/**
 * A Deferred that has `value` already.
 *
 * @example
 * ```ts
 * succeed(20).addCallback((n) => console.log(n + 1)); // 21, at once
 * ```
 */
export function succeed<T>(value: T): Deferred<T>;
export function succeed(): Deferred<void>;
export function succeed(value?: unknown): Deferred<unknown> {
  const deferred = new Deferred<unknown>();
  deferred.callback(value);
  return deferred;
}

/**
 * A Deferred that has failed already.
 *
 * @example
 * ```ts
 * fail(new Error("not today")).addErrback((error: Error) => console.log(error.message));
 * ```
 */
export function fail(error: unknown): Deferred<never> {
  const deferred = new Deferred<never>();
  deferred.errback(error);
  return deferred;
}

/**
 * Calls `f`, and makes a Deferred of whatever comes of it: a value, a throw, a Promise; a Deferred comes back as it is.
 *
 * @example
 * ```ts
 * maybeDeferred(JSON.parse, "{").addErrback((error: Error) => console.log(error.name)); // SyntaxError
 * ```
 */
export function maybeDeferred<T, A extends unknown[]>(f: (...args: A) => T | PromiseLike<T>, ...args: A): Deferred<T> {
  try {
    return toDeferred(f(...args));
  } catch (error) {
    return fail(error);
  }
}

/** A Deferred as it is, a Promise by a Deferred that follows it, anything else as a Deferred that has it. */
export function toDeferred<T>(value: T | PromiseLike<T>): Deferred<T> {
  if (value instanceof Deferred) return value;
  const deferred = new Deferred<T>();
  if (isObject(value) && isThenable(value)) adopt(value, deferred);
  else deferred.callback(value as T);
  return deferred;
}
