import { isObject, isThenable } from "./chain.ts";
import { Deferred } from "./deferred.ts";
import { QueueOverflowError, QueueUnderflowError } from "./errors.ts";
import { Line } from "./line.ts";
import { succeed } from "./succeed.ts";

/**
 * Values on one side, those who wait for values on the other; both first in first out.
 *
 * @example
 * ```ts
 * const jobs = new DeferredQueue<string>();
 * jobs.get().addCallback((job) => console.log(job));
 * jobs.put("sweep"); // prints "sweep"
 * ```
 */
export class DeferredQueue<T> {
  /** How many values it keeps at most. */
  readonly size: number;
  /** How many may wait at most. */
  readonly backlog: number;
  readonly #values = new Line<T>();
  readonly #waiters = new Line<Deferred<T>>();

  /** Without `size` or `backlog` there is no limit of that kind. */
  constructor(size: number = Number.POSITIVE_INFINITY, backlog: number = Number.POSITIVE_INFINITY) {
    this.size = size;
    this.backlog = backlog;
  }

  /** How many values are kept. */
  get length(): number {
    return this.#values.length;
  }

  /** How many wait for a value. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /**
   * Hands `value` to the first who waits, or keeps it.
   *
   * @throws QueueOverflowError if `size` values are kept already.
   * @throws TypeError if `value` is a Deferred or Promise: put what it brings.
   */
  put(value: T): void {
    if (isObject(value) && isThenable(value)) {
      throw new TypeError("Cannot put a Deferred or Promise in a queue: put its value when it is there");
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter.callback(value);
    else if (this.#values.length < this.size) this.#values.join(value);
    else throw new QueueOverflowError(`Cannot put a value in the queue: it holds ${this.size} already`);
  }

  /**
   * The next value, now or when it is put. To cancel the Deferred is to leave the line.
   *
   * @throws QueueUnderflowError if `backlog` are waiting already.
   */
  get(): Deferred<T> {
    if (this.#values.length > 0) return succeed(this.#values.shift() as T);
    if (this.#waiters.length >= this.backlog) {
      throw new QueueUnderflowError(`Cannot wait for a value of the queue: ${this.backlog} wait already`);
    }
    const waiter = new Deferred<T>(() => this.#waiters.leave(place));
    const place = this.#waiters.join(waiter);
    return waiter;
  }
}
