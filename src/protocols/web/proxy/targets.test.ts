import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Balance, type Target, Targets, type Turn } from "./targets.ts";

describe("targets", () => {
  it("have their turns one after the other", () => {
    const { names } = related();
    assert.equal(names(7), "abcabca");
  });

  it("have no second turn for the same request", () => {
    const { targets } = related();
    const tried = new Set<Target>();
    const turns: string[] = [];
    for (let turn = targets.take(tried, 0); turn !== undefined; turn = targets.take(tried, 0)) {
      turns.push(turn.target.url);
      tried.add(turn.target);
    }
    assert.deepEqual(turns, ["a", "b", "c"]);
  });

  it("with the least under way come first, and those with as little in their turn", () => {
    const { targets, take } = related("least-connections");
    const [a, b] = [take(), take(), take()];
    b.over();
    assert.equal(take().target.url, "b");
    a.over();
    assert.equal(take().target.url, "a");
    assert.deepEqual(
      targets.all.map(({ active }) => active),
      [1, 1, 1],
    );
    assert.equal(take().target.url, "b");
  });

  it("a turn that is over twice counts once", () => {
    const { targets, take } = related();
    const turn = take();
    turn.over();
    turn.over();
    assert.equal(targets.all[0]?.active, 0);
  });

  it("that fail three times in a row are left alone", () => {
    const { targets, names, changes } = related();
    const a = targets.all[0] as Target;
    targets.failed(a, 0);
    targets.failed(a, 0);
    targets.succeeded(a);
    targets.failed(a, 0);
    targets.failed(a, 0);
    assert.equal(names(3), "abc");
    targets.failed(a, 0);
    assert.equal(names(4), "bcbc");
    assert.deepEqual(changes, ["a down"]);
  });

  it("that are down are asked one request when their time is over, and come back with its answer", () => {
    const { names, take, down, changes } = related();
    down("a", 0);
    const probe = take(1_000);
    assert.equal(probe.target.url, "a");
    assert.equal(names(4, 1_000), "bcbc");
    probe.succeeded();
    probe.over();
    assert.equal(names(3, 1_000), "abc".slice(0, 3));
    assert.deepEqual(changes, ["a down", "a up"]);
  });

  it("that are down still are left alone for longer each time", () => {
    const { targets, down, take } = related();
    down("a", 0);
    const rests: number[] = [];
    for (let nowMs = 1_000; rests.length < 4; ) {
      const probe = take(nowMs);
      assert.equal(probe.target.url, "a");
      probe.failed(nowMs);
      probe.over();
      const until = (targets.all[0] as Target).restsUntilMs;
      rests.push(until - nowMs);
      assert.notEqual(take(until - 1).target.url, "a");
      nowMs = until;
    }
    assert.deepEqual(rests, [2_000, 3_000, 4_000, 5_000]);
  });

  it("rest no longer for what was under way when they went down", () => {
    const { targets, down } = related();
    down("a", 0);
    targets.failed(targets.all[0] as Target, 500);
    assert.equal(targets.all[0]?.restsUntilMs, 1_000);
  });

  it("whose probe was given up by the client are probed again", () => {
    const { take, down } = related();
    down("a", 0);
    take(1_000).over();
    assert.equal(take(1_000).target.url, "a");
  });

  it("are asked all the same if all are down, the one that is due first before the others", () => {
    const { down, names } = related();
    down("a", 30);
    down("b", 10);
    down("c", 20);
    assert.equal(names(1, 100), "b");
  });
});

function related(balance: Balance = "round-robin") {
  const changes: string[] = [];
  const rules = { maxFailures: 3, restMs: (times: number) => 1_000 * (times + 1) };
  const targets = new Targets(["a", "b", "c"], balance, rules, ({ url, isUp }) => {
    changes.push(`${url} ${isUp ? "up" : "down"}`);
  });
  const take = (nowMs = 0): Turn => targets.take(new Set(), nowMs) as Turn;
  const names = (count: number, nowMs = 0): string =>
    Array.from({ length: count }, () => {
      const turn = take(nowMs);
      turn.over();
      return turn.target.url;
    }).join("");
  const down = (url: string, nowMs: number): void => {
    const target = targets.all.find((one) => one.url === url) as Target;
    for (let failure = 0; failure < 3; failure++) targets.failed(target, nowMs);
  };
  return { targets, take, names, down, changes };
}
