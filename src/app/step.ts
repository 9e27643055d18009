import type { CoroutineBody } from "../core/deferred/coroutine.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { TimeoutError } from "../core/deferred/errors.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import type { Clock, DelayedCall } from "../core/time/clock.ts";

/** A call of a service's start or stop, on its way. */
export class Step {
  readonly #verb: "start" | "stop";
  readonly #result: Deferred<unknown>;
  readonly #isDeferred: boolean;
  #limit: DelayedCall | undefined;
  /** After how many ms it was given up. */
  #lateMs: number | undefined;

  constructor(verb: "start" | "stop", f: () => unknown) {
    this.#verb = verb;
    let returned: unknown;
    this.#result = maybeDeferred(() => {
      returned = f();
      return returned;
    });
    this.#isDeferred = returned instanceof Deferred;
  }

  /** Waits for its end. Throws what it fails with; a TimeoutError if that is a limit. */
  *wait(): CoroutineBody<void> {
    try {
      yield this.#result;
    } catch (error) {
      if (this.#lateMs === undefined) throw error;
      const message = `it did not ${this.#verb} within ${this.#lateMs} ms`;
      throw new TimeoutError(this.#lateMs, { message, cause: error });
    } finally {
      this.#limit?.[Symbol.dispose]();
    }
  }

  /** Waits no longer than this. */
  limit(timeoutMs: number, clock: Clock): void {
    if (this.#result.called) return;
    this.#limit = clock.callLater(timeoutMs, () => {
      this.#lateMs = timeoutMs;
      this.#result.cancel();
    });
  }

  /** Tells it to give up. A Promise cannot be told, and gets `timeoutMs` to come to an end. */
  interrupt(timeoutMs: number, clock: Clock): void {
    if (this.#isDeferred) this.#result.cancel();
    else this.limit(timeoutMs, clock);
  }
}
