import assert from "node:assert/strict";
import { test } from "node:test";
import { builtTests, planned } from "./test.ts";

test("the built tests include those beside sources and those that cross rooms", () => {
  const built = builtTests();
  assert.ok(built.includes("build/tools/test.test.js") && built.includes("build/test/house.test.js"));
});

test("interop and faults run alone, after the others", () => {
  const plan = planned(["build/test/faults/a.test.js", "build/test/interop/b.test.js", "dist/core/c.test.js"], []);
  assert.deepEqual(plan, {
    together: ["dist/core/c.test.js"],
    alone: ["build/test/faults/a.test.js", "build/test/interop/b.test.js"],
  });
});

test("words pick the files whose path contains one of them", () => {
  const paths = ["dist/core/deferred.test.js", "dist/core/clock.test.js", "build/test/interop/nc.test.js"];
  assert.deepEqual(planned(paths, ["deferred", "nc."]), { together: [paths[0]], alone: [paths[2]] });
  assert.deepEqual(planned(paths, ["nothing"]), { together: [], alone: [] });
});
