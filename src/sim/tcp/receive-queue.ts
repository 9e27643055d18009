import { joinBytes } from "../../wire/join-bytes.ts";

/** Bytes that came in order and that the process has not read. */
export class ReceiveQueue {
  weight = 0;
  #pieces: { data: Uint8Array; weight: number; readonly isOpaque: boolean }[] = [];

  put(data: Uint8Array, weight: number, isOpaque: boolean): void {
    this.#pieces.push({ data, weight, isOpaque });
    this.weight += weight;
  }

  clear(): void {
    this.#pieces = [];
    this.weight = 0;
  }

  /** Takes `limit` bytes, or what there is; of ciphertext always one segment: where it was cut is not ours to change. */
  take(limit: number): Uint8Array {
    const first = this.#pieces[0];
    if (first === undefined) return EMPTY;
    if (first.isOpaque || first.data.length === limit || (first.data.length < limit && this.#pieces.length === 1)) {
      this.#pieces.shift();
      this.weight -= first.weight;
      return first.data.slice();
    }
    const parts: Uint8Array[] = [];
    let taken = 0;
    while (taken < limit) {
      const piece = this.#pieces[0];
      if (piece === undefined || piece.isOpaque) break;
      const part = piece.data.subarray(0, limit - taken);
      if (part.length === piece.data.length) {
        this.#pieces.shift();
      } else {
        piece.data = piece.data.subarray(part.length);
        piece.weight -= part.length;
      }
      parts.push(part);
      taken += part.length;
    }
    this.weight -= taken;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only.slice() : joinBytes(parts);
  }
}

const EMPTY = new Uint8Array(0);
