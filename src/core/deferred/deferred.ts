import type { Clock } from "../time/clock.ts";
import { cancelOnAbort } from "./abortable.ts";
import {
  Chain,
  FIRED,
  hasFailed,
  isObject,
  isSettled,
  isThenable,
  type Listener,
  listen,
  peek,
  settle,
  take,
} from "./chain.ts";
import { CancelledError, TimeoutError } from "./errors.ts";

/**
 * A result that is not here yet, and the links that wait for it.
 *
 * Whoever starts something makes a Deferred, hands it out, and later *fires* it, once: `callback(value)` or
 * `errback(error)`. Whoever gets it adds links. Links run in order and **at once**: inside `callback`, or inside
 * `addCallback` if the result is there already. What a link returns is the result for the next link; what it throws
 * is the error for the next error link; a Deferred or Promise that it returns is waited for.
 *
 * `addCallback` and its like change this very Deferred and return it, with the type of its new result: a Deferred is one
 * chain, not a tree. `await d` works, and so does `yield* d` in a {@link coroutine}.
 *
 * An error that nobody takes is logged as `Unhandled error in Deferred`.
 *
 * @example
 * ```ts
 * const d = new Deferred<number>();
 * d.addCallback((n) => n * 2)
 *   .addCallback((n) => `twice is ${n}`)
 *   .addCallback((text) => console.log(text));
 * d.callback(21); // prints "twice is 42" before it returns
 * ```
 */
export class Deferred<T> extends Chain implements PromiseLike<T> {
  /**
   * @param canceller what `cancel()` calls to stop the work. It may fire the Deferred itself, with a value too; if it
   *   does not, `cancel` fails the Deferred with a {@link CancelledError}.
   */
  constructor(canceller?: (deferred: Deferred<T>) => void) {
    super(canceller);
  }

  /** True once it was fired, even if links still wait for something. */
  get called(): boolean {
    return (this.flags & FIRED) !== 0;
  }

  /**
   * Fires with a value.
   *
   * @throws AlreadyCalledError if it was fired before; but the first firing after a `cancel()` that had no canceller to
   *   call is passed over in silence.
   * @throws TypeError if `value` is itself a Deferred or Promise: return that from a link, or use `maybeDeferred`.
   */
  callback(value: T): void {
    if (isObject(value) && isThenable(value)) {
      throw new TypeError("Cannot fire a Deferred with a Deferred or Promise: return it from a link instead");
    }
    this.fire(value, false);
  }

  /**
   * Fires with an error, which should be an `Error`.
   *
   * @throws AlreadyCalledError as `callback` does.
   */
  errback(error: unknown): void {
    this.fire(error, true);
  }

  /**
   * Adds a link for a value; an error passes it by.
   *
   * @example
   * ```ts
   * succeed(2).addCallback((n) => n + 1).addCallback((n) => console.log(n)); // 3
   * ```
   */
  addCallback<U>(onValue: (value: T) => U | PromiseLike<U>): Deferred<U> {
    this.append(onValue as (value: unknown) => unknown, undefined);
    return this as unknown as Deferred<U>;
  }

  /**
   * Adds a link for an error; a value passes it by. What it returns is a value again.
   *
   * @example
   * ```ts
   * fail(new Error("no disk")).addErrback((error: Error) => `was: ${error.message}`).addCallback(console.log);
   * ```
   */
  addErrback<U, E = unknown>(onError: (error: E) => U | PromiseLike<U>): Deferred<T | U> {
    this.append(undefined, onError as (error: unknown) => unknown);
    return this as unknown as Deferred<T | U>;
  }

  /** Adds a link for either, as a `finally` that can change the result. */
  addBoth<U, R = unknown>(onResult: (result: R) => U | PromiseLike<U>): Deferred<U> {
    const step = onResult as (result: unknown) => unknown;
    this.append(step, step);
    return this as unknown as Deferred<U>;
  }

  /** Adds one link with two sides: `onError` does not see what `onValue` throws. Either may be left out. */
  addCallbacks<U = T, V = never, E = unknown>(
    onValue: ((value: T) => U | PromiseLike<U>) | undefined | null,
    onError?: ((error: E) => V | PromiseLike<V>) | undefined | null,
  ): Deferred<U | V> {
    this.append(
      (onValue ?? undefined) as ((value: unknown) => unknown) | undefined,
      (onError ?? undefined) as ((error: unknown) => unknown) | undefined,
    );
    return this as unknown as Deferred<U | V>;
  }

  /** Holds the links back until `unpause()` was called as often as `pause()`. */
  pause(): void {
    this.pauses += 1;
  }

  /** Takes one `pause()` back. */
  unpause(): void {
    this.pauses -= 1;
    if (this.pauses === 0 && this.called) this.run();
  }

  /**
   * Says that nobody wants the result any more.
   *
   * - Not fired yet: calls the canceller; if that fires nothing, or there is none, fails with a {@link CancelledError}
   *   that has `reason` as its cause. What the canceller throws comes out here.
   * - Waiting for a Deferred that a link returned: cancels that one.
   * - Otherwise: nothing.
   *
   * @example
   * ```ts
   * const d = new Deferred<string>((d) => d.callback("what we have so far"));
   * d.addCallback((text) => console.log(text));
   * d.cancel(); // prints "what we have so far"
   * ```
   */
  cancel(reason?: unknown): void {
    this.abort(reason);
  }

