import { describeFailure } from "../../sim/explore/report.ts";
import { type RunResult, runScenario } from "../../sim/explore/run-scenario.ts";
import type { Scenario } from "../../sim/explore/scenario.ts";
import { describeTimedFault } from "../../sim/faults/describe-fault.ts";
import type { Fault } from "../../sim/faults/fault.ts";
import type { Simulation } from "../../sim/simulation.ts";
import { UsageError } from "../usage-error.ts";
import type { SimArguments } from "./command.ts";
import { replayCommand } from "./replay-command.ts";
import { printTrace } from "./trace.ts";

/** Runs one seed, and says what it came to. */
export async function replay(
  scenario: Scenario,
  given: SimArguments & { readonly seed: number },
  faults: readonly Fault[] | undefined,
): Promise<number> {
  const { seed, plant, hash } = given;
  const recordings: Disposable[] = [];
  const observe = (sim: Simulation): void => inFiles(() => recordings.push(...recordingsOf(sim, given)));
  let result: RunResult;
  try {
    result = await runScenario(scenario, { seed, plant, faults, observe });
  } finally {
    inFiles(() => {
      for (const recording of recordings) recording[Symbol.dispose]();
    });
  }
  const { failure } = result;
  const lines =
    failure === undefined
      ? wellWords(scenario, result)
      : [
          describeFailure(
            { found: result, shortest: result, shrinkRuns: 0 },
            replayCommand(given, faults !== undefined),
          ),
        ];
  if (hash) lines.push(`hash ${result.hash}`);
  process.stdout.write(`${lines.join("\n")}\n`);
  return failure === undefined ? 0 : 1;
}

/** What is written while it runs, and done with when disposed. */
function* recordingsOf(sim: Simulation, { capture, diagram, trace }: SimArguments): Iterable<Disposable> {
  if (trace) yield printTrace(sim, (line) => void process.stdout.write(`${line}\n`));
  if (capture !== undefined) yield sim.capture(capture);
  if (diagram !== undefined) yield sim.diagram(diagram);
}

/** Whoever names a file that cannot be written can mend that. */
function inFiles(write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function wellWords({ name }: Scenario, { seed, eventCount, virtualMs, faults }: RunResult): string[] {
  const time = `${eventCount} events in ${Math.round(virtualMs)} ms of virtual time`;
  return [
    `Seed ${seed} of "${name}" holds: ${time}`,
    ...(faults.length === 0 ? [] : ["Faults:"]),
    ...faults.map((fault) => `  ${describeTimedFault(fault)}`),
  ];
}
