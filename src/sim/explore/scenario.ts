import type { Fault } from "../faults/fault.ts";
import type { FaultMenu } from "../faults/menu.ts";
import type { Simulation } from "../simulation.ts";

/** What a scenario's setup is told. */
export interface SetupOptions {
  /** The bug to plant, one of the scenario's `plants`; undefined for none. */
  readonly plant: string | undefined;
}

/**
 * A program on a simulated network, what may go wrong, and what must hold nevertheless. `W` is what `setup` makes and the
 * conditions look at.
 */
export interface Scenario<W = unknown> {
  readonly name: string;
  /** Hosts, links, programs, clients. Called inside the simulation at time 0. */
  setup(sim: Simulation, options: SetupOptions): W | PromiseLike<W>;
  /** What may go wrong: a menu to draw from, or a fixed schedule; none: a calm network. */
  readonly faults?: FaultMenu | readonly Fault[] | undefined;
  /** Virtual, from the simulation's beginning. */
  readonly durationMs: number;
  /** Checked after every event and at the end; they throw what is wrong. */
  readonly invariants?: Readonly<Record<string, (world: W, sim: Simulation) => void>> | undefined;
  /** After `durationMs` all faults end; then these must come true, all at one instant, within `settleMs`: nothing hangs. */
  readonly eventually?: Readonly<Record<string, (world: W, sim: Simulation) => boolean>> | undefined;
  /** Virtual; default 60 000 ms. */
  readonly settleMs?: number | undefined;
  /** Names of bugs that setup can plant, for testing the test. */
  readonly plants?: readonly string[] | undefined;
  /** Errors in the log and rejected promises that nobody handles are no failure; default false. */
  readonly allowErrors?: boolean | undefined;
  /** A run with more events than that fails: something goes round in circles. Default 10 000 000. */
  readonly mostEvents?: number | undefined;
}

/**
 * Gives a scenario back, with what `setup` makes known to its conditions.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { scenario } from "ropewalk/sim";
 *
 * const counting = scenario({
 *   name: "counting",
 *   durationMs: 10_000,
 *   setup(sim) {
 *     const world = { count: 0 };
 *     sim.host("a").reactor.callLater(1_000, () => void (world.count += 1));
 *     return world;
 *   },
 *   invariants: { "no more than one": ({ count }) => assert.ok(count <= 1) },
 *   eventually: { "counted": ({ count }) => count === 1 },
 * });
 * console.log(counting.name); // counting
 * ```
 */
export function scenario<W>(described: Scenario<W>): Scenario<W> {
  return described;
}

/** A scenario cannot be run as it was asked for: a plant that it has not, a fault that cannot be. */
export class ScenarioError extends Error {
  override readonly name: string = "ScenarioError";
}
