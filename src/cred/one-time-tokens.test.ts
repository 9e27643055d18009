import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { OneTimeTokens } from "./one-time-tokens.ts";

describe("one-time tokens", () => {
  test("let their user in once", () => {
    const { tokens } = make();
    const [ann, bob] = [tokens.issue("ann"), tokens.issue("bob")];
    assert.match(ann, /^[\w-]{43}$/);
    assert.equal(tokens.check({ kind: "token", token: bob }), "bob");
    assert.equal(tokens.check({ kind: "token", token: ann }), "ann");
    for (const token of [ann, bob, "", "x"]) assert.equal(tokens.check({ kind: "token", token }), undefined);
  });

  test("run out", () => {
    const { tokens, reactor } = make({ lifetimeMs: 1_000 });
    const [early, late] = [tokens.issue("ann"), tokens.issue("ann")];
    reactor.advance(999);
    assert.equal(tokens.check({ kind: "token", token: early }), "ann");
    reactor.advance(1);
    assert.equal(tokens.size, 0);
    assert.equal(tokens.check({ kind: "token", token: late }), undefined);
  });

  test("are bounded: one too many ends the oldest", () => {
    const { tokens } = make({ maxTokens: 2 });
    const [first, second, third] = ["1", "2", "3"].map((id) => tokens.issue(id));
    assert.equal(tokens.size, 2);
    assert.equal(tokens.check({ kind: "token", token: first as string }), undefined);
    assert.equal(tokens.check({ kind: "token", token: second as string }), "2");
    assert.equal(tokens.check({ kind: "token", token: third as string }), "3");
  });

  test("can be taken back", () => {
    const { tokens } = make();
    const [ann, bob] = [tokens.issue("ann"), tokens.issue("bob")];
    tokens.revoke("ann");
    assert.equal(tokens.check({ kind: "token", token: ann }), undefined);
    assert.equal(tokens.check({ kind: "token", token: bob }), "bob");
  });

  test("are the same in every run of a seed, and otherwise not", () => {
    assert.equal(make().tokens.issue("ann"), make().tokens.issue("ann"));
    const { tokens } = make();
    assert.notEqual(tokens.issue("ann"), tokens.issue("ann"));
  });

  test("want a lifetime and a number", () => {
    for (const options of [{ lifetimeMs: 0 }, { lifetimeMs: Number.NaN }, { maxTokens: 0 }]) {
      assert.throws(() => make(options), RangeError);
    }
  });
});

function make(options = {}): { tokens: OneTimeTokens; reactor: MemoryReactor } {
  const reactor = new MemoryReactor();
  return { tokens: new OneTimeTokens(reactor, options), reactor };
}
