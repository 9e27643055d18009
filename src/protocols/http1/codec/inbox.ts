import { EMPTY } from "../../../wire/byte-queue.ts";
import { TEXT } from "../../../wire/text.ts";

/**
 * Received bytes that are not read yet, always in one piece: usually the chunk as it came. What is added to unread bytes is
 * copied behind them, with room that doubles; bytes that were handed out are never written to again.
 */
export class Inbox {
  bytes: Uint8Array = EMPTY;
  /** The first unread byte, and the end of them. */
  at = 0;
  end = 0;
  /** Some of `bytes` as text: between which of them. */
  #text = "";
  #textStart = 0;
  #textEnd = 0;

  get length(): number {
    return this.end - this.at;
  }

  push(data: Uint8Array): void {
    if (this.at === this.end) {
      this.bytes = data;
      this.at = 0;
      this.end = data.length;
      this.#forgetText();
      return;
    }
    // A chunk as it came has no room behind its end: only what was made here is ever written to.
    if (this.end + data.length > this.bytes.length) this.#grow(data.length);
    this.bytes.set(data, this.end);
    this.end += data.length;
  }

  /**
   * The unread bytes before `end`, as Latin-1. To make a text of a few bytes costs as much as to parse them, so what little
   * stands behind them becomes text too: pipelined requests share one.
   */
  textTo(end: number): string {
    if (end > this.#textEnd) {
      this.#textStart = this.at;
      this.#textEnd = this.end - end <= MAX_TEXT_BEHIND ? this.end : end;
      this.#text = TEXT.decodeLatin1(this.bytes, this.#textStart, this.#textEnd);
    }
    return this.#text.slice(this.at - this.#textStart, end - this.#textStart);
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
    this.#forgetText();
  }

  #grow(more: number): void {
    const unread = this.end - this.at;
    const bytes = new Uint8Array(Math.max(MIN_ROOM, 2 * unread, unread + more));
    bytes.set(this.bytes.subarray(this.at, this.end));
    this.bytes = bytes;
    this.at = 0;
    this.end = unread;
    this.#forgetText();
  }

  #forgetText(): void {
    this.#text = "";
    this.#textEnd = 0;
  }
}

/** Some dozens of small requests, and no more than a head that is kept for long may hold of what stands behind it. */
const MAX_TEXT_BEHIND = 2_048;
/** Most heads that come in two parts fit. */
const MIN_ROOM = 512;
