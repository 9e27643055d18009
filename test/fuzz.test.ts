/** A bounded run of every fuzz target; `node build/fuzz/run.js` goes on for longer. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fuzzGuided } from "../fuzz/guided.ts";
import { fuzz, TARGETS } from "../fuzz/run.ts";

describe("fuzz targets", () => {
  for (const [name, target] of Object.entries(TARGETS)) {
    test(`${name} stands 3 000 inputs`, async () => {
      await fuzz(target, 3_000, 1);
    });
  }

  test("a fault is found and shown with its input", async () => {
    const faulty = {
      seeds: ["aXb"],
      run: (data: Uint8Array) => assert.ok(!String.fromCharCode(...data).includes("X"), "an X"),
    };
    await assert.rejects(fuzz(faulty, 0, 1), /input "aXb": AssertionError.*an X/);
  });

  test("coverage leads to what chance alone does not find", async () => {
    const buried = {
      seeds: ["....."],
      run([a, b, c]: Uint8Array) {
        if (a !== 0x46) return;
        if (b !== 0x55) return;
        assert.notEqual(c, 0x21, "found");
      },
    };
    await assert.rejects(fuzzGuided(buried, /\/test\/fuzz\.test\.js$/, 20, 1), /input "FU!.*found/);
  });
});
