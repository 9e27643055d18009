import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Headers } from "../message/headers.ts";
import { formatHttpDate } from "../message/http-date.ts";
import { doesRangeApply, judgeConditions } from "./conditions.ts";
import { entityTagOf } from "./entity-tag.ts";

const NOW = Date.UTC(2030, 0, 1);
const MODIFIED = NOW - 3_600_000;
const SAME = formatHttpDate(MODIFIED);
const BEFORE = formatHttpDate(MODIFIED - 1_000);
const AFTER = formatHttpDate(MODIFIED + 1_000);
const STRONG = { entityTag: '"a"', modifiedMs: MODIFIED + 500 };
const WEAK = { entityTag: 'W/"a"', modifiedMs: MODIFIED + 500 };

describe("conditions", () => {
  for (const [fields, verdict, it_] of [
    [{}, "perform", STRONG],
    // RFC 9110 §13.1.1: the strong comparison.
    [{ "If-Match": '"a"' }, "perform", STRONG],
    [{ "If-Match": '"b", "a"' }, "perform", STRONG],
    [{ "If-Match": "*" }, "perform", STRONG],
    [{ "If-Match": '"b"' }, "failed", STRONG],
    [{ "If-Match": 'W/"a"' }, "failed", STRONG],
    [{ "If-Match": 'W/"a"' }, "failed", WEAK],
    [{ "If-Match": "a" }, "failed", STRONG],
    // §13.1.2: the weak one.
    [{ "If-None-Match": '"a"' }, "not-modified", STRONG],
    [{ "If-None-Match": 'W/"a"' }, "not-modified", STRONG],
    [{ "If-None-Match": '"a"' }, "not-modified", WEAK],
    [{ "If-None-Match": '"b" , ,W/"a"' }, "not-modified", STRONG],
    [{ "If-None-Match": "*" }, "not-modified", STRONG],
    [{ "If-None-Match": '"b"' }, "perform", STRONG],
    [{ "If-None-Match": "a" }, "perform", STRONG],
    [{ "If-None-Match": '"x,\\"' }, "perform", STRONG],
    [{ "If-None-Match": '"b"x, "a"' }, "perform", STRONG],
    [{ "If-None-Match": "" }, "perform", STRONG],
    // §13.1.3 and §13.1.4: whole seconds, and what is no date does not count.
    [{ "If-Modified-Since": SAME }, "not-modified", STRONG],
    [{ "If-Modified-Since": AFTER }, "not-modified", STRONG],
    [{ "If-Modified-Since": BEFORE }, "perform", STRONG],
    [{ "If-Modified-Since": "yesterday" }, "perform", STRONG],
    [{ "If-Unmodified-Since": SAME }, "perform", STRONG],
    [{ "If-Unmodified-Since": AFTER }, "perform", STRONG],
    [{ "If-Unmodified-Since": BEFORE }, "failed", STRONG],
    [{ "If-Unmodified-Since": "yesterday" }, "perform", STRONG],
    // §13.2.2: the order.
    [{ "If-Match": '"a"', "If-Unmodified-Since": BEFORE }, "perform", STRONG],
    [{ "If-Match": '"b"', "If-None-Match": '"a"' }, "failed", STRONG],
    [{ "If-Match": '"a"', "If-None-Match": '"a"' }, "not-modified", STRONG],
    [{ "If-Unmodified-Since": BEFORE, "If-None-Match": '"a"' }, "failed", STRONG],
    [{ "If-None-Match": '"b"', "If-Modified-Since": AFTER }, "perform", STRONG],
    [{ "If-None-Match": '"a"', "If-Modified-Since": BEFORE }, "not-modified", STRONG],
  ] as const) {
    it(`${JSON.stringify(fields)} on ${it_.entityTag}: ${verdict}`, () => {
      assert.equal(judgeConditions(new Headers({ ...fields }), it_, NOW), verdict);
    });
  }
});

describe("a range on a condition", () => {
  for (const [condition, applies, it_] of [
    ['"a"', true, STRONG],
    ['"b"', false, STRONG],
    ['W/"a"', false, STRONG],
    ['"a"', false, WEAK],
    ['W/"a"', false, WEAK],
    [SAME, true, STRONG],
    [BEFORE, false, STRONG],
    // Not the state that the client has, whatever a clock says (§13.1.5).
    [AFTER, false, STRONG],
    [SAME, false, WEAK],
    ["a", false, STRONG],
  ] as const) {
    it(`If-Range: ${condition} on ${it_.entityTag}: ${applies}`, () => {
      assert.equal(doesRangeApply(new Headers({ "If-Range": condition }), it_, NOW), applies);
    });
  }

  it("counts if there is none", () => {
    assert.equal(doesRangeApply(new Headers(), WEAK, NOW), true);
  });
});

describe("a file's tag", () => {
  it("changes with the size and with each microsecond, and by coding", () => {
    const tags = [
      entityTagOf({ size: 1, modifiedMs: 1_000 }, NOW, "identity"),
      entityTagOf({ size: 2, modifiedMs: 1_000 }, NOW, "identity"),
      entityTagOf({ size: 1, modifiedMs: 1_000.001 }, NOW, "identity"),
      entityTagOf({ size: 1, modifiedMs: 1_000 }, NOW, "br"),
    ];
    assert.equal(new Set(tags).size, 4);
    for (const tag of tags) assert.match(tag, /^"[\da-z-]+"$/);
  });

  it("is weak while another change could have the same time, or if that is to come yet", () => {
    const weak = (ageMs: number) => entityTagOf({ size: 1, modifiedMs: NOW - ageMs }, NOW, "identity").startsWith("W/");
    assert.deepEqual([0, 2_000, 2_001, -10_000].map(weak), [true, true, false, true]);
  });
});
