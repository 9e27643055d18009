import { describeFailure } from "../../sim/explore/report.ts";
import { type RunResult, runScenario } from "../../sim/explore/run-scenario.ts";
import type { Scenario } from "../../sim/explore/scenario.ts";
import { shrink } from "../../sim/explore/shrink.ts";
import type { Fault } from "../../sim/faults/fault.ts";
import type { SimArguments } from "./command.ts";
import { Progress } from "./progress.ts";
import { replayCommand } from "./replay-command.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Runs many seeds, shrinks what fails, and says how to see it again. */
export async function exploreSeeds(
  scenario: Scenario,
  given: SimArguments,
  faults: readonly Fault[] | undefined,
): Promise<number> {
  const { file, plant, seeds = DEFAULT_SEEDS, firstSeed = 1, jobs = 1, stopAfter = 1 } = given;
  const progress = new Progress(seeds);
  const totals = { eventCount: 0, virtualMs: 0 };
  const failed: RunResult[] = [];
  const take = (result: RunResult): boolean => {
    totals.eventCount += result.eventCount;
    totals.virtualMs += result.virtualMs;
    if (result.failure !== undefined) failed.push(result);
    progress.ran(result.failure !== undefined);
    return failed.length < stopAfter;
  };
  const pool = jobs > 1 ? new WorkerPool(jobs, { file, plant, faults }) : undefined;
  const interrupt = (): void => {
    progress.end();
    pool?.kill();
    process.stderr.write(`Interrupted after ${progress.runs} seeds, of which ${failed.length} failed\n`);
    process.exit(INTERRUPTED);
  };
  process.once("SIGINT", interrupt);
  if (pool === undefined) {
    for (let at = 0; at < seeds; at += 1) {
      if (!take(await runScenario(scenario, { seed: firstSeed + at, plant, faults }))) break;
    }
  } else {
    await pool.run(firstSeed, seeds, take);
  }
  progress.end();
  const speed = `${progress.seedsPerSecond.toFixed(1)} seeds/s`;
  const seedCount = `${progress.runs} ${progress.runs === 1 ? "seed" : "seeds"}`;
  const summary = `${seedCount}, ${totals.eventCount} events, ${hours(totals.virtualMs)} of virtual time, ${speed}`;
  // Which of two workers was faster must not decide what is shown.
  const shown = failed.sort((one, other) => one.seed - other.seed).slice(0, stopAfter);
  const lines = [`"${scenario.name}" ${shown.length === 0 ? "holds" : "fails"}: ${summary}`];
  for (const found of shown) {
    const { result, runs } = await shrink(scenario, found, { plant });
    const failure = { found, shortest: result, shrinkRuns: runs };
    lines.push("", describeFailure(failure, replayCommand(given, faults !== undefined)));
  }
  process.off("SIGINT", interrupt);
  process.stdout.write(`${lines.join("\n")}\n`);
  return shown.length === 0 ? 0 : 1;
}

function hours(ms: number): string {
  const minutes = ms / 60_000;
  return minutes < 60 ? `${minutes.toFixed(1)} min` : `${(minutes / 60).toFixed(1)} h`;
}

const DEFAULT_SEEDS = 100;
/** 128 and the number of SIGINT, as shells have it. */
const INTERRUPTED = 130;
