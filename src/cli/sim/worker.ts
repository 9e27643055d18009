/** A process of a WorkerPool. */
import { type RunResult, runScenario } from "../../sim/explore/run-scenario.ts";
import type { Scenario } from "../../sim/explore/scenario.ts";
import { loadScenario } from "./load-scenario.ts";
import type { SeedRange, WorkerMessage } from "./worker-pool.ts";

let loading: Promise<Scenario> | undefined;

async function run({ task: { file, plant, faults }, firstSeed, count }: SeedRange): Promise<void> {
  try {
    loading ??= loadScenario(file);
    const scenario = await loading;
    for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
      tell({ result: portable(await runScenario(scenario, { seed, plant, faults })) });
    }
    tell({ isDone: true });
  } catch (error) {
    tell({ error: error instanceof Error ? error.message : String(error) });
  }
}

/** An error may hold what cannot be sent. */
function portable(result: RunResult): RunResult {
  const { failure } = result;
  return failure === undefined ? result : { ...result, failure: { ...failure, error: undefined } };
}

function tell(message: WorkerMessage): void {
  process.send?.(message);
}

process.on("message", (range: SeedRange) => void run(range));
// The terminal tells all of them; the first process ends the others.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => process.exit());
