/**
 * `node build/fuzz/guided.js target [seconds] [seed]`: fuzzing led by coverage. Inputs that reach code, or lead to an order of
 * events, that no other one did are gone on with. At the end it prints those that reached code of their own, as JSON: seeds
 * for the next run. Stops at the first fault, as run.ts does.
 */
import { argv } from "node:process";
import { pathToFileURL } from "node:url";
import { Coverage } from "./coverage.ts";
import { bytesOf, Mutator } from "./mutator.ts";
import { feed, shown, TARGETS } from "./run.ts";
import type { FuzzTarget } from "./target.ts";

export interface GuidedRun {
  readonly inputs: number;
  /** Characters of the target's code that ran. */
  readonly covered: number;
  /** Orders of events that were seen. */
  readonly outcomes: number;
  /** Inputs that reached code of their own, in the order in which they did. */
  readonly kept: readonly Uint8Array[];
}

/** @throws Error with the input, and what it led to as the cause. */
export async function fuzzGuided(
  target: FuzzTarget,
  code: RegExp,
  seconds: number,
  seed: number,
  say: (line: string) => void = () => {},
): Promise<GuidedRun> {
  using coverage = new Coverage(code);
  const mutator = new Mutator(seed, target.seeds, target.words, 0);
  const outcomes = new Set<string>();
  const kept: Uint8Array[] = [];
  const endMs = Date.now() + 1_000 * seconds;
  let inputs = 0;
  let batch = target.seeds.map(bytesOf);
  for (let saidMs = Date.now(); batch.length > 0; ) {
    for (const input of batch) {
      const outcome = feed(target, input);
      if (!outcomes.has(outcome) && outcomes.size < MAX_OUTCOMES) {
        outcomes.add(outcome);
        mutator.keep(input);
      }
    }
    inputs += batch.length;
    // One look at the coverage costs as much as fifty inputs: only a batch that brought something is looked at one by one.
    if (coverage.hasGrown()) {
      for (const input of batch.filter((one) => coverage.isNewBy(() => feed(target, one)))) {
        kept.push(input);
        mutator.keep(input);
      }
    }
    coverage.accept();
    if (Date.now() - saidMs > SAY_MS) {
      saidMs = Date.now();
      say(`${inputs} inputs, ${coverage.covered} characters of code, ${outcomes.size} outcomes, ${kept.length} kept`);
    }
    await new Promise((turn) => setImmediate(turn));
    batch = Date.now() < endMs ? Array.from({ length: BATCH }, () => mutator.next()) : [];
  }
  return { inputs, covered: coverage.covered, outcomes: outcomes.size, kept };
}

/** Inputs between two looks at the coverage. */
const BATCH = 200;
/** Orders of events are without end: beyond so many they lead nowhere. */
const MAX_OUTCOMES = 20_000;
const SAY_MS = 10_000;
const PARSERS = /\/dist\/(?:protocols|wire)\//;

if (pathToFileURL(argv[1] ?? "").href === import.meta.url) {
  const [name = "", seconds = "60", seed = "1"] = argv.slice(2);
  const target = TARGETS[name];
  if (target === undefined) throw new Error(`Cannot fuzz "${name}": there is ${Object.keys(TARGETS).join(", ")}`);
  const say = (line: string): void => console.error(line);
  const run = await fuzzGuided(target, PARSERS, Number(seconds), Number(seed), say);
  console.error(`${run.inputs} inputs without a fault, ${run.covered} characters of code, ${run.outcomes} outcomes`);
  console.log(`[\n${run.kept.map((input) => `  ${shown(input)}`).join(",\n")}\n]`);
}
