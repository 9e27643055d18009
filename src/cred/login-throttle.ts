import { createHash } from "node:crypto";
import { Deferred } from "../core/deferred/deferred.ts";
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
  /** Attempts of one key that may wait for those that run; default 100, a page with all its pictures. */
  readonly maxWaiting?: number | undefined;
}

/**
 * Slows down whoever guesses: each key (an address, or an address and a name) has so many wrong logins, and gets one back every
 * `forgetMs`. No more attempts of a key run at a time than it has wrong ones left, so that a thousand at once are no way round;
 * the others wait for them. What was right, or could not be checked, costs nothing.
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
  readonly #maxWaiting: number;
  /** Those that were heard of last come last. */
  readonly #keys = new Map<string, KeyState>();

  /** @throws RangeError for a number that is not positive. */
  constructor(clock: Pick<Clock, "now">, options: LoginThrottleOptions = {}) {
    const { maxFailures = DEFAULT_MAX_FAILURES, forgetMs = DEFAULT_FORGET_MS } = options;
    const { maxKeys = DEFAULT_MAX_KEYS, maxWaiting = DEFAULT_MAX_WAITING } = options;
    for (const [name, value] of Object.entries({ maxFailures, forgetMs, maxKeys, maxWaiting })) {
      if (!(value > 0)) throw new RangeError(`Cannot throttle logins with ${name} = ${value}: give a positive number`);
    }
    this.#clock = clock;
    this.#maxFailures = maxFailures;
    this.#forgetMs = forgetMs;
    this.#maxKeys = maxKeys;
    this.#maxWaiting = maxWaiting;
  }

  /** Calls `login` and gives its result, or fails with {@link LoginThrottled} and does not call it. */
  attempt<T>(key: string, login: () => T | PromiseLike<T>): Deferred<T> {
    const short = shortened(key);
    const state = this.#keys.get(short) ?? { clearMs: 0, running: 0, waiting: [] };
    const left = this.#left(state);
    if (left === 0) return fail(new LoginThrottled(this.#waitMs(state)));
    this.#keys.delete(short);
    this.#keys.set(short, state);
    this.#forgetSome();
    if (state.running < left) return this.#run(short, state, login);
    if (state.waiting.length >= this.#maxWaiting) return fail(new LoginThrottled(this.#forgetMs));
    const turn = new Deferred<void>();
    state.waiting.push(turn);
    return turn.addCallback(() => this.#run(short, state, login));
  }

  /** How long this key has to wait until its next attempt; 0 if it need not. */
  waitMs(key: string): number {
    const state = this.#keys.get(shortened(key));
    return state === undefined ? 0 : this.#waitMs(state);
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#keys.size;
  }

  #run<T>(key: string, state: KeyState, login: () => T | PromiseLike<T>): Deferred<T> {
    state.running += 1;
    return maybeDeferred(login).addCallbacks(
      (value) => {
        this.#ended(key, state, false);
        return value;
      },
      (error) => {
        this.#ended(key, state, error instanceof LoginFailed);
        throw error;
      },
    );
  }

  #ended(key: string, state: KeyState, wasWrong: boolean): void {
    state.running -= 1;
    if (wasWrong) state.clearMs = Math.max(this.#clock.now(), state.clearMs) + this.#forgetMs;
    while (state.waiting.length > 0) {
      const left = this.#left(state);
      if (left > 0 && state.running >= left) return;
      // One that was cancelled in line lets this pass.
      const turn = state.waiting.shift() as Deferred<void>;
      if (left > 0) turn.callback();
      else turn.errback(new LoginThrottled(this.#waitMs(state)));
    }
    if (state.running === 0 && state.clearMs <= this.#clock.now()) this.#keys.delete(key);
  }

  /** How many wrong attempts this key may still make now. */
  #left({ clearMs }: KeyState): number {
    const spentMs = Math.max(0, clearMs - this.#clock.now());
    return Math.max(0, this.#maxFailures - Math.ceil(spentMs / this.#forgetMs));
  }

  #waitMs({ clearMs }: KeyState): number {
    return Math.max(0, clearMs - this.#clock.now() - (this.#maxFailures - 1) * this.#forgetMs);
  }

  #forgetSome(): void {
    if (this.#keys.size <= this.#maxKeys) return;
    for (const [key, { running }] of this.#keys) {
      if (running > 0) continue;
      this.#keys.delete(key);
      return;
    }
  }
}

interface KeyState {
  /** When all its wrong attempts will be forgotten. */
  clearMs: number;
  running: number;
  readonly waiting: Deferred<void>[];
}

/** Keys come from outside; a long one takes no more room than another. */
function shortened(key: string): string {
  return key.length <= MAX_KEY_CHARACTERS ? key : createHash("sha256").update(key).digest("base64");
}

const MAX_KEY_CHARACTERS = 64;
const DEFAULT_MAX_FAILURES = 10;
const DEFAULT_FORGET_MS = 30_000;
const DEFAULT_MAX_KEYS = 10_000;
const DEFAULT_MAX_WAITING = 100;
