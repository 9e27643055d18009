import { seededRandom } from "ropewalk/testing";

/** Makes inputs out of others: flips, inserts, removes, repeats and crosses over. The same seed gives the same inputs. */
export class Mutator {
  readonly #random: () => number;
  readonly #corpus: Uint8Array[];

  constructor(seed: number, corpus: readonly string[]) {
    this.#random = seededRandom(seed);
    this.#corpus = corpus.map((text) => Uint8Array.from(text, (character) => character.charCodeAt(0)));
  }

  next(): Uint8Array {
    let data = [...this.#pick(this.#corpus)];
    for (let changes = 1 + this.#below(6); changes > 0; changes -= 1) data = this.#changed(data);
    const input = Uint8Array.from(data.slice(0, MAX_BYTES));
    // A little drift away from the seeds finds what no single change does.
    if (this.#random() < DRIFT) this.#corpus[this.#below(this.#corpus.length)] = input;
    return input;
  }

  #changed(data: number[]): number[] {
    const at = this.#below(data.length + 1);
    const count = 1 + this.#below(4);
    switch (this.#below(6)) {
      case 0:
        return data.toSpliced(at, 1, this.#byte());
      case 1:
        return data.toSpliced(at, 0, ...Array.from({ length: count }, () => this.#byte()));
      case 2:
        return data.toSpliced(at, count);
      case 3:
        return data.toSpliced(at, 0, ...data.slice(at, at + count));
      case 4:
        return [...data.slice(0, at), ...this.#pick(this.#corpus).subarray(this.#below(8))];
      default:
        return [...data, ...data];
    }
  }

  #byte(): number {
    return this.#random() < 0.6 ? this.#pick(TELLING_BYTES) : this.#below(256);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** Longer inputs cost more and find no more in parsers with small limits. */
const MAX_BYTES = 256;
const DRIFT = 0.02;
/** What parsers of text and lengths look for. */
const TELLING_BYTES = [0, 1, 2, 10, 13, 0x20, 0x2c, 0x30, 0x31, 0x39, 0x3a, 0x7c, 0x7f, 0x80, 0xc3, 0xe2, 0xf0, 0xff];
