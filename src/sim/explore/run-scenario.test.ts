import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Logger } from "../../core/log/logger.ts";
import { runScenario } from "./run-scenario.ts";
import { scenario } from "./scenario.ts";

/** One host that counts seconds. */
const counting = scenario({
  name: "counting",
  durationMs: 10_000,
  plants: ["twice"],
  setup(sim, { plant }) {
    const world = { count: 0, plant };
    const { reactor } = sim.host("a");
    const count = (): void => {
      world.count += plant === "twice" && world.count === 4 ? 2 : 1;
      reactor.callLater(1_000, count);
    };
    reactor.callLater(1_000, count);
    return world;
  },
});

describe("runScenario", () => {
  test("a scenario in which all holds runs for its duration", async () => {
    const result = await runScenario(counting, { seed: 1 });
    assert.equal(result.failure, undefined);
    assert.equal(result.virtualMs, 10_000);
    assert.equal(result.seed, 1);
  });

  test("an invariant is checked after the event that breaks it, at its instant", async () => {
    const broken = {
      ...counting,
      invariants: { "less than five": ({ count }: { count: number }) => assert.ok(count < 5) },
    };
    const { failure, virtualMs } = await runScenario(broken, { seed: 1 });
    assert.equal(failure?.invariant, "less than five");
    assert.equal(failure?.atMs, 5_000);
    assert.equal(virtualMs, 5_000);
    assert.ok(failure?.error instanceof assert.AssertionError);
  });

  test("an invariant that does not hold from the beginning fails at once", async () => {
    const broken = { ...counting, invariants: { some: ({ count }: { count: number }) => assert.ok(count > 0) } };
    assert.equal((await runScenario(broken, { seed: 1 })).failure?.atMs, 0);
  });

  test("invariants of the caller are checked too", async () => {
    const invariants = { "less than three": ({ count }: { count: number }) => assert.ok(count < 3) };
    assert.equal((await runScenario(counting, { seed: 1, invariants })).failure?.invariant, "less than three");
  });

  test("what is to come true eventually may take its time after the duration", async () => {
    const eventual = { ...counting, eventually: { fifteen: ({ count }: { count: number }) => count === 15 } };
    const { failure, virtualMs } = await runScenario(eventual, { seed: 1 });
    assert.equal(failure, undefined);
    assert.equal(virtualMs, 15_000);
  });

  test("what does not come true in time is a failure with its name", async () => {
    const eventual = {
      ...counting,
      settleMs: 3_000,
      eventually: {
        ten: ({ count }: { count: number }) => count >= 10,
        fifteen: ({ count }: { count: number }) => count === 15,
      },
    };
    const { failure } = await runScenario(eventual, { seed: 1 });
    assert.equal(failure?.invariant, "fifteen");
    assert.equal(failure?.atMs, 13_000);
    assert.match(failure?.message ?? "", /within 3000 ms/);
  });

  test("all conditions must hold at one instant", async () => {
    const flicker = {
      ...counting,
      settleMs: 5_000,
      eventually: {
        even: ({ count }: { count: number }) => count % 2 === 0,
        odd: ({ count }: { count: number }) => count % 2 === 1,
      },
    };
    assert.notEqual((await runScenario(flicker, { seed: 1 })).failure, undefined);
  });

  test("a plant reaches the setup, and one that the scenario has not is refused", async () => {
    const invariants = { steady: ({ count }: { count: number }) => assert.notEqual(count, 6) };
    assert.equal((await runScenario(counting, { seed: 1, plant: "twice", invariants })).failure?.atMs, 5_000);
    await assert.rejects(runScenario(counting, { seed: 1, plant: "thrice" }), /Cannot plant "thrice".*it has twice/);
  });

  test("what the setup throws is a failure of the setup", async () => {
    const bad = scenario({
      name: "bad",
      durationMs: 1_000,
      setup() {
        throw new Error("no disk");
      },
    });
    const { failure } = await runScenario(bad, { seed: 1 });
    assert.equal(failure?.invariant, "setup");
    assert.match(failure?.message ?? "", /no disk/);
  });
});

describe("an unexpected error fails a run", () => {
  const doing = (call: () => unknown) =>
    scenario({
      name: "calling",
      durationMs: 10_000,
      setup: (sim) => void sim.host("a").reactor.callLater(1_000, () => void call()),
    });
  const log = new Logger("test.scenario");

  test("one that is logged", async () => {
    const { failure } = await runScenario(
      doing(() => log.error("{n} lost", { n: 3 })),
      { seed: 1 },
    );
    assert.equal(failure?.invariant, "no unexpected error");
    assert.match(failure?.message ?? "", /3 lost/);
    assert.equal(failure?.atMs, 1_000);
  });

  test("one that a call throws", async () => {
    const thrower = doing(() => {
      throw new Error("oops");
    });
    const { failure } = await runScenario(thrower, { seed: 1 });
    assert.match(failure?.message ?? "", /oops/);
    assert.equal(failure?.atMs, 1_000);
  });

  test("a rejection that nobody handles", async () => {
    const { failure } = await runScenario(
      doing(() => Promise.reject(new Error("alone"))),
      { seed: 1 },
    );
    assert.equal(failure?.invariant, "no unexpected error");
    assert.match(failure?.message ?? "", /nobody handled it: Error: alone/);
  });

  test("but not a warning, and none at all if the scenario allows them", async () => {
    assert.equal(
      (
        await runScenario(
          doing(() => log.warn("hm")),
          { seed: 1 },
        )
      ).failure,
      undefined,
    );
    const rejecting = { ...doing(() => Promise.reject(new Error("alone"))), allowErrors: true };
    assert.equal((await runScenario(rejecting, { seed: 1 })).failure, undefined);
  });

  test("so does a run that goes round in circles", async () => {
    const circling = scenario({
      name: "circling",
      durationMs: 10_000,
      mostEvents: 1_000,
      setup(sim) {
        const { reactor } = sim.host("a");
        const again = (): void => void reactor.callLater(0, again);
        again();
      },
    });
    const { failure } = await runScenario(circling, { seed: 1 });
    assert.equal(failure?.invariant, "not too many events");
    assert.equal(failure?.atMs, 0);
  });

  test("runs that are begun together do not mix", async () => {
    const results = await Promise.all([
      runScenario(
        doing(() => log.error("mine")),
        { seed: 1 },
      ),
      runScenario(
        doing(() => undefined),
        { seed: 1 },
      ),
    ]);
    assert.deepEqual(
      results.map(({ failure }) => failure?.invariant),
      ["no unexpected error", undefined],
    );
  });
});
