/**
 * Uniform numbers in [0, 1), the same for the same seed on every machine. For tests, never for secrets.
 *
 * Two seeds give two streams that do not overlap within any run: the generator is sfc32 (Doty-Humphrey, PractRand), whose
 * state has 128 bits, a counter among them.
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
  // What a seed has above 32 bits counts too.
  let a = seed | 0;
  let b = Math.floor(seed / 0x1_0000_0000) | 0;
  let c = 0x9e37_79b9 | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  // The first values of neighbouring seeds are alike.
  for (let i = 0; i < 15; i += 1) next();
  return next;
}
