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
    let hash = this.#seed | 0;
    for (let at = 0; at < name.length; at += 1)
      hash = Math.imul(hash ^ name.charCodeAt(at), 0x0100_0193) ^ (hash >>> 15);
    return seededRandom(hash);
  }
}

/** A whole number from 0 to below `limit`. */
export function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}
