import {
  abort,
  type Chain,
  chainOf,
  type Delegate,
  delegateCancel,
  hasFailed,
  isObject,
  isSettled,
  type Listener,
  listen,
  runSettled,
  settle,
  take,
} from "./chain.ts";
import { Deferred } from "./deferred.ts";
import { fail } from "./succeed.ts";
import { reportUnhandled } from "./unhandled.ts";

/** What a coroutine is made of: a generator that yields what it waits for and returns the result. */
export type CoroutineBody<R> = Generator<unknown, R | PromiseLike<R>, unknown>;

/**
 * Runs a generator function that waits by `yield*`: straight-line code over Deferreds. It starts at once and runs
 * without a pause as long as what it waits for is there; errors are thrown where it waits.
 *
 * `yield* deferred` has the type of the value. A plain `yield` takes Promises too and gives back any other thing as it is,
 * but TypeScript knows nothing of the result.
 *
 * `cancel()` of the Deferred that comes back cancels what the coroutine waits for at the time. A coroutine that catches
 * the CancelledError goes on, and can be cancelled again.
 *
 * Arguments follow the function; a generator that is made already will do as well, and that is the way to call a method.
 *
 * @example
 * ```ts
 * const sum = coroutine(function* () {
 *   const a = yield* succeed(1);
 *   const b = yield* succeed(2);
 *   return a + b;
 * });
 * sum.addCallback((n) => console.log(n)); // 3
 *
 * class Store {
 *   load(key: string) {
 *     return coroutine(this.#load(key));
 *   }
 *   *#load(key: string) {
 *     return `${key} is ${yield* succeed("loaded")}`;
 *   }
 * }
 * new Store().load("it").addCallback((text) => console.log(text)); // it is loaded
 * ```
 */
export function coroutine<R, A extends unknown[]>(body: (...args: A) => CoroutineBody<R>, ...args: A): Deferred<R>;
export function coroutine<R>(body: CoroutineBody<R>): Deferred<R>;
export function coroutine<R, A extends unknown[]>(
  body: CoroutineBody<R> | ((...args: A) => CoroutineBody<R>),
  ...args: A
): Deferred<R> {
  let generator: CoroutineBody<R>;
  try {
    generator = typeof body === "function" ? body(...args) : body;
  } catch (error) {
    return fail(error);
  }
  if (!isObject(generator) || typeof generator.next !== "function") {
    throw new TypeError("Cannot run as a coroutine: give a generator function, or a generator");
  }
  const deferred = new Deferred<R>();
  const running = new Coroutine(generator, deferred);
  runSettled(running.resume(undefined, false));
  return deferred;
}

class Coroutine implements Listener, Delegate {
  readonly #generator: CoroutineBody<unknown>;
  readonly #deferred: Chain;
  #waitingFor: Chain | undefined = undefined;
  #cancelNext: { readonly reason: unknown } | undefined = undefined;
  #isAsking = false;
  #answer: Answer | undefined = undefined;

  constructor(generator: CoroutineBody<unknown>, deferred: Chain) {
    this.#generator = generator;
    this.#deferred = deferred;
    delegateCancel(deferred, this);
  }

  settled(source: Chain): Chain | undefined {
    this.#waitingFor = undefined;
    const failed = hasFailed(source);
    const result = take(source);
    if (!this.#isAsking) return this.resume(result, failed);
    this.#answer = { result, failed };
    return undefined;
  }

  cancelled(_deferred: Chain, reason: unknown): Chain | undefined {
    // While the body runs there is nothing to cancel yet: the next wait will be.
    if (this.#waitingFor === undefined) this.#cancelNext = { reason };
    return this.#waitingFor;
  }

  /** Runs the body until it waits, or is through; then returns the Deferred of its result, for its links to be run. */
  resume(sent: unknown, failed: boolean): Chain | undefined {
    for (;;) {
      try {
        const step = failed ? this.#generator.throw(sent) : this.#generator.next(sent);
        if (step.done) return settle(this.#deferred, step.value, false);
        sent = step.value;
      } catch (error) {
        return settle(this.#deferred, error, true);
      }
      failed = false;
      if (!isObject(sent)) continue;
      let awaited: Chain | undefined;
      try {
        awaited = chainOf(sent);
      } catch (error) {
        sent = error;
        failed = true;
      }
      if (awaited === undefined) continue;
      if (isSettled(awaited)) {
        failed = hasFailed(awaited);
        sent = take(awaited);
      } else {
        const answer = this.#ask(awaited);
        if (answer === undefined) return undefined;
        failed = answer.failed;
        sent = answer.result;
      }
    }
  }

  // It may answer at once: if it had links left that nobody had run, or if this wait was cancelled before it began. The
  // body goes on when those links are through.
  #ask(awaited: Chain): Answer | undefined {
    const cancel = this.#cancelNext;
    this.#cancelNext = undefined;
    this.#waitingFor = awaited;
    this.#isAsking = true;
    listen(awaited, this);
    try {
      if (cancel !== undefined) abort(awaited, cancel.reason);
    } catch (error) {
      // A canceller threw, and who called cancel() has gone on long since.
      reportUnhandled(error, this.#deferred);
    }
    this.#isAsking = false;
    const answer = this.#answer;
    this.#answer = undefined;
    return answer;
  }
}

interface Answer {
  readonly result: unknown;
  readonly failed: boolean;
}
