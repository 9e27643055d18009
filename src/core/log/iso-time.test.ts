import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatIsoTime } from "./iso-time.ts";

test("agrees with Date on every millisecond of the years 0 to 9999", () => {
  const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
  const time = fc.integer({ min: -62_167_219_200_000, max: last });
  fc.assert(
    fc.property(time, (ms) => assert.equal(formatIsoTime(ms), new Date(ms).toISOString())),
    { numRuns: 2000 },
  );
  for (let day = 0; day < 3000; day += 1) {
    const ms = Date.UTC(1896, 0, 1) + day * 86_400_000;
    assert.equal(formatIsoTime(ms), new Date(ms).toISOString());
  }
  for (const ms of [-62_167_219_200_000, last, -1, 0]) {
    assert.equal(formatIsoTime(ms), new Date(ms).toISOString());
  }
});

test("cuts fractions of a millisecond", () => {
  assert.equal(formatIsoTime(0.9), "1970-01-01T00:00:00.000Z");
  assert.equal(formatIsoTime(-0.1), "1969-12-31T23:59:59.999Z");
});

test("shows a time that has no such form as a number", () => {
  assert.deepEqual([Number.NaN, Number.POSITIVE_INFINITY, 253_402_300_800_000].map(formatIsoTime), [
    "NaN",
    "Infinity",
    "253402300800000",
  ]);
});
