import assert from "node:assert/strict";
import { test } from "node:test";
import counts, { sum } from "./counts.ts";
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

test("the closing counts of several runs are added up; what a test says for itself is not counted", async () => {
  const said = (message: string, nesting: number) => ({ type: "test:diagnostic", data: { message, nesting } });
  const events = [said("tests 7", 1), said("tests 3", 0), said("pass 2", 0), said("fail 1", 0), said("hello", 0)];
  let first = "";
  for await (const text of counts(eachOf(events))) first += text;
  const total = sum([JSON.parse(first), { tests: 1, pass: 1, fail: 0, duration_ms: 1.5 }]);
  assert.deepEqual(total, { tests: 4, pass: 3, fail: 1, duration_ms: 1.5 });
});

async function* eachOf<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* all;
}
