import { joinBytes } from "./join-bytes.ts";

/**
 * Received chunks that wait for a parser, without copying: the parser reads `chunk` from `at` on and moves `at` itself.
 * Usually there is one chunk; more come only while the parser is paused or busy.
 */
export class ByteQueue {
  chunk: Uint8Array = EMPTY;
  /** The first unread byte of `chunk`. */
  at = 0;
  /** Another number for each chunk: what a parser knows about a chunk is void when it changes. */
  serial = 0;
  #later: Uint8Array[] = NONE;
  #next = 0;

  push(data: Uint8Array): void {
    if (data.length === 0) return;
    if (this.at === this.chunk.length && this.#next === this.#later.length) {
      this.#begin(data);
    } else {
      if (this.#later === NONE) this.#later = [];
      this.#later.push(data);
    }
  }

  /** Puts bytes back, to be read before all others. */
  unshift(data: Uint8Array): void {
    if (data.length === 0) return;
    const rest = this.chunk.subarray(this.at);
    if (rest.length > 0) this.#later = [rest, ...this.#later.slice(this.#next)];
    else this.#later = this.#later.slice(this.#next);
    this.#next = 0;
    this.#begin(data);
  }

  /** Makes sure that `chunk[at]` is there; false if there is nothing to read. */
  ready(): boolean {
    if (this.at < this.chunk.length) return true;
    const next = this.#later[this.#next];
    if (next === undefined) {
      // Let go of the last chunk: it may be a small part of a large slab.
      if (this.at > 0) this.#begin(EMPTY);
      return false;
    }
    this.#begin(next);
    this.#next++;
    if (this.#next === this.#later.length) {
      this.#later = NONE;
      this.#next = 0;
    }
    return true;
  }

  /** Everything, in one piece: copied only if it is in several. */
  takeAll(before: Uint8Array = EMPTY): Uint8Array {
    const pieces = before.length === 0 ? [] : [before];
    while (this.ready()) {
      pieces.push(this.at === 0 ? this.chunk : this.chunk.subarray(this.at));
      this.at = this.chunk.length;
    }
    const [only = EMPTY] = pieces;
    return pieces.length <= 1 ? only : joinBytes(pieces);
  }

  #begin(chunk: Uint8Array): void {
    this.chunk = chunk;
    this.at = 0;
    this.serial++;
  }
}

export const EMPTY: Uint8Array = new Uint8Array(0);
/** Shared by all queues that hold one chunk at most, which is nearly all; never written to. */
const NONE: Uint8Array[] = [];
