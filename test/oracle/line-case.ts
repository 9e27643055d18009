/** Random cases for a protocol of lines: what it is fed, and what it does in its callbacks. Bytes are Latin-1 text. */

export interface LineCase {
  readonly seed: number;
  readonly delimiter: string;
  readonly maxLength: number;
  /** Whether lines are received as bytes, by the method that only Ropewalk has. */
  readonly asBytes: boolean;
  readonly steps: readonly Step[];
  /** What the first callback does, the second, and so on; those after the last do nothing. */
  readonly callbacks: readonly (readonly Action[])[];
}

/** What happens from outside. */
export type Step =
  | readonly ["data", string]
  | readonly ["raw"]
  | readonly ["line", string]
  | readonly ["clear"]
  | readonly ["pause"]
  | readonly ["resume"];

/** What a callback does. `rest` goes back to lines with what is left of raw bytes after so many. */
export type Action =
  | Step
  | readonly ["rest", number]
  | readonly ["lose"]
  | readonly ["max", number]
  | readonly ["delimiter", string]
  | readonly ["send", string];

export function lineCase(seed: number, random: () => number): LineCase {
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const delimiter = pick(DELIMITERS);
  const alphabet = [...ALPHABET, delimiter, delimiter, delimiter.slice(0, 1)];
  const bytes = (limit: number) => Array.from({ length: below(limit) }, () => pick(alphabet)).join("");
  const maxLength = pick([0, 1, 3, 4, 5, 8, 20, 16_384]);
  const step = (): Step => {
    if (random() < 0.8) return ["data", bytes(14)];
    const what = pick(["raw", "line", "clear", "pause", "resume", "resume"] as const);
    return what === "line" ? [what, bytes(6)] : [what];
  };
  const action = (): Action => {
    const what = pick(ACTIONS);
    if (what === "data" || what === "line" || what === "send") return [what, bytes(6)];
    if (what === "rest") return [what, below(6)];
    if (what === "max") return [what, pick([0, 2, 4, 16])];
    if (what === "delimiter") return [what, pick(DELIMITERS)];
    return [what];
  };
  return {
    seed,
    delimiter,
    maxLength,
    asBytes: random() < 0.3,
    steps: Array.from({ length: 1 + below(10) }, step),
    callbacks: Array.from({ length: below(12) }, () =>
      random() < 0.5 ? [] : Array.from({ length: 1 + below(3) }, action),
    ),
  };
}

const DELIMITERS = ["\r\n", "\r\n", "\n", "|", "||", "a\r\nb", "\u0000"];
const ALPHABET = ["a", "b", "a", "bc", "\r", "\n", "\r\n", "|", "\u00e9", "\u0000"];
const ACTIONS = [
  "raw",
  "raw",
  "line",
  "rest",
  "rest",
  "clear",
  "pause",
  "resume",
  "data",
  "max",
  "delimiter",
  "send",
  "lose",
] as const;
