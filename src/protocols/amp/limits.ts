import type { BoxLimits } from "./codec.ts";

/**
 * Limits of one connection, each with its default. Two more are AMP's own: a key has at most 255 bytes and a value
 * 65 535, which is what their lengths can say.
 */
export interface AmpLimits extends BoxLimits {
  /** Keys of a received box: 1 024. Each costs an entry of a Map, and commands have a handful. */
  readonly maxKeys: number;
  /** Bytes of a received box: 4 MiB, room for 63 values of full length. So much may wait for its end in memory. */
  readonly maxBoxBytes: number;
  /** Unanswered calls, of this side and of the peer each: 10 000. A call holds about a kilobyte while it waits. */
  readonly maxCalls: number;
  /**
   * Bytes written that the peer has not taken: 16 MiB, four of the largest boxes. Then the connection is aborted: two
   * sides that stopped reading until the other one reads would wait for each other for ever.
   */
  readonly maxUnsentBytes: number;
}

/** Some of the limits. */
export type SomeAmpLimits = { readonly [K in keyof AmpLimits]?: AmpLimits[K] | undefined };

/** All limits: those that are given, and the defaults of the others. */
export function limitsWith(given: SomeAmpLimits | undefined): AmpLimits {
  if (given === undefined) return LIMITS;
  return {
    maxKeys: given.maxKeys ?? LIMITS.maxKeys,
    maxBoxBytes: given.maxBoxBytes ?? LIMITS.maxBoxBytes,
    maxCalls: given.maxCalls ?? LIMITS.maxCalls,
    maxUnsentBytes: given.maxUnsentBytes ?? LIMITS.maxUnsentBytes,
  };
}

const LIMITS: AmpLimits = {
  maxKeys: 1_024,
  maxBoxBytes: 4 << 20,
  maxCalls: 10_000,
  maxUnsentBytes: 16 << 20,
};
