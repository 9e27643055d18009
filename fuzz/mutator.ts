import { seededRandom } from "ropewalk/testing";

/** Makes inputs out of others: flips, inserts, removes, repeats and crosses over. The same seed gives the same inputs. */
export class Mutator {
  readonly #random: () => number;
  readonly #corpus: Uint8Array[];
  readonly #words: readonly Uint8Array[];
  readonly #drift: number;

  /** `drift` is how often an input takes the place of one that others are made of; without it only `keep` adds to those. */
  constructor(seed: number, corpus: readonly string[], words: readonly string[] = [], drift: number = DRIFT) {
    this.#drift = drift;
    this.#random = seededRandom(seed);
    this.#corpus = corpus.map(bytesOf);
    this.#words = words.map(bytesOf);
  }

  /** Goes on with this one, too. */
  keep(input: Uint8Array): void {
    this.#corpus.push(input);
  }

  next(): Uint8Array {
    let data = [...this.#pick(this.#corpus)];
    for (let changes = 1 + this.#below(6); changes > 0; changes -= 1) data = this.#changed(data);
    const input = Uint8Array.from(data.slice(0, MAX_BYTES));
    // A little drift away from the seeds finds what no single change does.
    if (this.#random() < this.#drift) this.#corpus[this.#below(this.#corpus.length)] = input;
    return input;
  }

  #changed(data: number[]): number[] {
    const at = this.#below(data.length + 1);
    const count = 1 + this.#below(4);
    switch (this.#below(this.#words.length === 0 ? 6 : 8)) {
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
      case 5:
        return [...data, ...data];
      default:
        return data.toSpliced(at, this.#below(2) * count, ...this.#pick(this.#words));
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

/** One byte a character. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Longer inputs cost more and find no more in parsers with small limits. */
const MAX_BYTES = 256;
const DRIFT = 0.02;
/** What parsers of text and lengths look for. */
const TELLING_BYTES = [0, 1, 2, 10, 13, 0x20, 0x2c, 0x30, 0x31, 0x39, 0x3a, 0x7c, 0x7f, 0x80, 0xc3, 0xe2, 0xf0, 0xff];
