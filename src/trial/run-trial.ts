import type { Reactor } from "../core/reactor.ts";
import { makeContext, type ReactorChoice, type Runner, SkippedTest, type TrialContext } from "./context.ts";
import { settings } from "./settings.ts";
import { type TestParts, TestRun } from "./test-run.ts";

/** What a test may ask for. */
export interface TrialOptions<R extends Reactor> {
  /**
   * `"memory"`, the default: a MemoryReactor, which a test moves by `t.advance`. `"real"`: sockets and real time. `"sim"`: a
   * host of `t.sim`, whose virtual time goes on while the test waits. Or a function that makes one.
   */
  readonly reactor?: ReactorChoice<R> | undefined;
  /** How long each part of the test may take, in real time; default 120 000 ms. */
  readonly timeoutMs?: number | undefined;
  /** For `t.seed`; default: another one in each run, which is printed if the test fails. */
  readonly seed?: number | undefined;
}

/** What a test does with its context: what it returns, a Deferred or a Promise too, is awaited. */
export type TrialBody<R extends Reactor> = (t: TrialContext<R>) => unknown;

/** One test with everything round it. Tests of one process run one after the other: what they log cannot be told apart. */
export async function runTrial<R extends Reactor>(
  runner: Runner,
  options: TrialOptions<R>,
  partsOf: (t: TrialContext<R>) => TestParts,
): Promise<void> {
  const [before, end] = takeTurn();
  await before;
  const timeoutMs = options.timeoutMs ?? settings.timeoutMs;
  const run = new TestRun({ timeoutMs, seed: options.seed ?? settings.nextSeed() });
  try {
    const t = makeContext<R>(run, runner, options.reactor ?? ("memory" as ReactorChoice<R>));
    if (options.reactor === "sim") run.driveSim();
    await run.run(partsOf(t));
  } catch (error) {
    if (!(error instanceof SkippedTest) && run.usedSeed) runner.diagnostic(settings.repeatText(runner.name, run.seed));
    throw error;
  } finally {
    end();
  }
}

function takeTurn(): [before: Promise<void>, end: () => void] {
  const before = last;
  let end = (): void => {};
  last = new Promise((resolve) => {
    end = resolve;
  });
  return [before, () => end()];
}

let last: Promise<void> = Promise.resolve();
