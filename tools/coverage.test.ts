import assert from "node:assert/strict";
import { test } from "node:test";
import { shortfalls } from "./coverage.ts";

test("one branch of core/ that no test takes is a shortfall, listed by file", () => {
  const found = shortfalls([
    { path: "src/core/a.ts", total: 100, covered: 100 },
    { path: "src/core/b.ts", total: 100, covered: 99 },
  ]);
  assert.deepEqual(found, ["src/core/: 99.5 % of the branches, 100 % wanted", "  src/core/b.ts: 99 of 100"]);
});

test("any other folder needs 90 % of its branches, each for itself", () => {
  const found = shortfalls([
    { path: "src/reactor/a.ts", total: 10, covered: 9 },
    { path: "src/endpoints/a.ts", total: 100, covered: 89 },
    { path: "src/policies/types.ts", total: 0, covered: 0 },
  ]);
  assert.equal(found[0], "src/endpoints/: 89.0 % of the branches, 90 % wanted");
  assert.equal(found.length, 2);
});
