/**
 * Uniform numbers in [0, 1), the same for the same seed on every machine. For tests, never for secrets.
 *
 * @example
 * ```ts
 * import { seededRandom } from "ropewalk/testing";
 *
 * const [one, other] = [seededRandom(7), seededRandom(7)];
 * console.log(one() === other()); // true
 * ```
 */
export function seededRandom(seed: number): () => number {
  // xorshift32 (Marsaglia, 2003) never leaves the state 0, so the seed is spread first.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 0x9e3779b9;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
  // The first few values of neighbouring seeds are alike.
  for (let i = 0; i < 8; i += 1) next();
  return next;
}
