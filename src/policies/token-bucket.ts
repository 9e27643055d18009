import type { Clock, DelayedCall } from "../core/time/clock.ts";

/**
 * A rate with some room for bursts. Tokens, one a byte, come steadily up to `burstBytes`; spending may go into debt, which
 * is paid before anything else is allowed. Those who wait are called in the order in which they came.
 */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  readonly #burstBytes: number;
  #tokens: number;
  #filledMs: number;
  readonly #waiters = new Set<() => void>();
  #timer: DelayedCall | undefined = undefined;

  constructor(clock: Clock, bytesPerSecond: number, burstBytes: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1_000;
    this.#burstBytes = burstBytes;
    this.#tokens = burstBytes;
    this.#filledMs = clock.now();
  }

  /** Whole bytes that may go now; 0 or less if none. */
  allowance(): number {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burstBytes, this.#tokens + (now - this.#filledMs) * this.#bytesPerMs);
    this.#filledMs = now;
    return Math.floor(this.#tokens + ROUNDING);
  }

  spend(bytes: number): void {
    this.allowance();
    this.#tokens -= bytes;
  }

  /** Calls `f` once, when something may go that is worth it. The same `f` waits once. */
  wait(f: () => void): void {
    this.#waiters.add(f);
    this.#timer ??= this.#clock.callLater(this.#msUntilReady(), () => this.#wake());
  }

  forget(f: () => void): void {
    this.#waiters.delete(f);
    if (this.#waiters.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #wake(): void {
    this.#timer = undefined;
    for (const f of [...this.#waiters]) {
      if (this.allowance() < 1) break;
      if (this.#waiters.delete(f)) f();
    }
    if (this.#waiters.size > 0) this.#timer ??= this.#clock.callLater(this.#msUntilReady(), () => this.#wake());
  }

  /** Until half a burst is there: less would make many small pieces, and waiting for all would waste what overflows. */
  #msUntilReady(): number {
    const missing = Math.max(1, this.#burstBytes / 2) - this.#tokens;
    return Math.max(0, Math.ceil(missing / this.#bytesPerMs));
  }
}

/** Sums of fractions fall short of whole numbers by less than this. */
const ROUNDING = 1e-6;
