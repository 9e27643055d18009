import { EMPTY } from "../../../wire/byte-queue.ts";

/**
 * Received bytes that are not read yet, always in one piece: usually the chunk as it came. What is added to unread bytes is
 * copied behind them, with room that doubles; bytes that were handed out are never written to again.
 */
export class Inbox {
  bytes: Uint8Array = EMPTY;
  /** The first unread byte, and the end of them. */
  at = 0;
  end = 0;

  get length(): number {
    return this.end - this.at;
  }

  push(data: Uint8Array): void {
    if (this.at === this.end) {
      this.bytes = data;
      this.at = 0;
      this.end = data.length;
      return;
    }
    // A chunk as it came has no room behind its end: only what was made here is ever written to.
    if (this.end + data.length > this.bytes.length) this.#grow(data.length);
    this.bytes.set(data, this.end);
    this.end += data.length;
  }

  /** The next bytes, at most `count`. */
  take(count: number): Uint8Array {
    const end = Math.min(this.end, this.at + count);
    const taken = this.at === 0 && end === this.bytes.length ? this.bytes : this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  /** Lets go of a chunk that was read: it may be a small part of a large slab. */
  release(): void {
    if (this.at < this.end || this.bytes === EMPTY) return;
    this.bytes = EMPTY;
    this.at = 0;
    this.end = 0;
  }

  #grow(more: number): void {
    const unread = this.end - this.at;
    const bytes = new Uint8Array(Math.max(MIN_ROOM, 2 * unread, unread + more));
    bytes.set(this.bytes.subarray(this.at, this.end));
    this.bytes = bytes;
    this.at = 0;
    this.end = unread;
  }
}

/** Most heads that come in two parts fit. */
const MIN_ROOM = 512;
