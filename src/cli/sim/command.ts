import { readFileSync } from "node:fs";
import { ScenarioError } from "../../sim/explore/scenario.ts";
import type { Fault } from "../../sim/faults/fault.ts";
import { UsageError } from "../usage-error.ts";
import { exploreSeeds } from "./explore-seeds.ts";
import { loadScenario } from "./load-scenario.ts";
import { replay } from "./replay.ts";

/** What the command line says. */
export interface SimArguments {
  readonly file: string;
  readonly seeds?: number;
  readonly firstSeed?: number;
  readonly seed?: number;
  readonly jobs?: number;
  readonly stopAfter?: number;
  readonly plant?: string;
  /** JSON, or a file's name. */
  readonly faults?: string;
  readonly capture?: string;
  readonly diagram?: string;
  readonly hash?: true;
  readonly trace?: true;
}

/** `ropewalk sim`: gives the exit status. @throws UsageError */
export async function sim(given: SimArguments): Promise<number> {
  const { file, seed } = given;
  if (seed === undefined) {
    for (const name of ["capture", "diagram", "hash", "trace"] as const) {
      if (given[name] !== undefined) throw new UsageError(`--${name} is of one run: say which with --seed`);
    }
  }
  const scenario = await loadScenario(file);
  const faults = given.faults === undefined ? undefined : readFaults(given.faults);
  try {
    return seed === undefined
      ? await exploreSeeds(scenario, given, faults)
      : await replay(scenario, { ...given, seed }, faults);
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function readFaults(text: string): readonly Fault[] {
  const isJson = text.trimStart().startsWith("[");
  let faults: unknown;
  try {
    faults = JSON.parse(isJson ? text : readFileSync(text, "utf8"));
  } catch (error) {
    throw new UsageError(`Cannot read faults from ${isJson ? text : `"${text}"`}: ${(error as Error).message}`);
  }
  if (!Array.isArray(faults)) throw new UsageError(`Cannot read faults from "${text}": it is no list`);
  return faults as readonly Fault[];
}
