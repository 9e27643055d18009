import type { Fault } from "../faults/fault.ts";
import type { Selector } from "../network/link-options.ts";
import { type RunResult, runScenario } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";

/** How to shrink. */
export interface ShrinkOptions<W = unknown> {
  /** The bug that was planted when the run failed. */
  readonly plant?: string | undefined;
  /** The conditions of the caller that were checked. */
  readonly invariants?: Scenario<W>["invariants"];
  /** How often the scenario may be run; default 300. */
  readonly mostRuns?: number | undefined;
  /** Ends the search early: what was found until then counts. */
  readonly signal?: AbortSignal | undefined;
}

/** What shrinking came to. */
export interface Shrunk {
  /** The run with the shortest schedule that still fails the same condition. */
  readonly result: RunResult;
  /** How often the scenario was run for that. */
  readonly runs: number;
}

/**
 * Looks for a shorter schedule of faults with which the same seed still fails the same condition: fewer faults, then hitting
 * fewer hosts, then shorter and earlier ones, at round times.
 *
 * @throws TypeError if `failed` did not fail.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { runScenario, scenario, shrink } from "ropewalk/sim";
 *
 * const fragile = scenario({
 *   name: "fragile",
 *   durationMs: 10_000,
 *   faults: [
 *     { kind: "pause", host: "a", atMs: 1_000, forMs: 50 },
 *     { kind: "crash", host: "a", atMs: 2_345, forMs: 678 },
 *   ],
 *   setup: (sim) => sim.host("a"),
 *   invariants: { "always up": (host) => assert.ok(host.isUp) },
 * });
 * const failed = await runScenario(fragile, { seed: 1 });
 * const { result } = await shrink(fragile, failed);
 * console.log(result.faults); // [ { kind: 'crash', host: 'a', atMs: 0, forMs: 0 } ]
 * ```
 */
export async function shrink<W>(
  scenario: Scenario<W>,
  failed: RunResult,
  options: ShrinkOptions<W> = {},
): Promise<Shrunk> {
  const { failure } = failed;
  if (failure === undefined) throw new TypeError(`Cannot shrink a run of seed ${failed.seed}: it did not fail`);
  const search = new Search(scenario, failed, failure.invariant, options);
  let before: RunResult;
  do {
    before = search.best;
    await search.dropFaults();
    await search.simplifyFaults();
  } while (search.best !== before && search.mayRun);
  return { result: search.best, runs: search.runs };
}

/** The shortest schedule so far. */
class Search<W> {
  best: RunResult;
  runs = 0;
  readonly #scenario: Scenario<W>;
  readonly #invariant: string;
  readonly #options: ShrinkOptions<W>;
  readonly #tried = new Set<string>();

  constructor(scenario: Scenario<W>, failed: RunResult, invariant: string, options: ShrinkOptions<W>) {
    this.#scenario = scenario;
    this.best = failed;
    this.#invariant = invariant;
    this.#options = options;
    this.#tried.add(JSON.stringify(failed.faults));
  }

  get mayRun(): boolean {
    const { mostRuns = MOST_RUNS, signal } = this.#options;
    return this.runs < mostRuns && signal?.aborted !== true;
  }

  /** Delta debugging (Zeller and Hildebrandt, 2002): leaves out ever smaller parts, as long as that still fails. */
  async dropFaults(): Promise<void> {
    if (await this.#fails([])) return;
    let parts = 2;
    while (this.best.faults.length > 1 && this.mayRun) {
      const { faults } = this.best;
      const size = Math.ceil(faults.length / parts);
      let dropped = false;
      for (let from = 0; from < faults.length && !dropped; from += size) {
        dropped = await this.#fails([...faults.slice(0, from), ...faults.slice(from + size)]);
      }
      if (dropped) parts = Math.max(2, parts - 1);
      else if (size === 1) return;
      else parts = Math.min(parts * 2, faults.length);
    }
  }

  async simplifyFaults(): Promise<void> {
    for (let at = 0; at < this.best.faults.length; at += 1) {
      let simplified = true;
      while (simplified && this.mayRun) {
        simplified = false;
        for (const simpler of simplerThan(this.best.faults[at] as Fault)) {
          simplified = await this.#fails(this.best.faults.with(at, simpler));
          if (simplified) break;
        }
      }
    }
  }

  /** Whether the same condition fails with this schedule, which then is the best one. */
  async #fails(faults: readonly Fault[]): Promise<boolean> {
    const key = JSON.stringify(faults);
    if (this.#tried.has(key) || !this.mayRun) return false;
    this.#tried.add(key);
    this.runs += 1;
    const { plant, invariants } = this.#options;
    const result = await runScenario(this.#scenario, { seed: this.best.seed, plant, faults, invariants });
    if (result.failure?.invariant !== this.#invariant) return false;
    this.best = result;
    return true;
  }
}

/** Variants of a fault that are each a step simpler, the boldest first. */
function* simplerThan(fault: Fault): Iterable<Fault> {
  for (const [name, value] of Object.entries(fault)) {
    if (name === "between") {
      const [a, b] = value as readonly [Selector, Selector];
      for (const fewer of narrower(a)) yield { ...fault, between: [fewer, b] } as Fault;
      for (const fewer of narrower(b)) yield { ...fault, between: [a, fewer] } as Fault;
    } else if (Array.isArray(value)) {
      for (const fewer of narrower(value)) yield { ...fault, [name]: fewer } as Fault;
    }
  }
  for (const name of ["forMs", "atMs"] as const) {
    const value = (fault as { readonly forMs?: number | undefined; readonly atMs?: number | undefined })[name];
    if (value === undefined || value === Number.POSITIVE_INFINITY) continue;
    for (const less of lessThan(value)) yield { ...fault, [name]: less };
  }
}

/** With one host less. */
function narrower(selector: Selector): readonly Selector[] {
  if (typeof selector === "string" || selector.length < 2) return [];
  return selector.map((_, at) => selector.toSpliced(at, 1));
}

/** Smaller numbers with fewer digits: 0, half, three quarters, and the number itself cut to one digit, to two, to whole ms. */
function lessThan(value: number): readonly number[] {
  const scale = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))));
  const parts = [value / 2, (value * 3) / 4, value];
  const candidates = [0, ...parts.flatMap((part) => [cutTo(part, scale), cutTo(part, scale / 10)])];
  return [...new Set([...candidates, Math.floor(value)])].filter((one) => one < value);
}

function cutTo(value: number, unit: number): number {
  return Math.floor(value / Math.max(1, unit)) * Math.max(1, unit);
}

const MOST_RUNS = 300;
