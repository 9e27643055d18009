import { EMPTY } from "./byte-queue.ts";

/** Bytes that come in bits, kept in one piece: the room doubles, so that a byte at a time costs no more than all at once. */
export class GrowingBytes {
  /** Valid up to `length`. */
  bytes: Uint8Array = EMPTY;
  length = 0;

  /** Adds `data[start…end)`. Never makes room for more than `maxBytes`, which must suffice. */
  append(data: Uint8Array, start: number, end: number, maxBytes: number = Number.POSITIVE_INFINITY): void {
    const length = this.length + end - start;
    if (length > this.bytes.length) {
      const room = Math.max(length, Math.min(maxBytes, Math.max(FIRST_BYTES, 2 * this.bytes.length)));
      const bytes = new Uint8Array(room);
      bytes.set(this.length === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.length));
      this.bytes = bytes;
    }
    if (end - start === 1) this.bytes[this.length] = data[start] as number;
    else this.bytes.set(start === 0 && end === data.length ? data : data.subarray(start, end), this.length);
    this.length = length;
  }

  /** Hands the bytes over, and starts again with others. */
  take(): Uint8Array {
    const taken = this.length === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.length);
    this.bytes = EMPTY;
    this.length = 0;
    return taken;
  }

  /** Forgets the bytes and keeps the room, unless it is large: an idle connection should weigh little. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = EMPTY;
  }
}

/** Most unfinished lines and headers fit. */
const FIRST_BYTES = 64;
/** What a connection may keep for its next unfinished frame. */
const KEPT_BYTES = 256;
