import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HeaderMap } from "../../../wire/header-map.ts";
import { Headers } from "./headers.ts";

const name = fc.constantFrom("Accept", "accept", "X-Knot", "x-knot", "Set-Cookie", "set-cookie", "Vary");
const value = fc.constantFrom("", "a", " b ", "c, d", "\té\t", "x\r\n");
const step = fc.oneof(
  fc.record({ verb: fc.constant("append" as const), name, value }),
  fc.record({ verb: fc.constant("set" as const), name, value }),
  fc.record({ verb: fc.constant("delete" as const), name, value }),
);

describe("Headers", () => {
  it("do what the platform's do, whatever is done to them", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.array(name, { maxLength: 3 }), (steps, asked) => {
        const ours = new Headers();
        const theirs = new globalThis.Headers();
        for (const each of steps) {
          for (const headers of [ours, theirs]) {
            if (each.verb === "delete") headers.delete(each.name);
            else headers[each.verb](each.name, each.value);
          }
        }
        assert.deepEqual([...ours], [...theirs]);
        assert.deepEqual([...ours.keys()], [...theirs.keys()]);
        assert.deepEqual([...ours.values()], [...theirs.values()]);
        assert.deepEqual(ours.getSetCookie(), theirs.getSetCookie());
        for (const each of asked)
          assert.deepEqual([ours.get(each), ours.has(each)], [theirs.get(each), theirs.has(each)]);
      }),
      { numRuns: 500 },
    );
  });

  it("refuse what the platform's refuse", () => {
    for (const [name, value] of [
      ["", "a"],
      ["X Knot", "a"],
      ["X-Knot\r\n", "a"],
      ["X-Knot", "a\r\nb"],
      ["X-Knot", "a\0b"],
      ["X-Knot", "knot 🪢"],
    ] as const) {
      assert.throws(() => new globalThis.Headers().append(name, value), TypeError, name);
      assert.throws(() => new Headers().append(name, value), TypeError, name);
      assert.throws(() => new Headers().set(name, value), TypeError, name);
      assert.throws(() => new Headers({ [name]: value }), TypeError, name);
    }
  });

  it("are made of whatever the platform's are made of", () => {
    const expected = [
      ["a", "1, 2"],
      ["b", "3"],
    ];
    const pairs: [string, string][] = [
      ["A", "1"],
      ["a", "2"],
      ["b", "3"],
    ];
    for (const init of [pairs, new Headers(pairs), new globalThis.Headers(pairs), new HeaderMap(pairs)]) {
      assert.deepEqual([...new Headers(init)], expected);
    }
    assert.deepEqual([...new Headers({ A: ["1", "2"], b: "3" })], expected);
    assert.deepEqual([...new Headers({ n: 7 as unknown as string })], [["n", "7"]]);
  });

  it("made of others are their own", () => {
    const first = new Headers({ a: "1" });
    const second = new Headers(first);
    second.set("a", "2");
    assert.deepEqual([first.get("a"), second.get("a")], ["1", "2"]);
  });

  it("call a function for each", () => {
    const seen: unknown[] = [];
    const headers = new Headers({ b: "2", a: "1" });
    headers.forEach(function (this: unknown, value, name, all) {
      seen.push(this, name, value, all === headers);
    }, "me");
    assert.deepEqual(seen, ["me", "a", "1", true, "me", "b", "2", true]);
    assert.equal(Object.prototype.toString.call(headers), "[object Headers]");
  });
});
