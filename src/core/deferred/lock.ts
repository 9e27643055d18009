import { Deferred } from "./deferred.ts";
import { Line } from "./line.ts";
import { maybeDeferred, succeed } from "./succeed.ts";

/**
 * Lets at most `tokens` users in at a time; the others wait in line, first in first out.
 *
 * @example
 * ```ts
 * const seats = new DeferredSemaphore(2);
 * for (const name of ["ann", "bob", "cid"]) {
 *   seats.acquire().addCallback(() => console.log(name, "sits")); // ann, bob
 * }
 * seats.release(); // cid
 * ```
 */
export class DeferredSemaphore {
  /** How many may hold a token at a time. */
  readonly limit: number;
  #tokens: number;
  #isHandingOut = false;
  readonly #line = new Line<Deferred<this>>();

  /** @throws RangeError if `tokens` is not a positive integer. */
  constructor(tokens: number) {
    if (!Number.isInteger(tokens) || tokens < 1) {
      throw new RangeError(`Cannot make a semaphore of ${tokens} tokens: give a positive integer`);
    }
    this.limit = tokens;
    this.#tokens = tokens;
  }

  /** How many tokens are free. */
  get tokens(): number {
    return this.#tokens;
  }

  /** How many wait in line. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Waits for a token, which must then be released. To cancel the Deferred is to leave the line. */
  acquire(): Deferred<this> {
    if (this.#tokens > 0 && this.#line.length === 0) {
      this.#tokens -= 1;
      return succeed(this);
    }
    const waiter = new Deferred<this>(() => this.#line.leave(place));
    const place = this.#line.join(waiter);
    return waiter;
  }

  /**
   * Gives a token back; the first in line gets it at once. Only those whose turn comes while another one's links are
   * running wait until these are through, lest a long line of short users become a deep stack.
   *
   * @throws RangeError if no token is held.
   */
  release(): void {
    if (this.#tokens === this.limit) throw new RangeError("Cannot release a token: none is held");
    this.#tokens += 1;
    if (this.#isHandingOut) return;
    this.#isHandingOut = true;
    try {
      while (this.#tokens > 0) {
        const waiter = this.#line.shift();
        if (waiter === undefined) break;
        this.#tokens -= 1;
        waiter.callback(this);
      }
    } finally {
      this.#isHandingOut = false;
    }
  }

  /** Calls `f` with a token, and releases it when the result of `f` is there. To cancel cancels the wait, or `f`. */
  run<T, A extends unknown[]>(f: (...args: A) => T | PromiseLike<T>, ...args: A): Deferred<T> {
    return this.acquire().addCallback(() => {
      const result = maybeDeferred(f, ...args);
      return result.addCallbacks(
        (value) => {
          this.release();
          return value;
        },
        (error) => {
          this.release();
          throw error;
        },
      );
    });
  }
}

/**
 * Lets one user in at a time; the others wait in line, first in first out.
 *
 * @example
 * ```ts
 * const lock = new DeferredLock();
 * const writing = new Deferred<void>();
 * lock.run(() => writing);
 * lock.run(() => console.log("second"));
 * console.log("first");
 * writing.callback(); // second
 * ```
 */
export class DeferredLock extends DeferredSemaphore {
  constructor() {
    super(1);
  }

  /** True while somebody holds it. */
  get locked(): boolean {
    return this.tokens === 0;
  }
}
