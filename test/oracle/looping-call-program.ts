/** Random programs of looping calls on one clock, as JSON that both sides can run. Times are halves: exact in both. */

export interface LoopProgram {
  readonly seed: number;
  readonly loops: readonly Loop[];
  readonly steps: readonly Step[];
}

export interface Loop {
  readonly withCount: boolean;
  /** What the calls do, one after the other, and from the first again. */
  readonly calls: readonly Call[];
}

export interface Call {
  /** What it does to its own loop first. */
  readonly first: "stop" | "reset" | "nothing";
  /** `wait` returns a Deferred that a later step settles; `fired` and `failed` one that is settled. */
  readonly next: "value" | "throw" | "wait" | "fired" | "failed";
}

export type Step =
  | { readonly do: "start"; readonly loop: number; readonly interval: number; readonly runNow: boolean }
  | { readonly do: "stop" | "reset"; readonly loop: number }
  | { readonly do: "fire" | "fail"; readonly loop: number }
  /** `late`: nothing can run until the end. Otherwise each call comes at its own time. */
  | { readonly do: "advance"; readonly by: number; readonly late: boolean };

/** What happened, and to which loop. */
export type TraceEntry = readonly [string, ...(string | number | boolean | null)[]];

export function loopProgram(seed: number, random: () => number): LoopProgram {
  const below = (limit: number): number => Math.floor(random() * limit);
  const oneOf = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;
  const count = 1 + below(2);
  const endless = random() < 0.1;
  const step = (): Step => {
    const loop = below(count);
    const kind = oneOf(STEPS);
    if (kind === "start") {
      return { do: kind, loop, interval: endless ? 0 : (1 + below(10)) / 2, runNow: random() < 0.6 };
    }
    if (kind === "advance") return { do: kind, by: below(random() < 0.2 ? 40 : 8) / 2, late: random() < 0.5 };
    return { do: kind, loop };
  };
  return {
    seed,
    loops: Array.from({ length: count }, () => ({
      withCount: random() < 0.5,
      calls: Array.from({ length: 1 + below(5) }, () => ({
        first: oneOf(FIRST),
        // With an interval of 0, an advance ends only if some call waits or ends the loop.
        next: endless ? oneOf(ENDING) : oneOf(THEN),
      })),
    })),
    steps: [{ do: "start", loop: 0, interval: endless ? 0 : 2, runNow: true }, ...Array.from({ length: 20 }, step)],
  };
}

const STEPS = [
  "start",
  "start",
  "stop",
  "reset",
  "fire",
  "fire",
  "fail",
  ...Array<"advance">(8).fill("advance"),
] as const;
const FIRST = ["stop", "reset", ...Array<"nothing">(12).fill("nothing")] as const;
const THEN = [
  "value",
  "value",
  "value",
  "value",
  "value",
  "value",
  "throw",
  "wait",
  "wait",
  "fired",
  "failed",
] as const;
const ENDING = ["wait", "wait", "wait", "throw", "failed"] as const;
