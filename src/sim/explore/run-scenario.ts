import { type DrawOptions, drawFaults } from "../faults/draw-faults.ts";
import type { Fault } from "../faults/fault.ts";
import type { FaultMenu } from "../faults/menu.ts";
import { afterRealTurn } from "../node/microtasks.ts";
import { Simulation, SimulationStuck, surroundingsOf } from "../simulation.ts";
import { type Scenario, ScenarioError } from "./scenario.ts";
import { NO_ERROR, type RunFailure, Watch } from "./watch.ts";

/** How to run a scenario once. */
export interface RunScenarioOptions<W = unknown> {
  readonly seed: number;
  /** A bug of the scenario's `plants` to plant. */
  readonly plant?: string | undefined;
  /** This schedule in place of the scenario's own. */
  readonly faults?: readonly Fault[] | undefined;
  /** More conditions to check, besides the scenario's own. */
  readonly invariants?: Scenario<W>["invariants"];
  /** Called before the setup: to observe, to capture. */
  readonly observe?: ((sim: Simulation) => void) | undefined;
}

/** What one run of a scenario came to. */
export interface RunResult {
  readonly seed: number;
  /** `sim.hash` at the end. */
  readonly hash: string;
  /** `sim.eventCount` at the end. */
  readonly eventCount: number;
  /** `sim.nowMs` at the end. */
  readonly virtualMs: number;
  /** What went wrong on the network, given or drawn. */
  readonly faults: readonly Fault[];
  /** Undefined if all held. */
  readonly failure: RunFailure | undefined;
}

/**
 * Runs a scenario once: the same seed, faults and program give the same run. What does not hold is in the result; it throws only
 * for a scenario that cannot be run. One run at a time: others wait for it.
 *
 * @throws ScenarioError for a plant that the scenario has not, and for faults that cannot be.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { runScenario, scenario } from "ropewalk/sim";
 *
 * const late = scenario({
 *   name: "late",
 *   durationMs: 10_000,
 *   setup(sim) {
 *     const world = { isLate: false };
 *     sim.host("a").reactor.callLater(7_000, () => void (world.isLate = true));
 *     return world;
 *   },
 *   invariants: { "never late": ({ isLate }) => assert.ok(!isLate) },
 * });
 * const { failure } = await runScenario(late, { seed: 1 });
 * console.log(failure?.invariant, failure?.atMs); // never late 7000
 * ```
 */
export function runScenario<W>(scenario: Scenario<W>, options: RunScenarioOptions<W>): Promise<RunResult> {
  const result = underWay.then(() => run(scenario, options));
  underWay = result.catch(() => undefined);
  return result;
}

/** Logs, clocks and rejected promises are the whole program's: two runs at a time could not tell whose they are. */
let underWay: Promise<unknown> = Promise.resolve();

async function run<W>(scenario: Scenario<W>, options: RunScenarioOptions<W>): Promise<RunResult> {
  const { seed, plant, observe } = options;
  checkPlant(scenario, plant);
  const sim = new Simulation({ seed });
  const watch = new Watch(sim, scenario, options.invariants);
  let { faults } = options;
  try {
    observe?.(sim);
    const world = await watch.during("setup", () => sim.run(() => scenario.setup(sim, { plant })));
    if (world !== undefined) {
      faults = schedule(scenario, sim, faults);
      watch.begin(world.value);
      await watch.during(NO_ERROR, () => play(scenario, sim, world.value, watch));
      watch.checkAtEnd();
    }
  } finally {
    // Rejections of the last event are told in Node's next turn: they are this run's, not the next one's.
    await new Promise<void>(afterRealTurn);
    watch[Symbol.dispose]();
  }
  const { hash, eventCount, nowMs } = sim;
  return { seed, hash, eventCount, virtualMs: nowMs, faults: faults ?? [], failure: watch.failure };
}

async function play<W>(scenario: Scenario<W>, sim: Simulation, world: W, watch: Watch<W>): Promise<void> {
  const { durationMs, eventually = {}, settleMs = DEFAULT_SETTLE_MS } = scenario;
  await sim.advance(Math.max(0, durationMs - sim.nowMs));
  sim.endFaults();
  let missing: string | undefined;
  const isSettled = (): boolean => {
    missing = Object.keys(eventually).find((name) => !eventually[name]?.(world, sim));
    return missing === undefined;
  };
  try {
    await sim.until(isSettled, { withinMs: settleMs });
  } catch (error) {
    if (!(error instanceof SimulationStuck) || missing === undefined) throw error;
    const message = `It did not come true within ${settleMs} ms after the end of the faults`;
    watch.fail(missing, new SimulationStuck(message, { cause: error }));
  }
}

/** The faults that are given, or the scenario's own: they will happen. */
function schedule<W>(scenario: Scenario<W>, sim: Simulation, given: readonly Fault[] | undefined): readonly Fault[] {
  try {
    const faults = given ?? scheduleOf(scenario, sim);
    for (const fault of faults) sim.inject(fault);
    return faults;
  } catch (error) {
    throw new ScenarioError(`Cannot run "${scenario.name}": ${(error as Error).message}`, { cause: error });
  }
}

function scheduleOf<W>({ faults, durationMs }: Scenario<W>, sim: Simulation): readonly Fault[] {
  if (faults === undefined) return [];
  if (!("kinds" in faults)) return faults;
  const menu: FaultMenu = faults;
  const hosts = menu.hosts ?? sim.hosts.map(({ name }) => name);
  const options: DrawOptions = { ...menu, hosts, withinMs: menu.withinMs ?? durationMs };
  return drawFaults(surroundingsOf(sim).random.stream("faults"), options);
}

function checkPlant<W>({ name, plants = [] }: Scenario<W>, plant: string | undefined): void {
  if (plant === undefined || plants.includes(plant)) return;
  const known = plants.length === 0 ? "it has none" : `it has ${plants.join(", ")}`;
  throw new ScenarioError(`Cannot plant "${plant}" in the scenario "${name}": ${known}`);
}

const DEFAULT_SETTLE_MS = 60_000;
