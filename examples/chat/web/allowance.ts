import type { Clock } from "ropewalk";

/** So many things a second, and some at once. What is refused counts too, so that to insist does not pay. */
export class Allowance {
  readonly #clock: Pick<Clock, "now">;
  readonly #perMs: number;
  readonly #burst: number;
  #left: number;
  #atMs: number;

  constructor(clock: Pick<Clock, "now">, { perSecond, burst }: { readonly perSecond: number; readonly burst: number }) {
    this.#clock = clock;
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#left = burst;
    this.#atMs = clock.now();
  }

  /** Whether one more is within the allowance. */
  take(): boolean {
    const nowMs = this.#clock.now();
    this.#left = Math.min(this.#burst, this.#left + (nowMs - this.#atMs) * this.#perMs) - 1;
    this.#atMs = nowMs;
    return this.#left >= 0;
  }

  /** So much more than what is allowed that no person does it. */
  get isAbused(): boolean {
    return this.#left < -2 * this.#burst;
  }
}
