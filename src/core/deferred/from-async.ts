import { type Chain, delegateCancel, hasFailed, type Listener, listen, settle, take } from "./chain.ts";
import { Deferred } from "./deferred.ts";
import { maybeDeferred } from "./succeed.ts";
import { reportUnhandled } from "./unhandled.ts";

/**
 * Calls an async function and makes a Deferred of it. To cancel the Deferred aborts the signal that the function was
 * given, with the reason of the cancellation, and fails at once with a CancelledError. Whatever the function makes of
 * it comes too late then: a value is dropped, and so is an AbortError; another error is reported as unhandled.
 *
 * @example
 * ```ts
 * const page = fromAsync((signal) => fetch("http://127.0.0.1:8000/", { signal }));
 * page.addErrback((error: Error) => console.log(error.name, error.cause)); // AbortError changed my mind
 * page.cancel("changed my mind");
 * ```
 */
export function fromAsync<T>(f: (signal: AbortSignal) => T | PromiseLike<T>): Deferred<T> {
  const controller = new AbortController();
  const deferred = new Deferred<T>();
  delegateCancel(deferred, {
    cancelled(chain, reason) {
      controller.abort(reason);
      return chain;
    },
  });
  listen(maybeDeferred(f, controller.signal), new Outcome(deferred, controller.signal));
  return deferred;
}

class Outcome implements Listener {
  readonly #deferred: Chain;
  readonly #signal: AbortSignal;

  constructor(deferred: Chain, signal: AbortSignal) {
    this.#deferred = deferred;
    this.#signal = signal;
  }

  settled(source: Chain): Chain | undefined {
    const failed = hasFailed(source);
    const result = take(source);
    if (!this.#signal.aborted) return settle(this.#deferred, result, failed);
    if (failed && !this.#isAbort(result)) reportUnhandled(result, this.#deferred);
    return undefined;
  }

  #isAbort(error: unknown): boolean {
    return error === this.#signal.reason || (error instanceof Error && error.name === "AbortError");
  }
}
