import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { HeaderMap } from "./header-map.ts";

describe("HeaderMap", () => {
  for (const [kind, make] of [
    [
      "of pairs",
      () =>
        new HeaderMap([
          ["A", "1"],
          ["Set-Cookie", "x"],
          ["a", "2"],
          ["set-cookie", "y"],
          ["a-b", "3"],
        ]),
    ],
    [
      "of a text",
      () =>
        HeaderMap.ofText(
          "A:1 Set-Cookie:x a:2 set-cookie:y a-b:3",
          [0, 1, 2, 3, 4, 14, 15, 16, 17, 18, 19, 20, 21, 31, 32, 33, 34, 37, 38, 39],
        ),
    ],
  ] as const) {
    test(`${kind} finds names in any case, and joins all but Set-Cookie`, () => {
      const map = make();
      assert.equal(map.get("a"), "1, 2");
      assert.equal(map.get("A-B"), "3");
      assert.equal(map.get("SET-COOKIE"), "x");
      assert.deepEqual(map.getAll("Set-Cookie"), ["x", "y"]);
      assert.equal(map.get("b"), undefined);
      assert.deepEqual(map.getAll("b"), []);
      assert.ok(map.has("set-cookie") && !map.has("a-"));
      assert.equal(map.size, 5);
    });

    test(`${kind} sets in the first place, appends at the end and deletes all lines`, () => {
      const map = make();
      map.set("a", "9").append("z", "0").set("y", "8");
      assert.ok(map.delete("SET-cookie"));
      assert.ok(!map.delete("set-cookie"));
      assert.deepEqual(
        [...map],
        [
          ["a", "9"],
          ["a-b", "3"],
          ["z", "0"],
          ["y", "8"],
        ],
      );
    });
  }

  test("takes a list as a line each", () => {
    assert.deepEqual(
      [...new HeaderMap({ A: ["1", "2"], B: "3" })],
      [
        ["A", "1"],
        ["A", "2"],
        ["B", "3"],
      ],
    );
    assert.deepEqual([...new HeaderMap(new HeaderMap({ A: "1" }))], [["A", "1"]]);
  });

  test("tells characters apart that differ by the bit of case and are no letters", () => {
    const map = new HeaderMap({ "^": "1", "@": "2", "[": "3" });
    assert.deepEqual([map.get("~"), map.get("`"), map.get("{")], [undefined, undefined, undefined]);
  });

  test("finds what a plain list finds", () => {
    const name = fc.constantFrom("a", "A", "ab", "aB", "b-c", "B-C", "^", "~");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), name, (pairs, wanted) => {
        const due = pairs.filter(([each]) => each.toLowerCase() === wanted.toLowerCase()).map(([, value]) => value);
        const map = new HeaderMap(pairs);
        assert.deepEqual(map.getAll(wanted), due);
        assert.equal(map.get(wanted), due.length === 0 ? undefined : due.join(", "));
        map.delete(wanted);
        assert.equal(map.size, pairs.length - due.length);
      }),
    );
  });
});
