import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { preference } from "./preference.ts";

describe("the workers that a host prefers", () => {
  test("are all of them, in an order that is always the same", () => {
    const order = preference("192.0.2.7", 5);
    assert.deepEqual([...order].sort(), [1, 2, 3, 4, 5]);
    assert.deepEqual(preference("192.0.2.7", 5), order);
    assert.deepEqual(preference("192.0.2.7", 1), [1]);
  });

  test("are each the first choice of as many hosts, whether they differ at their beginning or their end", () => {
    for (const nth of [(i: number) => `10.${i >> 8}.${i & 255}.7`, (i: number) => `2001:db8::${i.toString(16)}`]) {
      const counts = [0, 0, 0, 0];
      for (let i = 0; i < 8_000; i++) {
        const first = preference(nth(i), 4)[0] as number;
        counts[first - 1] = (counts[first - 1] as number) + 1;
      }
      for (const count of counts) assert.ok(count > 1_800 && count < 2_200, counts.join(" "));
    }
  });

  test("stay in their order when there is one worker more", () => {
    for (let i = 0; i < 200; i++) {
      const host = `10.0.0.${i}`;
      assert.deepEqual(
        preference(host, 5).filter((number) => number !== 5),
        preference(host, 4),
      );
    }
  });
});
