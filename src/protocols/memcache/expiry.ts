/** When an item goes: milliseconds here, seconds on the wire. */
import { LocalMemcacheError } from "./errors.ts";

/** How long an item is kept. Unless one of the two is given: until the server needs the room. */
export interface ExpiryOptions {
  /** From now, at most 30 days; rounded up to whole seconds. 0 is gone at once. */
  readonly ttlMs?: number | undefined;
  /** At this time, in ms since 1970; rounded up to whole seconds. */
  readonly expiresAtMs?: number | undefined;
}

/**
 * The number of the wire: 0 never, below 0 at once, up to 30 days from now, above that seconds since 1970.
 *
 * @throws LocalMemcacheError
 */
export function expirySeconds(options: ExpiryOptions | undefined): number {
  const { ttlMs, expiresAtMs } = options ?? {};
  if (ttlMs === undefined && expiresAtMs === undefined) return 0;
  if (ttlMs !== undefined && expiresAtMs !== undefined) {
    throw new LocalMemcacheError("Cannot set an expiry: give ttlMs or expiresAtMs, not both");
  }
  if (ttlMs !== undefined) {
    if (!(ttlMs >= 0 && ttlMs <= MAX_TTL_MS)) {
      throw new LocalMemcacheError(`Cannot set ttlMs ${ttlMs}: it is 0 to 30 days; for later, give expiresAtMs`);
    }
    return ttlMs === 0 ? AT_ONCE : Math.ceil(ttlMs / 1_000);
  }
  const seconds = Math.ceil((expiresAtMs as number) / 1_000);
  if (!(seconds <= MAX_SECONDS))
    throw new LocalMemcacheError(`Cannot set expiresAtMs ${expiresAtMs}: it is no time before 2038`);
  // What is small would be taken for a time from now, and is long past.
  return seconds <= MAX_TTL_MS / 1_000 ? AT_ONCE : seconds;
}

export const MAX_TTL_MS: number = 30 * 24 * 3_600_000;
const AT_ONCE = -1;
const MAX_SECONDS = 2 ** 31 - 1;
