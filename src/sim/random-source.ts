import { seededRandom } from "../core/seeded-random.ts";

/**
 * Independent streams of random numbers from one seed, by name: what one host draws does not shift what another one gets,
 * so a small change of a program makes a small change of the run.
 */
export class RandomSource {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The same for the same name. */
  stream(name: string): () => number {
    let [low, high] = [this.#seed | 0, 0x85eb_ca6b];
    for (let at = 0; at < name.length; at += 1) {
      const code = name.charCodeAt(at);
      low = Math.imul(low ^ code, 0x0100_0193) ^ (low >>> 15);
      high = Math.imul(high ^ code, 0xc2b2_ae3d) ^ (high >>> 13);
    }
    // 53 bits are what a number holds.
    return seededRandom((low >>> 0) + (high & 0x1f_ffff) * 0x1_0000_0000);
  }
}

/** A whole number from 0 to below `limit`. */
export function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}
