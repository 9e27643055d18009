import { describeTimedFault } from "../faults/describe-fault.ts";
import type { Exploration, FoundFailure } from "./explore.ts";

/** How a failing run can be had again. */
export type ReplayCommand = (failure: FoundFailure) => string;

/** All of an exploration in lines for people. */
export function reportOf(
  { scenario, runs, failures }: Omit<Exploration, "report">,
  replay: ReplayCommand = replayInCode,
): string {
  const seeds = `${runs} ${runs === 1 ? "seed" : "seeds"}`;
  if (failures.length === 0) return `"${scenario}" holds for ${seeds}`;
  const summary = `"${scenario}" fails for ${failures.length} of ${seeds}`;
  return [summary, ...failures.map((failure) => describeFailure(failure, replay))].join("\n\n");
}

/**
 * One failing seed in lines for people: what did not hold and when, the shortest schedule in words and as JSON, and how to
 * replay it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { describeFailure, explore, scenario } from "ropewalk/sim";
 *
 * const fragile = scenario({
 *   name: "fragile",
 *   durationMs: 10_000,
 *   faults: [{ kind: "crash", host: "a", atMs: 70 }],
 *   setup: (sim) => sim.host("a"),
 *   invariants: { "always up": (host) => assert.ok(host.isUp, "it is down") },
 * });
 * const { failures } = await explore(fragile, { seeds: 1 });
 * for (const failure of failures) console.log(describeFailure(failure, () => "npm test").split("\n")[0]);
 * // Seed 1 fails "always up" at 0 ms: AssertionError: it is down
 * ```
 */
export function describeFailure(failure: FoundFailure, replay: ReplayCommand = replayInCode): string {
  const { found, shortest, shrinkRuns } = failure;
  const { failure: what, faults } = shortest;
  const count = `${faults.length} of ${found.faults.length} faults, found in ${shrinkRuns} runs`;
  const title = shrinkRuns === 0 ? "Schedule:" : `Shortest schedule (${count}):`;
  return [
    `Seed ${shortest.seed} fails "${what?.invariant}" at ${round(what?.atMs ?? 0)} ms: ${firstLine(what?.message ?? "")}`,
    ...(faults.length === 0 ? ["No fault is needed."] : [title]),
    ...faults.map((fault) => `  ${describeTimedFault(fault)}`),
    ...(faults.length === 0 ? [] : ["As JSON:", `  ${JSON.stringify(faults)}`]),
    "Replay:",
    `  ${replay(failure)}`,
  ].join("\n");
}

function replayInCode({ shortest: { seed, faults } }: FoundFailure): string {
  return `await runScenario(scenario, { seed: ${seed}, faults: ${JSON.stringify(faults)} })`;
}

/** An assertion's message goes on with a picture of the difference. */
function firstLine(message: string): string {
  return message.split("\n")[0] ?? "";
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
