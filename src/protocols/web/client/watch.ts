import type { Clock, DelayedCall } from "../../../core/time/clock.ts";

/** A deadline that moves all the time: a timer that is due too early is left alone until it is. */
export class Watch {
  readonly #clock: Clock;
  readonly #timeIsUp: () => void;
  #dueMs = Number.POSITIVE_INFINITY;
  #timer: DelayedCall | undefined = undefined;

  constructor(clock: Clock, timeIsUp: () => void) {
    this.#clock = clock;
    this.#timeIsUp = timeIsUp;
  }

  /** Due in `ms` from now, and not when it was; Infinity is never. */
  set(ms: number): void {
    if (ms === Number.POSITIVE_INFINITY) {
      this.#dueMs = ms;
      return;
    }
    const dueMs = this.#clock.now() + ms;
    this.#dueMs = dueMs;
    if (this.#timer !== undefined && this.#timer.time <= dueMs) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.callLater(ms, () => this.#look());
  }

  /** Never due, and no timer left. */
  stop(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#dueMs === Number.POSITIVE_INFINITY) return;
    const leftMs = this.#dueMs - this.#clock.now();
    if (leftMs > 0) {
      this.#timer = this.#clock.callLater(leftMs, () => this.#look());
    } else {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#timeIsUp();
    }
  }
}
