/** What the scenarios of the examples say of themselves is so: they hold, and the bugs planted in them are found. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkDeterminism, explore, type Scenario } from "ropewalk/sim";
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

  test("breaks with a slow clock and a partition, and nothing else is needed", async () => {
    const { failures } = await explore(drift, { seeds: MOST_SEEDS });
    const [{ shortest } = assert.fail("no seed finds it")] = failures;
    assert.equal(shortest.failure?.invariant, "two never lead at the same instant");
    assert.deepEqual(shortest.faults.map(({ kind }) => kind).sort(), ["clock skew", "partition"]);
  });
});

function holds<W>(scenario: Scenario<W>): void {
  test(`holds for ${SEEDS} seeds`, async () => {
    const { failures, report } = await explore(scenario, { seeds: SEEDS });
    assert.equal(failures.length, 0, report);
  });

  test("runs the same way each time", async () => {
    assert.equal((await checkDeterminism(scenario, { seeds: 3 })).difference, undefined);
  });
}

function finds<W>(scenario: Scenario<W>, plant: string, invariant: RegExp): void {
  test(`finds ${plant} within ${MOST_SEEDS} seeds`, async () => {
    const { failures } = await explore(scenario, { seeds: MOST_SEEDS, plant, shrink: false });
    assert.match(String(failures[0]?.found.failure?.invariant), invariant);
  });
}
