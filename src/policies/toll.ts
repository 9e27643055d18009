import type { TokenBucket } from "./token-bucket.ts";

/** The buckets that one direction of one connection pays into, its own and those it shares. */
export class Toll {
  readonly #buckets: readonly TokenBucket[];
  readonly #ready: () => void;

  /** `ready` is called once after each `wait`, when something may go. */
  constructor(buckets: readonly TokenBucket[], ready: () => void) {
    this.#buckets = buckets;
    this.#ready = () => {
      if (this.allowance() < 1) this.wait();
      else ready();
    };
  }

  /** There is nothing to pay. */
  get isFree(): boolean {
    return this.#buckets.length === 0;
  }

  /** Bytes that may go now; 0 or less if none. */
  allowance(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const bucket of this.#buckets) least = Math.min(least, bucket.allowance());
    return least;
  }

  spend(bytes: number): void {
    for (const bucket of this.#buckets) bucket.spend(bytes);
  }

  /** Waits for the emptiest bucket. Time goes on between two looks: what was empty may not be any more, and is waited for. */
  wait(): void {
    let emptiest: TokenBucket | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const bucket of this.#buckets) {
      const allowance = bucket.allowance();
      if (allowance >= least) continue;
      least = allowance;
      emptiest = bucket;
    }
    emptiest?.wait(this.#ready);
  }

  stopWaiting(): void {
    for (const bucket of this.#buckets) bucket.forget(this.#ready);
  }
}
