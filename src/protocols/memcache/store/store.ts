/*
 * Theory of operation. A Map keeps its keys in the order of their insertion; an item that is used is taken out and put in
 * again, so the first key is always the one that was used longest ago, and goes first when room is needed. Expired items go
 * when somebody asks for them, or that way. Time comes in with each call; nothing here waits.
 */
import { newEntry, type StoredItem, type StoreFigures } from "./entry.ts";

/** What a store holds at most. */
export interface StoreLimits {
  /** Keys, values and 100 bytes for each item, together: 64 MiB, as memcached's. Above it, what was unused longest goes. */
  readonly maxBytes: number;
  /** A larger value is refused, and what its key had is gone. */
  readonly maxValueBytes: number;
}

/**
 * Items by key, with a limit of bytes, least recently used first out. Keys are as on the wire: a character for each byte.
 *
 * @example
 * ```ts
 * import { MemcacheStore } from "ropewalk/memcache";
 *
 * const store = new MemcacheStore({ maxBytes: 250, maxValueBytes: 100 });
 * for (const key of ["a", "b"]) store.put(key, { value: new Uint8Array(10), flags: 0, expiresAtMs: Infinity }, 0);
 * store.get("a", 0);
 * store.put("c", { value: new Uint8Array(10), flags: 0, expiresAtMs: Infinity }, 0);
 * console.log(store.get("b", 0)); // undefined
 * ```
 */
export class MemcacheStore {
  readonly limits: StoreLimits;
  /** Counts what happened. */
  readonly figures: StoreFigures = { totalItems: 0, evictions: 0, hits: 0, misses: 0, expired: 0 };
  readonly #items: Map<string, StoredItem> = new Map();
  #bytes = 0;
  #lastCas = 0n;
  #flushAtMs = Number.POSITIVE_INFINITY;

  constructor(limits: StoreLimits) {
    this.limits = limits;
  }

  /** How many items there are, expired ones included that nobody asked for. */
  get size(): number {
    return this.#items.size;
  }

  /** What they weigh. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The item, which counts as used now; undefined if there is none, or if its time is over. */
  get(key: string, nowMs: number): StoredItem | undefined {
    const item = this.peek(key, nowMs);
    if (item === undefined) {
      this.figures.misses += 1;
      return undefined;
    }
    this.figures.hits += 1;
    this.#items.delete(key);
    this.#items.set(key, item);
    return item;
  }

  /** As `get`, but it does not count as use. */
  peek(key: string, nowMs: number): StoredItem | undefined {
    if (nowMs >= this.#flushAtMs) this.flush();
    const item = this.#items.get(key);
    if (item === undefined || item.expiresAtMs > nowMs) return item;
    this.figures.expired += 1;
    this.delete(key);
    return undefined;
  }

  /** Stores an item anew; undefined if it is too large for the store, and then the key has none. `cas` unless it is counted. */
  put(
    key: string,
    what: { readonly value: Uint8Array; readonly flags: number; readonly expiresAtMs: number },
    nowMs: number,
    cas?: bigint,
  ): StoredItem | undefined {
    if (nowMs >= this.#flushAtMs) this.flush();
    this.delete(key);
    const bytes = weightOf(key, what.value);
    if (what.value.length > this.limits.maxValueBytes || bytes > this.limits.maxBytes) return undefined;
    const item = newEntry(what, this.nextCas(cas), nowMs);
    this.#items.set(key, item);
    this.#bytes += bytes;
    this.figures.totalItems += 1;
    this.#makeRoom();
    return item;
  }

  /** False if there was none. */
  delete(key: string): boolean {
    const item = this.#items.get(key);
    if (item === undefined) return false;
    this.#items.delete(key);
    this.#bytes -= weightOf(key, item.value);
    return true;
  }

  /** Forgets everything, now or at a time. */
  flush(atMs?: number): void {
    this.#flushAtMs = atMs ?? Number.POSITIVE_INFINITY;
    if (atMs !== undefined) return;
    this.#items.clear();
    this.#bytes = 0;
  }

  /** The cas of a change: the one that is given, or the next of the store's own. */
  nextCas(cas?: bigint): bigint {
    if (cas !== undefined) return cas;
    this.#lastCas += 1n;
    return this.#lastCas;
  }

  #makeRoom(): void {
    for (const key of this.#items.keys()) {
      if (this.#bytes <= this.limits.maxBytes) return;
      this.delete(key);
      this.figures.evictions += 1;
    }
  }
}

function weightOf(key: string, value: Uint8Array): number {
  return key.length + value.length + ITEM_BYTES;
}

/** About what the objects around a key and a value cost. */
const ITEM_BYTES = 100;
