/** What the scenarios of the examples say of themselves is so: they hold, and the bugs planted in them are found. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Fault, type RunResult, runScenario, type Scenario } from "ropewalk/sim";
import chat from "./chat/chat.sim.ts";
import drift from "./lease/drift.sim.ts";
import lease from "./lease/lease.sim.ts";

/** The full 200 seeds are for `ropewalk sim`. */
const SEEDS = 25;
const MOST_SEEDS = 200;

describe("the scenario of the chat", () => {
  holds(chat);
  finds(chat, "lost-resume", /^what is told reaches everybody/);
  finds(chat, "split-line", /^what is told reaches everybody/);
  finds(chat, "leak", /^the room keeps nobody who has left$/);
  finds(chat, "no-timeout", /^everybody hears everybody again$/);
});

describe("the scenario of the leader lease", () => {
  holds(lease);
  finds(lease, "amnesia", /^two never lead at the same instant$/);
  finds(drift, undefined, /^two never lead at the same instant$/);

  test("meets a slow clock and a partition for that, and nothing else is needed", async () => {
    const { seed, faults } = await firstFailure(drift, undefined);
    const needed = await shortest(drift, seed, faults);
    assert.deepEqual(needed.map(({ kind }) => kind).sort(), ["clock skew", "partition"]);
  });
});

function holds<W>(scenario: Scenario<W>): void {
  test(`holds for ${SEEDS} seeds, in runs that are the same when they are run again`, async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { failure, hash } = await runScenario(scenario, { seed });
      assert.equal(failure, undefined, `seed ${seed}: ${failure?.invariant}: ${failure?.message}`);
      if (seed === SEEDS) assert.equal((await runScenario(scenario, { seed })).hash, hash);
    }
  });
}

function finds<W>(scenario: Scenario<W>, plant: string | undefined, invariant: RegExp): void {
  test(`finds ${plant ?? "what the design does not survive"} within ${MOST_SEEDS} seeds`, async () => {
    const { failure } = await firstFailure(scenario, plant);
    assert.match(String(failure?.invariant), invariant);
  });
}

async function firstFailure<W>(scenario: Scenario<W>, plant: string | undefined): Promise<RunResult> {
  for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
    const result = await runScenario(scenario, { seed, plant });
    if (result.failure !== undefined) return result;
  }
  throw new assert.AssertionError({ message: `No seed up to ${MOST_SEEDS} finds it` });
}

/** Leaves faults out, one at a time, as long as the run fails all the same. */
async function shortest<W>(scenario: Scenario<W>, seed: number, faults: readonly Fault[]): Promise<readonly Fault[]> {
  for (const [at] of faults.entries()) {
    const fewer = faults.toSpliced(at, 1);
    const { failure } = await runScenario(scenario, { seed, faults: fewer });
    if (failure !== undefined) return shortest(scenario, seed, fewer);
  }
  return faults;
}
