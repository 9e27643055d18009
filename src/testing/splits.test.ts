import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { cutUp, type Splits, seededRandom } from "./index.ts";
import { cutter } from "./splits.ts";

describe("cutUp", () => {
  test("loses and changes nothing, and copies", () => {
    const splits = fc.oneof(
      fc.constantFrom<Splits>("whole", "bytes"),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      fc.record({ seed: fc.integer(), maxBytes: fc.integer({ min: 1, max: 100 }) }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), splits, (data, how) => {
        const pieces = cutUp(data, how);
        assert.deepEqual(
          pieces.flatMap((piece) => [...piece]),
          [...data],
        );
        assert.ok(pieces.every((piece) => piece.length > 0 && piece.buffer !== data.buffer));
      }),
    );
  });

  test("cuts a list of sizes, of which the last repeats", () => {
    const sizes = cutUp(new Uint8Array(10), [1, 4, 2]).map((piece) => piece.length);
    assert.deepEqual(sizes, [1, 4, 2, 2, 1]);
  });

  test("gives plain Uint8Arrays of a Buffer", () => {
    assert.equal(cutUp(Buffer.from("abc"), "whole")[0]?.constructor, Uint8Array);
  });
});

describe("cutter", () => {
  test("refuses sizes that would never end", () => {
    assert.throws(() => cutter([3, 0]), { name: "RangeError", message: /pieces of 0 bytes/ });
    assert.throws(() => cutter([1.5]), RangeError);
    assert.throws(() => cutter([]), { name: "RangeError", message: /empty list/ });
    assert.throws(() => cutter({ seed: 1, maxBytes: -1 }), RangeError);
  });
});

describe("seededRandom", () => {
  test("is the same for the same seed, another for another, and spread over [0, 1)", () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 1_000 }, random);
    };
    assert.deepEqual(draw(5), draw(5));
    assert.notDeepEqual(draw(5), draw(6));
    for (const seed of [0, 1, -1, 0x9e3779b9, 2 ** 40]) {
      const drawn = draw(seed);
      assert.ok(drawn.every((value) => value >= 0 && value < 1));
      const mean = drawn.reduce((sum, value) => sum + value) / drawn.length;
      assert.ok(Math.abs(mean - 0.5) < 0.05, `mean ${mean} of seed ${seed}`);
    }
  });
});
