import { describeFailure } from "../../sim/explore/report.ts";
import { type RunResult, runScenario } from "../../sim/explore/run-scenario.ts";
import type { Scenario } from "../../sim/explore/scenario.ts";
import { describeTimedFault } from "../../sim/faults/describe-fault.ts";
import type { Fault } from "../../sim/faults/fault.ts";
import type { Simulation } from "../../sim/simulation.ts";
import type { SimArguments } from "./command.ts";
import { replayCommand } from "./replay-command.ts";
import { printTrace } from "./trace.ts";

/** Runs one seed, and says what it came to. */
export async function replay(
  scenario: Scenario,
  given: SimArguments & { readonly seed: number },
  faults: readonly Fault[] | undefined,
): Promise<number> {
  const { seed, plant, hash, trace } = given;
  const observe = (sim: Simulation): void => {
    if (trace) printTrace(sim, (line) => void process.stdout.write(`${line}\n`));
  };
  const result = await runScenario(scenario, { seed, plant, faults, observe });
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

function wellWords({ name }: Scenario, { seed, eventCount, virtualMs, faults }: RunResult): string[] {
  const time = `${eventCount} events in ${Math.round(virtualMs)} ms of virtual time`;
  return [
    `Seed ${seed} of "${name}" holds: ${time}`,
    ...(faults.length === 0 ? [] : ["Faults:"]),
    ...faults.map((fault) => `  ${describeTimedFault(fault)}`),
  ];
}
