import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { KeptFiles } from "./kept-files.ts";

describe("kept files", () => {
  it("make way by when they were asked for last", () => {
    const kept = new KeptFiles<{ bytes: Uint8Array }>(3 * 1_100);
    for (const key of ["a", "b", "c"]) kept.put(key, { bytes: new Uint8Array(50) });
    kept.get("a");
    kept.put("d", { bytes: new Uint8Array(50) });
    assert.deepEqual(
      ["a", "b", "c", "d"].map((key) => kept.get(key) !== undefined),
      [true, false, true, true],
    );
  });

  it("are replaced under their key, and deleted once", () => {
    const kept = new KeptFiles<{ bytes: Uint8Array }>(10_000);
    kept.put("a", { bytes: new Uint8Array(9) });
    kept.put("a", { bytes: new Uint8Array(5) });
    assert.equal(kept.get("a")?.bytes.length, 5);
    kept.delete("a");
    kept.delete("a");
    assert.deepEqual([kept.get("a"), kept.usedBytes], [undefined, 0]);
  });

  it("never take more than they may, whatever comes", () => {
    const step = fc.tuple(fc.constantFrom("a", "bb", "ccc"), fc.nat(3_000), fc.boolean());
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const kept = new KeptFiles<{ bytes: Uint8Array }>(4_000);
        for (const [key, size, isPut] of steps) {
          if (isPut) kept.put(key, { bytes: new Uint8Array(size) });
          else kept.delete(key);
          assert.ok(kept.usedBytes >= 0 && kept.usedBytes <= 4_000);
        }
      }),
    );
  });
});
