import { createHash } from "node:crypto";
import type { Deferred } from "../core/deferred/deferred.ts";
import { fail, maybeDeferred } from "../core/deferred/succeed.ts";
import type { Clock } from "../core/time/clock.ts";
import { LoginFailed, LoginThrottled } from "./errors.ts";

/** How many wrong logins are borne. */
export interface LoginThrottleOptions {
  /** Wrong logins in a row that cost nothing; default 10: people try their old passwords first. */
  readonly maxFailures?: number | undefined;
  /** After how long one of them is forgotten; default 30 000 ms: 2 880 guesses a day, where a good password takes millions. */
  readonly forgetMs?: number | undefined;
  /** Keys that are remembered; default 10 000, some megabytes. Of more, those are forgotten that failed the longest ago. */
  readonly maxKeys?: number | undefined;
}

/**
 * Slows down whoever guesses: each key (an address, or an address and a name) has so many wrong logins, and gets one back every
 * `forgetMs`. An attempt counts while it runs, so that a thousand at a time are no way round; if it was right, or could not be
 * checked, it is taken back.
 *
 * A name alone is a bad key: anybody could shut its owner out.
 *
 * @example
 * ```ts
 * import { LoginFailed, LoginThrottle } from "ropewalk/cred";
 * import { fail } from "ropewalk";
 * import { Clock } from "ropewalk/testing";
 *
 * const throttle = new LoginThrottle(new Clock(), { maxFailures: 1 });
 * const guess = () => throttle.attempt("192.0.2.1", () => fail(new LoginFailed()));
 * await guess().addErrback((error: Error) => console.log(error.name)); // LoginFailed
 * await guess().addErrback((error: Error) => console.log(error.name)); // LoginThrottled
 * ```
 */
export class LoginThrottle {
  readonly #clock: Pick<Clock, "now">;
  readonly #maxFailures: number;
  readonly #forgetMs: number;
  readonly #maxKeys: number;
  /** When all failures of a key will be forgotten. Those that failed last come last. */
  readonly #clearMs = new Map<string, number>();

  /** @throws RangeError for a number that is not positive. */
  constructor(clock: Pick<Clock, "now">, options: LoginThrottleOptions = {}) {
    const { maxFailures = DEFAULT_MAX_FAILURES, forgetMs = DEFAULT_FORGET_MS, maxKeys = DEFAULT_MAX_KEYS } = options;
    for (const [name, value] of Object.entries({ maxFailures, forgetMs, maxKeys })) {
      if (!(value > 0)) throw new RangeError(`Cannot throttle logins with ${name} = ${value}: give a positive number`);
    }
    this.#clock = clock;
    this.#maxFailures = maxFailures;
    this.#forgetMs = forgetMs;
    this.#maxKeys = maxKeys;
  }

  /** Calls `login` and gives its result, or fails with {@link LoginThrottled} and does not call it. */
  attempt<T>(key: string, login: () => T | PromiseLike<T>): Deferred<T> {
    const short = shortened(key);
    const waitMs = this.#waitMs(short);
    if (waitMs > 0) return fail(new LoginThrottled(waitMs));
    this.#move(short, this.#forgetMs);
    return maybeDeferred(login).addCallbacks(
      (value) => {
        this.#move(short, -this.#forgetMs);
        return value;
      },
      (error) => {
        if (!(error instanceof LoginFailed)) this.#move(short, -this.#forgetMs);
        throw error;
      },
    );
  }

  /** How long this key has to wait until its next attempt; 0 if it need not. */
  waitMs(key: string): number {
    return this.#waitMs(shortened(key));
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#clearMs.size;
  }

  #waitMs(key: string): number {
    const clearMs = this.#clearMs.get(key);
    if (clearMs === undefined) return 0;
    return Math.max(0, clearMs - this.#clock.now() - (this.#maxFailures - 1) * this.#forgetMs);
  }

  #move(key: string, byMs: number): void {
    const now = this.#clock.now();
    const clearMs = Math.max(now, this.#clearMs.get(key) ?? now) + byMs;
    this.#clearMs.delete(key);
    if (clearMs <= now) return;
    this.#clearMs.set(key, clearMs);
    if (this.#clearMs.size > this.#maxKeys) this.#clearMs.delete(this.#clearMs.keys().next().value as string);
  }
}

/** Keys come from outside; a long one takes no more room than another. */
function shortened(key: string): string {
  return key.length <= MAX_KEY_CHARACTERS ? key : createHash("sha256").update(key).digest("base64");
}

const MAX_KEY_CHARACTERS = 64;
const DEFAULT_MAX_FAILURES = 10;
const DEFAULT_FORGET_MS = 30_000;
const DEFAULT_MAX_KEYS = 10_000;
