/**
 * Says how many ms to wait before the next attempt. `retries` is 0 for the first one after a connection was lost or the
 * service started, and counts up with each failure; `random` is uniform in [0, 1).
 */
export type ReconnectPolicy = (retries: number, random: () => number) => number;

/**
 * Waits longer after each failure: 1.5 s, then half as much again each time, plus up to a fifth at random so that the
 * clients of a server that comes back do not all call at once; never more than `maxDelayMs`.
 *
 * @example
 * ```ts
 * import { backoff } from "ropewalk/endpoints";
 * const policy = backoff({ initialDelayMs: 100, maxDelayMs: 1_000 });
 * console.log([0, 1, 2, 30].map((retries) => policy(retries, () => 0))); // [ 100, 150, 225, 833.33… ]
 * ```
 */
export function backoff(options: BackoffOptions = {}): ReconnectPolicy {
  const { initialDelayMs = 1_500, factor = 1.5, maxDelayMs = 60_000, jitter = 0.2 } = options;
  return (retries, random) => {
    const delayMs = Math.min(initialDelayMs * factor ** retries, maxDelayMs / (1 + jitter));
    return delayMs + delayMs * jitter * random();
  };
}

/** How fast `backoff` grows, and how far. */
export interface BackoffOptions {
  /** Default 1 500 ms. */
  readonly initialDelayMs?: number | undefined;
  /** Default 1.5. */
  readonly factor?: number | undefined;
  /** Default 60 000 ms, jitter included. */
  readonly maxDelayMs?: number | undefined;
  /** The largest part of the delay that is added at random; default 0.2. */
  readonly jitter?: number | undefined;
}
