import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DAY_MS, dateOf, daysInMonth, daysOf } from "./calendar.ts";

describe("the calendar", () => {
  test("agrees with JavaScript's own on every day of eight centuries, both ways", () => {
    for (let days = daysOf({ year: 1599, month: 12, day: 31 }); days <= 157_000; days += 1) {
      const expected = new Date(days * DAY_MS);
      const date = dateOf(days);
      assert.equal(
        `${date.year} ${date.month} ${date.day}`,
        `${expected.getUTCFullYear()} ${expected.getUTCMonth() + 1} ${expected.getUTCDate()}`,
      );
      assert.equal(daysOf(date), days);
    }
  });

  test("knows how long a month is", () => {
    const february = [1900, 1999, 2000, 2024].map((year) => daysInMonth(year, 2));
    assert.deepEqual([...february, daysInMonth(2023, 12), daysInMonth(2023, 4)], [28, 28, 29, 29, 31, 30]);
  });
});
