import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkHealth } from "./health.ts";
import { MultiService } from "./multi-service.ts";
import { World } from "./world.fixture.test.ts";

describe("the health of a tree", () => {
  test("is good and ready when all children run and none complains", async () => {
    const world = new World();
    world.add("a");
    world.add("b", { health: () => ({ ok: true, detail: "3 guests" }) });
    await world.tree.startService(world.reactor);
    assert.deepEqual(await checkHealth(world.reactor, world.tree), {
      name: "tree",
      state: "running",
      ok: true,
      ready: true,
      children: [
        { name: "a", state: "running", ok: true, ready: true, children: [] },
        { name: "b", state: "running", ok: true, ready: true, detail: "3 guests", children: [] },
      ],
    });
  });

  test("is good but not ready before the start and after the stop", async () => {
    const world = new World();
    world.add("a");
    for (let round = 0; round < 2; round++) {
      const { ok, ready } = await checkHealth(world.reactor, world.tree);
      assert.deepEqual({ ok, ready }, { ok: true, ready: false });
      await world.tree.startService(world.reactor);
      await world.tree.stopService();
    }
  });

  test("is bad if a child far down says so, and each parent says whose fault it is", async () => {
    const world = new World();
    const sick = world.child("db", { health: () => Promise.resolve({ ok: false, detail: "disk is full" }) });
    void world.tree.addService(new MultiService({ name: "backend", services: [sick] }));
    await world.tree.startService(world.reactor);
    const report = await checkHealth(world.reactor, world.tree);
    assert.equal(report.ok, false);
    assert.equal(report.ready, true);
    assert.equal(report.detail, "unwell: backend");
    assert.equal(report.children[0]?.detail, "unwell: db");
    assert.equal(report.children[0]?.children[0]?.detail, "disk is full");
  });

  test("is bad if a child failed its restart, with its error", async () => {
    const world = new World();
    let starts = 0;
    const child = world.add("a", { start: () => (++starts === 1 ? undefined : Promise.reject(new Error("no disk"))) });
    await world.tree.startService(world.reactor);
    await world.tree.restartService(child).addErrback(() => {});
    const { ok, ready, children } = await checkHealth(world.reactor, world.tree);
    assert.deepEqual({ ok, ready }, { ok: false, ready: false });
    assert.equal(children[0]?.detail, "no disk");
  });

  for (const [what, health] of [
    [
      "throws",
      () => {
        throw new Error("on purpose");
      },
    ],
    ["rejects", () => Promise.reject(new Error("on purpose"))],
  ] as const) {
    test(`is bad if a check ${what}, with what it said`, async () => {
      const world = new World();
      world.add("a", { health });
      await world.tree.startService(world.reactor);
      const { ok, children } = await checkHealth(world.reactor, world.tree);
      assert.equal(ok, false);
      assert.equal(children[0]?.detail, "on purpose");
    });
  }

  test("is bad if a check gives no answer in time, and the other checks count", async () => {
    const world = new World();
    world.add("a", { health: () => new Promise(() => {}) });
    world.add("b", { health: () => ({ ok: true, detail: "fine" }) });
    await world.tree.startService(world.reactor);
    const asked = checkHealth(world.reactor, world.tree, { timeoutMs: 50 });
    world.reactor.advance(50);
    const { ok, children } = await asked;
    assert.equal(ok, false);
    assert.deepEqual(
      children.map(({ detail }) => detail),
      ["it gave no answer within 50 ms", "fine"],
    );
    assert.equal(world.reactor.getDelayedCalls().length, 0);
  });
});
