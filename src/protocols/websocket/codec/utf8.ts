/** UTF-8 as it must be (RFC 3629): judged as it comes, in however many pieces, at the first byte that cannot be right. */
import { TEXT } from "../../../wire/text.ts";

export class Utf8Check {
  /** Bytes of the character under way, which needs more of them; 0 if there is none. */
  begun = 0;
  #missing = 0;
  /** The range of the next one: what is too long, a surrogate or above U+10FFFF shows in a character's second byte. */
  #least = 0x80;
  #most = 0xbf;

  /** False if these bytes cannot be UTF-8 behind those before. Then ask no more. */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    let at = this.#missing === 0 ? start : this.#finish(bytes, start, end);
    while (at !== -1 && at < end) {
      at = skipAscii(bytes, at, end);
      // Characters of two and three bytes that are all there, which most are: the class's fields are not needed for them.
      while (at + 2 < end) {
        const byte = bytes[at] as number;
        if (byte < 0xc2 || byte > 0xef) break;
        const second = bytes[at + 1] as number;
        if (byte < 0xe0) {
          if ((second & 0xc0) !== 0x80) return false;
          at += 2;
        } else {
          if ((second & 0xc0) !== 0x80 || ((bytes[at + 2] as number) & 0xc0) !== 0x80) return false;
          if ((byte === 0xe0 && second < 0xa0) || (byte === 0xed && second > 0x9f)) return false;
          at += 3;
        }
      }
      if (at < end && (bytes[at] as number) >= 0x80) {
        at = this.#begin(bytes[at] as number) ? this.#finish(bytes, at + 1, end) : -1;
      }
    }
    return at !== -1;
  }

  #begin(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false;
    this.begun = 1;
    this.#missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte === 0xe0) this.#least = 0xa0;
    else if (byte === 0xed) this.#most = 0x9f;
    else if (byte === 0xf0) this.#least = 0x90;
    else if (byte === 0xf4) this.#most = 0x8f;
    return true;
  }

  /** The rest of the character under way, as far as it is there. Returns where it ends, or -1 if it is none. */
  #finish(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    for (; at < end && this.#missing > 0; at++) {
      const byte = bytes[at] as number;
      if (byte < this.#least || byte > this.#most) return -1;
      this.#least = 0x80;
      this.#most = 0xbf;
      this.#missing--;
      this.begun = this.#missing === 0 ? 0 : this.begun + 1;
    }
    return at;
  }
}

/**
 * `bytes[start…end)` as text, or undefined if it is no UTF-8. The platform decodes what is wrong as U+FFFD, much faster than
 * anything here could look for it; only where there is one, it is asked whether the peer meant it.
 */
export function decodeText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const text = TEXT.decodeUtf8(bytes, start, end);
  return text.includes("\ufffd") && !isUtf8(bytes, start, end) ? undefined : text;
}

function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  const check = new Utf8Check();
  return check.push(bytes, start, end) && check.begun === 0;
}

/** Where the first byte above ASCII is, or `end`. */
function skipAscii(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const near = Math.min(end, start + NEAR_BYTES);
  while (at < near && (bytes[at] as number) < 0x80) at++;
  if (at < near || end - at < WORDWISE_BYTES) {
    while (at < end && (bytes[at] as number) < 0x80) at++;
    return at;
  }
  while (((bytes.byteOffset + at) & 3) !== 0 && (bytes[at] as number) < 0x80) at++;
  if (((bytes.byteOffset + at) & 3) !== 0) return at;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (end - at) >> 2);
  let index = 0;
  while (index < words.length && ((words[index] as number) & 0x80808080) === 0) index++;
  at += 4 * index;
  while (at < end && (bytes[at] as number) < 0x80) at++;
  return at;
}

/** Below this, making the view on the words costs more than it saves. */
const WORDWISE_BYTES = 128;
/** Who writes other letters writes them soon again: only behind so much ASCII the view on the words is made. */
const NEAR_BYTES = 64;
