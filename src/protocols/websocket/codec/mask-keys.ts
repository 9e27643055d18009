import { EMPTY } from "../../../wire/byte-queue.ts";
import { readKey } from "./mask.ts";

/** A client's masking keys, fresh for every frame (RFC 6455 §5.3), from random bytes that are asked for in bulk. */
export class MaskKeys {
  readonly #randomBytes: (count: number) => Uint8Array;
  #bytes: Uint8Array = EMPTY;
  #at = 0;
  /** Few keys at first: most clients say little. */
  #count = FIRST_KEYS;

  constructor(randomBytes: (count: number) => Uint8Array) {
    this.#randomBytes = randomBytes;
  }

  next(): number {
    if (this.#at + 4 > this.#bytes.length) {
      this.#bytes = this.#randomBytes(4 * this.#count);
      this.#count = Math.min(2 * this.#count, MOST_KEYS);
      this.#at = 0;
    }
    const key = readKey(this.#bytes, this.#at);
    this.#at += 4;
    return key;
  }
}

const FIRST_KEYS = 4;
const MOST_KEYS = 256;
