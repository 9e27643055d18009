import { reportOf } from "./report.ts";
import type { RunResult } from "./run-scenario.ts";
import { runScenario } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";

/** Which runs to make. */
export interface ExploreOptions<W = unknown> {
  /** How many, from `firstSeed` on; or which. */
  readonly seeds: number | Iterable<number>;
  /** Default 1. */
  readonly firstSeed?: number | undefined;
  /** More conditions to check, besides the scenario's own. */
  readonly invariants?: Scenario<W>["invariants"];
  /** Ends when so many seeds have failed; default 1. */
  readonly stopAfterFailures?: number | undefined;
  /** A bug of the scenario's `plants` to plant. */
  readonly plant?: string | undefined;
  /** Whether to look for the shortest schedule that fails; default true. */
  readonly shrink?: boolean | undefined;
  /** Called after each run. */
  readonly onProgress?: ((progress: ExploreProgress) => void) | undefined;
  /** Ends after the run at hand. */
  readonly signal?: AbortSignal | undefined;
}

/** How far an exploration is. */
export interface ExploreProgress {
  /** The run that has just been made. */
  readonly result: RunResult;
  readonly runs: number;
  readonly failures: number;
}

/** A seed that failed. */
export interface FoundFailure {
  /** The run as it was found. */
  readonly found: RunResult;
  /** The same seed with the shortest schedule that fails the same condition; `found` if it was not shrunk. */
  readonly shortest: RunResult;
  /** Runs that shrinking took. */
  readonly shrinkRuns: number;
}

/** What exploring came to. */
export interface Exploration {
  /** The scenario's name. */
  readonly scenario: string;
  /** How many seeds were run. */
  readonly runs: number;
  /** Of all these runs. */
  readonly eventCount: number;
  /** Of all these runs. */
  readonly virtualMs: number;
  /** In the order of finding. */
  readonly failures: readonly FoundFailure[];
  /** All of it for people; of each failure the seed, what did not hold, and the shortest schedule in words and as JSON. */
  readonly report: string;
}

/**
 * Runs a scenario with many seeds, and shrinks the schedule of faults of what fails.
 *
 * @throws as `runScenario` does.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { explore, scenario } from "ropewalk/sim";
 *
 * const fragile = scenario({
 *   name: "fragile",
 *   durationMs: 10_000,
 *   faults: { kinds: ["pause", "crash"], count: [0, 3] },
 *   setup: (sim) => sim.host("a"),
 *   invariants: { "always up": (host) => assert.ok(host.isUp) },
 * });
 * const { failures } = await explore(fragile, { seeds: 100 });
 * console.log(failures[0]?.shortest.faults); // [ { kind: 'crash', host: 'a', atMs: 0, forMs: 0 } ]
 * ```
 */
export async function explore<W>(scenario: Scenario<W>, options: ExploreOptions<W>): Promise<Exploration> {
  const { plant, invariants, stopAfterFailures = 1, onProgress, signal } = options;
  const failures: FoundFailure[] = [];
  let [runs, eventCount, virtualMs] = [0, 0, 0];
  for (const seed of seedsOf(options)) {
    if (signal?.aborted === true) break;
    const result = await runScenario(scenario, { seed, plant, invariants });
    runs += 1;
    eventCount += result.eventCount;
    virtualMs += result.virtualMs;
    if (result.failure !== undefined) failures.push(await foundOf(scenario, result, options));
    onProgress?.({ result, runs, failures: failures.length });
    if (failures.length >= stopAfterFailures) break;
  }
  const facts = { scenario: scenario.name, runs, eventCount, virtualMs, failures };
  return { ...facts, report: reportOf(facts) };
}

async function foundOf<W>(scenario: Scenario<W>, found: RunResult, options: ExploreOptions<W>): Promise<FoundFailure> {
  if (options.shrink === false) return { found, shortest: found, shrinkRuns: 0 };
  const { result, runs } = await shrink(scenario, found, options);
  return { found, shortest: result, shrinkRuns: runs };
}

function* seedsOf({ seeds, firstSeed = 1 }: ExploreOptions<never>): Iterable<number> {
  if (typeof seeds !== "number") yield* seeds;
  else for (let at = 0; at < seeds; at += 1) yield firstSeed + at;
}
