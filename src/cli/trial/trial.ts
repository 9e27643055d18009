import { once } from "node:events";
import { seededRandom } from "../../core/seeded-random.ts";
import { DONE, FAILED, USAGE } from "../exit-status.ts";
import { findTests } from "./find-tests.ts";
import { debugFiles, withCoverage } from "./other-ways.ts";
import { repeatCommand } from "./repeat-command.ts";
import { openReporters } from "./reporters.ts";
import { type Outcome, runFiles } from "./run-files.ts";

/** What the command line says. */
export interface TrialArguments {
  /** Files, folders and names. */
  readonly words: readonly string[];
  readonly jobs?: number;
  /** `true`: whatever seed comes. */
  readonly random?: number | true;
  readonly seed?: number;
  readonly untilFailure?: true;
  readonly reporter: readonly string[];
  readonly timeout?: number;
  readonly coverage?: true;
  readonly watch?: true;
  readonly debug?: true;
  readonly shard?: { readonly index: number; readonly total: number };
}

/** `trial`: gives the exit status, 0 if all tests passed, 1 if one failed. @throws UsageError */
export async function trial(given: TrialArguments): Promise<number> {
  const { files, names } = await findTests(given.words);
  if (given.coverage && !process.execArgv.includes(COVERAGE)) return withCoverage(COVERAGE);
  tellChildren(given);
  if (given.debug) return debugFiles(files, names);
  for (let runs = 1; ; runs += 1) {
    const status = await runOnce(given, files, names);
    if (status !== DONE || !given.untilFailure) return status;
    process.stdout.write(`trial: run ${runs} passed\n`);
  }
}

async function runOnce(given: TrialArguments, files: readonly string[], names: readonly string[]): Promise<number> {
  const order = given.random === true ? Math.floor(Math.random() * SEEDS) : given.random;
  if (order !== undefined) {
    process.env["TRIAL_ORDER"] = String(order);
    process.stdout.write(`trial: random order, seed ${order}\n`);
  }
  const reporters = await openReporters(given.reporter);
  const outcome = await runFiles({
    files: order === undefined ? files : shuffled(files, seededRandom(order)),
    names,
    reporters,
    jobs: given.jobs,
    shard: given.shard,
    watch: given.watch ?? false,
    coverage: given.coverage ?? false,
  });
  await reporters.finish();
  const status = statusOf(outcome, names);
  if (status === FAILED && order !== undefined) {
    process.stdout.write(`trial: repeat this order with ${repeatCommand({ ...given, random: order })}\n`);
  }
  await flushed();
  return status;
}

function statusOf({ ran, failed }: Outcome, names: readonly string[]): number {
  if (failed > 0) return FAILED;
  if (ran > 0 || names.length === 0) return DONE;
  const quoted = names.map((name) => JSON.stringify(name)).join(" or ");
  process.stderr.write(`trial: Cannot find a test whose name contains ${quoted}, nor a file or folder of that name\n`);
  return USAGE;
}

/** What tests do differently is told by the environment: see src/trial/settings.ts. */
function tellChildren({ timeout, seed }: TrialArguments): void {
  const { env } = process;
  if (timeout !== undefined) env["TRIAL_TIMEOUT_MS"] = String(timeout);
  if (seed !== undefined) env["TRIAL_SEED"] = String(seed);
  // The preload takes itself out again, so that programs which tests start are as ever.
  env["TRIAL_NODE_OPTIONS"] = env["NODE_OPTIONS"] ?? "";
  env["NODE_OPTIONS"] = `${env["NODE_OPTIONS"] ?? ""} --import=${new URL("./preload.js", import.meta.url).href}`.trim();
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const rest = [...list];
  const result: T[] = [];
  while (rest.length > 0) result.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return result;
}

/** The process is ended with its status next, and a pipe may be slow. */
async function flushed(): Promise<void> {
  if (process.stdout.writableLength > 0) await once(process.stdout, "drain");
}

const COVERAGE = "--experimental-test-coverage";
const SEEDS = 1_000_000;
