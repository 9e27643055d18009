/** What the commands of a server work on, and where their replies go. */
import { TEXT } from "../../../wire/text.ts";
import type { BlockSink } from "../block.ts";
import type { MemcacheStore } from "../store/store.ts";

/** Takes replies. */
export interface ReplySink extends BlockSink {
  /** Closes the connection after the replies. */
  close(): void;
}

/** The state of a server that all its connections share. */
export interface Service {
  readonly store: MemcacheStore;
  /** For expiry; monotonic. */
  now(): number;
  /** For expiry at a time of day; ms since 1970. */
  wallTimeMs(): number;
  /** Name and value of what `stats` tells. */
  stats(): readonly (readonly [string, string | number | bigint])[];
  readonly version: string;
  sets: number;
}

/** When an item goes whose expiry is this number on the wire; undefined if it is none. */
export function expiresAt(word: string | undefined, service: Service, nowMs: number): number | undefined {
  if (word === undefined || !/^-?\d{1,10}$/.test(word)) return undefined;
  const seconds = Number(word);
  if (seconds === 0) return Number.POSITIVE_INFINITY;
  if (seconds < 0) return Number.NEGATIVE_INFINITY;
  if (seconds <= MAX_TTL_SECONDS) return nowMs + seconds * 1_000;
  return nowMs + seconds * 1_000 - service.wallTimeMs();
}

/** A number of the wire that 64 bits hold; undefined if it is none. */
export function uint64(word: string | undefined): bigint | undefined {
  if (word === undefined || !/^\d{1,20}$/.test(word)) return undefined;
  const number = BigInt(word);
  return number <= MAX_UINT64 ? number : undefined;
}

/** A number of the wire that 32 bits hold; undefined if it is none. */
export function uint32(word: string | undefined): number | undefined {
  if (word === undefined || !/^\d{1,10}$/.test(word)) return undefined;
  const number = Number(word);
  return number < 2 ** 32 ? number : undefined;
}

/** Adds to the digits of a value, round the corner of 64 bits, or takes away, down to 0; undefined if it holds no number. */
export function counted(value: Uint8Array, delta: bigint, isUp: boolean): bigint | undefined {
  const text = value.length <= MAX_NUMBER_BYTES ? String.fromCharCode(...value).trimEnd() : "";
  const number = /^\d+$/.test(text) ? BigInt(text) : undefined;
  if (number === undefined || number > MAX_UINT64) return undefined;
  if (isUp) return (number + delta) & MAX_UINT64;
  return number > delta ? number - delta : 0n;
}

/** A number as it is stored: not shorter than what was there before, as memcached pads it. */
export function numberBytes(number: bigint, oldLength: number): Uint8Array {
  return TEXT.encodeLatin1(String(number).padEnd(oldLength));
}

export const NOT_A_NUMBER = "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";
export const BAD_FORMAT = "CLIENT_ERROR bad command line format\r\n";
export const TOO_LARGE = "SERVER_ERROR object too large for cache\r\n";
/** More than 30 days are no time from now but one since 1970. */
const MAX_TTL_SECONDS = 30 * 24 * 3_600;
const MAX_UINT64 = 2n ** 64n - 1n;
/** The digits of 64 bits, with some zeros or spaces. */
const MAX_NUMBER_BYTES = 24;
