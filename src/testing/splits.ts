import { seededRandom } from "../core/seeded-random.ts";

/**
 * Where a stream of bytes is cut into reads: `"whole"` (all there is), `"bytes"` (one at a time), a list of sizes (the
 * last one repeats), or sizes from a seed between 1 and `maxBytes` (16 by default).
 */
export type Splits = "whole" | "bytes" | readonly number[] | { readonly seed: number; readonly maxBytes?: number };

/** How much of `available` bytes the next read takes; at least 1. */
export type Cutter = (available: number) => number;

/**
 * A new sequence of cuts.
 *
 * @throws RangeError if a size is not a whole number of at least 1, or if the list is empty.
 */
export function cutter(splits: Splits): Cutter {
  if (splits === "whole") return (available) => available;
  if (splits === "bytes") return () => 1;
  if ("seed" in splits) {
    const random = seededRandom(splits.seed);
    const maxBytes = checkedSize(splits.maxBytes ?? 16);
    return (available) => Math.min(available, 1 + Math.floor(random() * maxBytes));
  }
  return bySizes(splits.map(checkedSize));
}

/**
 * Copies of `data`, in the pieces that `splits` makes of it.
 *
 * @throws RangeError if a size is not a whole number of at least 1, or if the list is empty.
 *
 * @example
 * ```ts
 * import { cutUp } from "ropewalk/testing";
 *
 * const pieces = cutUp(Uint8Array.of(1, 2, 3, 4), [1, 2]);
 * console.log(pieces.map((piece) => [...piece])); // [ [ 1 ], [ 2, 3 ], [ 4 ] ]
 * ```
 */
export function cutUp(data: Uint8Array, splits: Splits): Uint8Array[] {
  const cut = cutter(splits);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const size = cut(data.length - at);
    pieces.push(new Uint8Array(data.subarray(at, at + size)));
    at += size;
  }
  return pieces;
}

function bySizes(sizes: readonly number[]): Cutter {
  const last = sizes.at(-1);
  if (last === undefined) throw new RangeError("Cannot cut by an empty list of sizes: give at least one");
  let next = 0;
  return (available) => {
    const size = sizes[next] ?? last;
    next += 1;
    return Math.min(available, size);
  };
}

function checkedSize(size: number): number {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(`Cannot cut into pieces of ${size} bytes: sizes are whole numbers of at least 1`);
  }
  return size;
}
