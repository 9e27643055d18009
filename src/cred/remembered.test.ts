import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { checker } from "./checker.ts";
import { type RememberedOptions, remembered } from "./remembered.ts";

describe("a checker that remembers", () => {
  test("asks once about a right password, until the time is over", async () => {
    const { reactor, asked, check } = make({ lifetimeMs: 1_000 });
    assert.deepEqual([await check("ann", "ann's"), await check("ann", "ann's")], ["ann", "ann"]);
    assert.equal(asked.length, 1);
    reactor.advance(999);
    await check("ann", "ann's");
    assert.equal(asked.length, 1);
    reactor.advance(1);
    await check("ann", "ann's");
    assert.equal(asked.length, 2);
  });

  test("asks each time about a wrong one, and takes no part of another's for right", async () => {
    const { asked, check } = make();
    await check("ann", "ann's");
    for (const [name, password] of [
      ["ann", "x"],
      ["ann", "x"],
      ["bob", "ann's"],
      ["an", "nann's"],
    ] as const) {
      assert.equal(await check(name, password), undefined);
    }
    assert.equal(asked.length, 5);
  });

  test("remembers a bounded number", async () => {
    const { asked, check } = make({ maxUsers: 2 });
    for (const name of ["a", "b", "c", "c", "b", "a"]) assert.equal(await check(name, `${name}'s`), name);
    assert.deepEqual(asked, ["a", "b", "c", "a"]);
  });

  test("asks once for many who come at a time, and tells them all", async () => {
    for (const outcome of ["ann", undefined, new RangeError("away")]) {
      const answer = new Deferred<string | undefined>();
      let asked = 0;
      const slow = checker("password", () => {
        asked += 1;
        return answer;
      });
      const remembering = remembered(new MemoryReactor(), slow);
      const results = [1, 2].map(async () => await remembering.check(login("ann", "x")));
      assert.equal(asked, 1);
      if (outcome instanceof Error) answer.errback(outcome);
      else answer.callback(outcome);
      for (const result of results) {
        if (outcome instanceof Error) await assert.rejects(result, RangeError);
        else assert.equal(await result, outcome);
      }
    }
  });

  test("wants positive numbers", () => {
    for (const options of [{ lifetimeMs: 0 }, { maxUsers: 0 }]) assert.throws(() => make(options), RangeError);
  });
});

function login(username: string, password: string) {
  return { kind: "password", username, password } as const;
}

/** Everybody's password is the name with 's. */
function make(options: RememberedOptions = {}) {
  const reactor = new MemoryReactor();
  const asked: string[] = [];
  const inner = checker("password", async ({ username, password }) => {
    asked.push(username);
    return password === `${username}'s` ? username : undefined;
  });
  const remembering = remembered(reactor, inner, options);
  return {
    reactor,
    asked,
    check: async (name: string, password: string) => await remembering.check(login(name, password)),
  };
}
