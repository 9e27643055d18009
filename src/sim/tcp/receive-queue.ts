import { joinBytes } from "../../wire/join-bytes.ts";

/** Bytes that came in order and that the process has not read. */
export class ReceiveQueue {
  weight = 0;
  #pieces: { data: Uint8Array; weight: number; readonly isOpaque: boolean }[] = [];
  #first = 0;

  put(data: Uint8Array, weight: number, isOpaque: boolean): void {
    this.#pieces.push({ data, weight, isOpaque });
    this.weight += weight;
  }

  clear(): void {
    this.#pieces = [];
    this.#first = 0;
    this.weight = 0;
  }

  /** Takes `limit` bytes, or what there is; of ciphertext always one segment: where it was cut is not ours to change. */
  take(limit: number): Uint8Array {
    const first = this.#pieces[this.#first];
    if (first === undefined) return EMPTY;
    if (first.isOpaque || first.data.length >= limit || this.#pieces.length - this.#first === 1) {
      return this.#takeOfFirst(first.isOpaque ? first.data.length : limit).slice();
    }
    const parts: Uint8Array[] = [];
    for (let left = limit; left > 0; ) {
      const piece = this.#pieces[this.#first];
      if (piece === undefined || piece.isOpaque) break;
      const part = this.#takeOfFirst(left);
      left -= part.length;
      parts.push(part);
    }
    return joinBytes(parts);
  }

  #takeOfFirst(limit: number): Uint8Array {
    const piece = this.#pieces[this.#first] as { data: Uint8Array; weight: number };
    const { data, weight } = piece;
    if (data.length > limit) {
      piece.data = data.subarray(limit);
      piece.weight = weight - limit;
      this.weight -= limit;
      return data.subarray(0, limit);
    }
    this.weight -= weight;
    this.#first += 1;
    if (this.#first === this.#pieces.length) {
      this.#pieces.length = 0;
      this.#first = 0;
    }
    return data;
  }
}

const EMPTY = new Uint8Array(0);
