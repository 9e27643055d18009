import { joinBytes } from "../../wire/join-bytes.ts";

/** What was sent and may have to be sent again. */
export interface Segment {
  readonly sequence: number;
  /** The number after its last byte, or after its SYN or FIN. */
  readonly end: number;
  readonly data: Uint8Array;
  /** Bytes that count: of the window, of the time that the link takes. */
  readonly weight: number;
  readonly flags: number;
  readonly isOpaque: boolean;
  sentMs: number;
  sentAgain: boolean;
}

/** What was written and has not been sent. */
interface Chunk {
  readonly data: Uint8Array;
  readonly weight: number;
  readonly isOpaque: boolean;
}

/** What a segment carries. */
export interface Cargo {
  readonly data: Uint8Array;
  readonly weight: number;
  readonly isOpaque: boolean;
}

/**
 * The bytes that wait to be sent. Each piece has a weight: what it counts. For plain bytes that is their number. Ciphertext
 * differs from run to run, in length too, so it is cut and counted by weights that do not; a piece is whole only when its
 * last unit of weight has been taken, however the bytes are spread over it.
 */
export class SendQueue {
  weight = 0;
  #chunks: Chunk[] = [];
  #first = 0;
  #takenBytes = 0;
  #takenWeight = 0;

  put(data: Uint8Array, weight: number, isOpaque: boolean): void {
    this.#chunks.push({ data, weight, isOpaque });
    this.weight += weight;
  }

  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#takenBytes = 0;
    this.#takenWeight = 0;
    this.weight = 0;
  }

  /** What comes next is ciphertext. */
  get isOpaque(): boolean {
    return this.#chunks[this.#first]?.isOpaque ?? false;
  }

  /** Takes up to `limit` of weight, at least 1; there must be some. */
  take(limit: number): Cargo {
    const first = this.#chunks[this.#first] as Chunk;
    const { isOpaque } = first;
    if (first.weight - this.#takenWeight >= limit || this.#chunks.length - this.#first === 1) {
      const weight = Math.min(limit, first.weight - this.#takenWeight);
      return { data: this.#takeOfFirst(weight), weight, isOpaque };
    }
    const parts: Uint8Array[] = [];
    let taken = 0;
    while (taken < limit && this.#first < this.#chunks.length) {
      const chunk = this.#chunks[this.#first] as Chunk;
      if (chunk.isOpaque !== isOpaque) break;
      const weight = Math.min(limit - taken, chunk.weight - this.#takenWeight);
      parts.push(this.#takeOfFirst(weight));
      taken += weight;
    }
    return { data: joinBytes(parts), weight: taken, isOpaque };
  }

  #takeOfFirst(weight: number): Uint8Array {
    const chunk = this.#chunks[this.#first] as Chunk;
    this.weight -= weight;
    const takenWeight = this.#takenWeight + weight;
    const start = this.#takenBytes;
    if (takenWeight < chunk.weight) {
      const end = Math.floor((takenWeight * chunk.data.length) / chunk.weight);
      this.#takenWeight = takenWeight;
      this.#takenBytes = end;
      return chunk.data.subarray(start, end);
    }
    this.#takenWeight = 0;
    this.#takenBytes = 0;
    this.#first += 1;
    if (this.#first === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#first = 0;
    } else if (this.#first > 64 && this.#first * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
    return start === 0 ? chunk.data : chunk.data.subarray(start);
  }
}
