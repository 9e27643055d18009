import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatHttpDate, parseHttpDate } from "./http-date.ts";

const NOW = Date.UTC(2026, 10, 23);
const RFC_EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

describe("an HTTP-date", () => {
  it("is written as the platform writes it", () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (ms) => {
        assert.equal(formatHttpDate(ms), new Date(ms).toUTCString());
      }),
    );
  });

  it("is read in the three forms of RFC 9110 §5.6.7", () => {
    for (const text of [
      "Sun, 06 Nov 1994 08:49:37 GMT",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994",
    ]) {
      assert.equal(parseHttpDate(text, NOW), RFC_EXAMPLE, text);
    }
  });

  it("of two digits for the year is at most fifty years ahead", () => {
    const year = (text: string): number => new Date(parseHttpDate(text, NOW) as number).getUTCFullYear();
    assert.equal(year("Monday, 01-Jan-76 00:00:00 GMT"), 2076);
    assert.equal(year("Monday, 01-Jan-77 00:00:00 GMT"), 1977);
    assert.equal(year("Monday, 01-Jan-00 00:00:00 GMT"), 2000);
  });

  it("that was written is read again", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (second) => {
        assert.equal(parseHttpDate(formatHttpDate(second * 1_000), NOW), second * 1_000);
      }),
    );
  });

  it("that does not exist is none", () => {
    for (const text of [
      "",
      "yesterday",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 31 Feb 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, 06 Foo 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 CET",
    ]) {
      assert.equal(parseHttpDate(text, NOW), undefined, text);
    }
  });
});
