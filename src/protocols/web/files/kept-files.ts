/** What small files hold, in memory: the ones that were asked for last. */

/** Something with bytes in it. */
export interface Sized {
  readonly bytes: Uint8Array;
}

/** As many as fit, by a key. What was asked for least recently makes way. */
export class KeptFiles<T extends Sized> {
  readonly #maxBytes: number;
  /** The least recently used first. */
  readonly #kept: Map<string, T> = new Map();
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get(key: string): T | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept;
  }

  put(key: string, kept: T): void {
    this.delete(key);
    this.#kept.set(key, kept);
    this.#usedBytes += costOf(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#usedBytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#usedBytes -= costOf(key, kept);
  }
}

function costOf(key: string, { bytes }: Sized): number {
  return key.length + bytes.length + ENTRY_BYTES;
}

/** The objects around the bytes: without them, empty files would cost nothing. */
const ENTRY_BYTES = 1_024;
