/** One item as a store keeps it. */
export interface StoredItem {
  /** The item's own bytes: nothing else keeps them, and they do not change. */
  readonly value: Uint8Array;
  flags: number;
  cas: bigint;
  /** On the scale of the calls' `nowMs`; `Infinity`: never. */
  expiresAtMs: number;
  /** When it was last asked for, or stored. */
  usedAtMs: number;
  /** Somebody has asked for it since it was stored. */
  wasFetched: boolean;
  /** Somebody called its value out of date (`md … I`), and left it for those who cannot wait for a new one. */
  isStale: boolean;
  /** Somebody was told to make a new value; the others are told that they need not. */
  isBeingMade: boolean;
}

/** What has happened to a store since it was made. */
export interface StoreFigures {
  totalItems: number;
  evictions: number;
  hits: number;
  misses: number;
  expired: number;
}

/** Received bytes are copied: they may be a small part of a large piece, which would stay as long as the item. */
export function newEntry(
  { value, flags, expiresAtMs }: { readonly value: Uint8Array; readonly flags: number; readonly expiresAtMs: number },
  cas: bigint,
  nowMs: number,
): StoredItem {
  return {
    value: new Uint8Array(value),
    flags,
    cas,
    expiresAtMs,
    usedAtMs: nowMs,
    wasFetched: false,
    isStale: false,
    isBeingMade: false,
  };
}
