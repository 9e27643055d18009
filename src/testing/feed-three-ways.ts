import assert from "node:assert/strict";
import { Protocol } from "../core/protocol.ts";
import { plainBytes } from "./bytes.ts";
import { MemoryTransport } from "./memory-transport.ts";
import { cutUp, type Splits } from "./splits.ts";

/** How `feedThreeWays` feeds. */
export interface FeedOptions<T> {
  /** Where the random cuts come from; default 1. */
  readonly seed?: number | undefined;
  /** How many random cuts; default 20. */
  readonly randomRuns?: number | undefined;
  /** Hands over one piece; default: over a MemoryTransport for a Protocol, else by calling `dataReceived` or `receive`. */
  readonly feed?: ((fed: T, data: Uint8Array) => void) | undefined;
}

/**
 * Feeds `bytes` to something that `make` makes anew each time: whole, byte by byte, and at random cuts. Each time
 * `observe` says what came of it, which must be the same. Returns that, so that a test can go on to look at it.
 *
 * @throws AssertionError that shows the cut, the smallest that was found, and both observations.
 *
 * @example
 * ```ts
 * import { feedThreeWays } from "ropewalk/testing";
 *
 * class Words {
 *   readonly words: string[] = [];
 *   #rest = "";
 *   receive(data: Uint8Array): void {
 *     const parts = (this.#rest + new TextDecoder().decode(data)).split(" ");
 *     this.#rest = parts.pop() ?? "";
 *     this.words.push(...parts);
 *   }
 * }
 * console.log(feedThreeWays(() => new Words(), "one two ", (fed) => fed.words)); // [ 'one', 'two' ]
 * ```
 */
export function feedThreeWays<T extends object, O>(
  make: () => T,
  bytes: Uint8Array | string,
  observe: (fed: T) => O,
  options: FeedOptions<T> = {},
): O {
  const data = plainBytes(bytes);
  const run = (splits: Splits): O => {
    const fed = make();
    const feed = options.feed ?? feederFor(fed);
    for (const piece of cutUp(data, splits)) feed(fed, piece);
    return observe(fed);
  };
  const whole = run("whole");
  const check = (name: string, splits: Splits): void => {
    const seen = attempt(run, splits);
    if (!isSame(seen, whole)) throw difference(name, data, splits, seen, whole, run);
  };
  check("byte by byte", "bytes");
  const seed = options.seed ?? 1;
  for (let i = 0; i < (options.randomRuns ?? 20); i += 1) {
    // Cuts of a few bytes find other faults than cuts of a few hundred.
    const maxBytes = Math.max(1, Math.min(data.length, 2 ** (1 + (i % 10))));
    check(`at random cuts (seed ${seed + i}, at most ${maxBytes} bytes)`, { seed: seed + i, maxBytes });
  }
  return whole;
}

function feederFor(fed: object): (fed: object, data: Uint8Array) => void {
  if (fed instanceof Protocol) {
    const transport = new MemoryTransport();
    transport.attach(fed);
    return (_, data) => transport.remote.write(data);
  }
  const receive = (fed as Receiver).dataReceived ?? (fed as Receiver).receive;
  if (receive === undefined) {
    throw new TypeError("Cannot feed an object without dataReceived or receive: say how with options.feed");
  }
  return (_, data) => receive.call(fed, data);
}

/** What came of it; or the error, if it was thrown at these cuts and not at the whole. */
function attempt<O>(run: (splits: Splits) => O, splits: Splits): O | { readonly threw: unknown } {
  try {
    return run(splits);
  } catch (error) {
    return { threw: error };
  }
}

function difference<O>(
  name: string,
  data: Uint8Array,
  splits: Splits,
  seen: unknown,
  whole: O,
  run: (splits: Splits) => O,
): Error {
  const sizes = cutUp(data, splits).map((piece) => piece.length);
  const single = smallestCut(data.length, whole, run);
  const least = single === undefined ? "no single cut shows it" : `one cut after byte ${single} is enough`;
  const shown = sizes.length > 40 ? `${sizes.slice(0, 40).join(" ")} …` : sizes.join(" ");
  return new assert.AssertionError({
    message: `Fed ${name}, the events differ from those of the whole; ${least}\ncut into: ${shown}\n${diffOf(seen, whole)}`,
    actual: seen,
    expected: whole,
    operator: "deepStrictEqual",
  });
}

/** The first single cut that shows a difference. */
function smallestCut<O>(length: number, whole: O, run: (splits: Splits) => O): number | undefined {
  for (let at = 1; at < Math.min(length, SINGLE_CUTS); at += 1) {
    if (!isSame(attempt(run, [at, length]), whole)) return at;
  }
  return undefined;
}

function isSame(seen: unknown, expected: unknown): boolean {
  return diffOf(seen, expected) === "";
}

function diffOf(seen: unknown, expected: unknown): string {
  try {
    assert.deepEqual(seen, expected);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

interface Receiver {
  dataReceived?(data: Uint8Array): void;
  receive?(data: Uint8Array): unknown;
}

/** Looking for one cut costs a run each: enough for any vector, and bounded for a megabyte. */
const SINGLE_CUTS = 4_096;
