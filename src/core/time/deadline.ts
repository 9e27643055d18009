import { TimeoutError } from "../deferred/errors.ts";
import type { Clock, DelayedCall } from "./clock.ts";

/**
 * A point in time by which a piece of work, however many steps it has, must be done. Hand `signal` to each step: it aborts
 * when the time is up, or when the outer signal does. Dispose it when the work is over: then nothing of it is left, on
 * the clock or on the outer signal, and its signal will not abort any more.
 *
 * @example
 * ```ts
 * import { Deadline, Deferred } from "ropewalk";
 * import { Clock } from "ropewalk/testing";
 *
 * const clock = new Clock();
 * using deadline = new Deadline(clock, 5_000);
 * const answer = new Deferred<string>().abortable(deadline.signal);
 * answer.addErrback((error: Error) => console.log(error.name, (error.cause as Error).name));
 * clock.advance(5_000); // AbortError TimeoutError
 * ```
 */
export class Deadline implements Disposable {
  readonly #clock: Clock;
  readonly #dueMs: number;
  readonly #controller: AbortController = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: DelayedCall | undefined;
  readonly #follow: () => void = () => this.#abort(this.#outer?.reason);

  /**
   * @param ms Time from now; 0 is due on the next turn.
   * @param signal Aborts this one too, with its own reason.
   * @throws RangeError if `ms` is negative or not a number.
   */
  constructor(clock: Clock, ms: number, signal?: AbortSignal) {
    this.#clock = clock;
    this.#dueMs = clock.now() + ms;
    this.#outer = signal;
    this.#timer = clock.callLater(ms, () => this.#abort(new TimeoutError(ms)));
    if (signal?.aborted) this.#follow();
    else signal?.addEventListener("abort", this.#follow);
  }

  /** Aborts with a TimeoutError when the time is up, and with the outer signal's own reason when that aborts. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Milliseconds until it is due; 0 from then on. */
  get remainingMs(): number {
    return Math.max(0, this.#dueMs - this.#clock.now());
  }

  /** The time is up, even if the turn that aborts the signal has not come yet. */
  get expired(): boolean {
    return this.remainingMs === 0;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#outer?.removeEventListener("abort", this.#follow);
  }

  #abort(reason: unknown): void {
    this[Symbol.dispose]();
    this.#controller.abort(reason);
  }
}