  /**
   * Cancels this Deferred unless it has a result within `ms` milliseconds of `clock`, links that were added before this
   * call included. The CancelledError that comes of it turns into a {@link TimeoutError}; another error, or a value that
   * a canceller supplied, stays.
   *
   * @example
   * ```ts
   * import { Deferred } from "ropewalk";
   * import { Clock } from "ropewalk/testing";
   *
   * const clock = new Clock();
   * const d = new Deferred<string>().addTimeout(5_000, clock);
   * d.addErrback((error: Error) => console.log(error.message)); // The Deferred had no result within 5000 ms
   * clock.advance(5_000);
   * ```
   */
  addTimeout(ms: number, clock: Pick<Clock, "callLater">): Deferred<T> {
    let timedOut = false;
    const timeout = clock.callLater(ms, () => {
      timedOut = true;
      this.cancel();
    });
    const stop = () => {
      if (timeout.active) timeout.cancel();
    };
    return this.addCallbacks(
      (value) => {
        stop();
        return value;
      },
      (error) => {
        stop();
        throw timedOut && error instanceof CancelledError ? new TimeoutError(ms, { cause: error }) : error;
      },
    );
  }

  /**
   * Cancels this Deferred when `signal` aborts, or now if it has: the signal's reason is the cause of the CancelledError.
   * Lets go of the signal as soon as there is a result, links that were added before this call included. Without a signal
   * it does nothing.
   *
   * @example
   * ```ts
   * const hurry = new AbortController();
   * const d = new Deferred<string>().abortable(hurry.signal);
   * d.addErrback((error: Error) => console.log(error.name)); // AbortError
   * hurry.abort();
   * ```
   */
  abortable(signal: AbortSignal | undefined): Deferred<T> {
    if (signal === undefined || isSettled(this)) return this;
    const letGo = cancelOnAbort(this, signal);
    return this.addCallbacks(
      (value) => {
        letGo();
        return value;
      },
      (error) => {
        letGo();
        throw error;
      },
    );
  }

  /**
   * What `await` calls. The listeners run at once like links; a value stays for the links that come later, an error is
   * consumed. For chains, `addCallback` says more and costs less.
   */
  // biome-ignore lint/suspicious/noThenProperty: being awaited is the point
  then<U = T, V = never>(
    onValue?: ((value: T) => U | PromiseLike<U>) | undefined | null,
    onError?: ((error: unknown) => V | PromiseLike<V>) | undefined | null,
  ): PromiseLike<U | V> {
    const next = new Deferred<U | V>();
    listen(this, new Branch(onValue as Step | undefined | null, onError as Step | undefined | null, next));
    return next;
  }

  /** Lets a coroutine say `yield* deferred`, with the type of the value. */
  [Symbol.iterator](): Iterator<Deferred<T>, T, unknown> {
    return new Wait<T>(this);
  }

  /**
   * What is known of it now, for tools and tests; nothing is changed by asking.
   *
   * @example
   * ```ts
   * succeed(1).inspect(); // { state: "value", result: 1, links: 0, pauses: 0 }
   * ```
   */
  inspect(): DeferredState {
    let links = 0;
    for (let link = this.head; link !== undefined; link = link.next) links += 1;
    return { state: this.#state(), result: this.result, links, pauses: this.pauses };
  }

  #state(): DeferredState["state"] {
    if (!this.called) return "unfired";
    if (this.result instanceof Chain) return "waiting";
    return hasFailed(this) ? "error" : "value";
  }
}

/** What {@link Deferred.inspect} tells. */
export interface DeferredState {
  /** `"waiting"`: fired, and a link returned a Deferred or Promise that has no result yet. */
  readonly state: "unfired" | "waiting" | "value" | "error";
  /** The value, the error, or what is waited for. */
  readonly result: unknown;
  /** How many links are still to run. */
  readonly links: number;
  /** How many times it is paused, a wait counting as one. */
  readonly pauses: number;
}

type Step = (result: unknown) => unknown;

/** What `then` adds: it calls one of two functions, and what that returns goes to another Deferred. */
class Branch implements Listener {
  readonly #onValue: Step | undefined | null;
  readonly #onError: Step | undefined | null;
  readonly #next: Chain;

  constructor(onValue: Step | undefined | null, onError: Step | undefined | null, next: Chain) {
    this.#onValue = onValue;
    this.#onError = onError;
    this.#next = next;
  }

  settled(source: Chain): Chain | undefined {
    const failed = hasFailed(source);
    const result = failed ? take(source) : peek(source);
    const step = failed ? this.#onError : this.#onValue;
    if (typeof step !== "function") return settle(this.#next, result, failed);
    try {
      return settle(this.#next, step(result), false);
    } catch (error) {
      return settle(this.#next, error, true);
    }
  }
}

/** The iterator behind `yield*`: a result that is there is returned at once, so that no coroutine has to be resumed. */
class Wait<T> implements Iterator<Deferred<T>, T, unknown> {
  #deferred: Deferred<T> | undefined;

  constructor(deferred: Deferred<T>) {
    this.#deferred = deferred;
  }

  next(sent?: unknown): IteratorResult<Deferred<T>, T> {
    const deferred = this.#deferred;
    if (deferred === undefined) return { done: true, value: sent as T };
    this.#deferred = undefined;
    if (!isSettled(deferred)) return { done: false, value: deferred };
    const failed = hasFailed(deferred);
    const result = take(deferred);
    if (failed) throw result;
    return { done: true, value: result as T };
  }

  throw(error: unknown): never {
    throw error;
  }
}
