/** What a decoder may hold. */
export interface FrameLimits {
  /** Bytes of a line without its end. Client: 8 192, many times the longest reply. Server: 65 536, a `get` of 260 long keys. */
  readonly maxLineBytes: number;
  /** Bytes of a value: 1 MiB, which is what memcached takes unless told otherwise. Received bytes wait for its end in memory. */
  readonly maxValueBytes: number;
}

/** Limits of one client connection, each with its default. A key has at most 250 bytes, which is memcached's own limit. */
export interface MemcacheLimits extends FrameLimits {
  /** Requests without an answer: 10 000. Each holds some hundred bytes while it waits; cancelled ones count. */
  readonly maxInFlight: number;
  /** Bytes written that the server has not taken: 16 MiB, the largest values sixteen times. Then requests are refused. */
  readonly maxUnsentBytes: number;
}

/** Some of the limits. */
export type SomeMemcacheLimits = { readonly [K in keyof MemcacheLimits]?: MemcacheLimits[K] | undefined };

/** All limits: those that are given, and the defaults of the others. */
export function limitsWith(given: SomeMemcacheLimits = {}): MemcacheLimits {
  return {
    maxLineBytes: given.maxLineBytes ?? 8_192,
    maxValueBytes: given.maxValueBytes ?? MAX_VALUE_BYTES,
    maxInFlight: given.maxInFlight ?? 10_000,
    maxUnsentBytes: given.maxUnsentBytes ?? 16 << 20,
  };
}

export const MAX_VALUE_BYTES: number = 1 << 20;
export const MAX_KEY_BYTES = 250;
