import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import * as amp from "./index.ts";

/** What Twisted 22.4 writes for a value. */
const WRITTEN: readonly (readonly [string, amp.ArgumentType<unknown>, unknown, string])[] = [
  ["Integer", amp.Integer, -12, "-12"],
  ["Integer", amp.Integer, Number.MAX_SAFE_INTEGER, "9007199254740991"],
  ["BigInteger", amp.BigInteger, 2n ** 70n, "1180591620717411303424"],
  ["String", amp.String, Uint8Array.from([0, 255]), "\u0000\u00ff"],
  ["Unicode", amp.Unicode, "é\u{1f4a7}", "\u00c3\u00a9\u00f0\u009f\u0092\u00a7"],
  ["Unicode", amp.Unicode, "\ufffd", "\u00ef\u00bf\u00bd"],
  ["Unicode", amp.Unicode, "\ufeffx", "\u00ef\u00bb\u00bfx"],
  ["Path", amp.Path, "/tmp/a", "/tmp/a"],
  ["Boolean", amp.Boolean, true, "True"],
  ["Boolean", amp.Boolean, false, "False"],
  ["Decimal", amp.Decimal, "1.50", "1.50"],
  ["Decimal", amp.Decimal, "1E+2", "1E+2"],
  ["Float", amp.Float, 1, "1.0"],
  ["Float", amp.Float, 0.1, "0.1"],
  ["Float", amp.Float, 1e15, "1000000000000000.0"],
  ["Float", amp.Float, 1e16, "1e+16"],
  ["Float", amp.Float, 123456789012345680, "1.2345678901234568e+17"],
  ["Float", amp.Float, 0.0001, "0.0001"],
  ["Float", amp.Float, 1e-5, "1e-05"],
  ["Float", amp.Float, 1.5e300, "1.5e+300"],
  ["Float", amp.Float, 5e-324, "5e-324"],
  ["Float", amp.Float, -0, "-0.0"],
  ["Float", amp.Float, 0, "0.0"],
  ["Float", amp.Float, Infinity, "inf"],
  ["Float", amp.Float, -Infinity, "-inf"],
  ["Float", amp.Float, Number.NaN, "nan"],
  ["ListOf", amp.ListOf(amp.Integer), [7, 42], "\0\u00017\0\u000242"],
  ["ListOf", amp.ListOf(amp.Integer), [], ""],
  ["AmpList", amp.AmpList({ x: amp.optional(amp.Integer) }), [{}, { x: 4 }], "\0\0\0\u0001x\0\u00014\0\0"],
  [
    "DateTime",
    amp.DateTime,
    { year: 2012, month: 1, day: 23, hour: 12, minute: 34, second: 56, microsecond: 54_321, offsetMinutes: -83 },
    "2012-01-23T12:34:56.054321-01:23",
  ],
  ["DateTime in UTC", amp.DateTime, amp.dateTimeFromMs(0), "1970-01-01T00:00:00.000000-00:00"],
];

describe("values are the bytes of Twisted", () => {
  for (const [name, type, value, wire] of WRITTEN) {
    test(`${name}: ${JSON.stringify(wire)}`, () => {
      assert.equal(latin1(type.encode(value)), wire);
      assert.deepEqual(type.decode(bytes(wire)), value);
    });
  }
});

describe("values are read as Twisted reads them", () => {
  const READ: readonly (readonly [amp.ArgumentType<unknown>, string, unknown])[] = [
    [amp.Integer, " +3 ", 3],
    [amp.Integer, "-0", 0],
    [amp.BigInteger, "-12", -12n],
    [amp.Float, "1", 1],
    [amp.Float, " -1E3 ", -1000],
    [amp.Float, "-Infinity", -Infinity],
    [amp.Decimal, "sNaN", "sNaN"],
    [amp.DateTime, "0001-01-01 00:00:00.000000+00:00", amp.dateTimeFromMs(-62_135_596_800_000)],
  ];
  for (const [type, wire, value] of READ) {
    test(JSON.stringify(wire), () => assert.deepEqual(type.decode(bytes(wire)), value));
  }
});

describe("what is no value is refused, and shown", () => {
  const WRONG: readonly (readonly [amp.ArgumentType<unknown>, string, RegExp])[] = [
    [amp.Integer, "0x1", /expected an integer up to 2\^53 - 1, got "0x1"/],
    [amp.Integer, "", /expected an integer/],
    [amp.Integer, "9007199254740992", /BigInteger takes larger ones/],
    [amp.BigInteger, "1.0", /expected an integer, got "1.0"/],
    [amp.Boolean, "true", /expected True or False, got "true"/],
    [amp.Float, "1,5", /expected a number, got "1,5"/],
    [amp.Decimal, "one", /expected a decimal number/],
    [amp.Unicode, "\u00ff", /not valid/],
    [amp.DateTime, "2012-13-23T12:34:56.054321+00:00", /month: expected 1 to 12, got 13/],
    [amp.DateTime, "2011-02-29T12:34:56.054321+00:00", /day: expected 1 to 28 in month 2 of 2011, got 29/],
    [amp.DateTime, "2012-01-23T12:34:56.054321Z", /expected "YYYY-MM/],
    [amp.ListOf(amp.Integer), "\0\u00011\0\u00022", /item 1: cut off/],
    [amp.ListOf(amp.Integer), "\0", /item 0: cut off/],
    [amp.ListOf(amp.Integer), "\0\u0001x", /item 0: expected an integer/],
    [amp.AmpList({ x: amp.Integer }), "\0\u0001y\0\u00011\0\0", /item 0: "x": missing/],
    [amp.AmpList({ x: amp.Integer }), "\0\u0001x\0\u00011", /cut off/],
  ];
  for (const [type, wire, why] of WRONG) {
    test(JSON.stringify(wire), () => assert.throws(() => type.decode(bytes(wire)), why));
  }

  const UNSENDABLE: readonly (readonly [amp.ArgumentType<unknown>, unknown, RegExp])[] = [
    [amp.Integer, 1.5, /expected an integer up to 2\^53 - 1, got 1.5/],
    [amp.Integer, 2 ** 53, /expected an integer/],
    [amp.String, "text", /expected a Uint8Array, got a string/],
    [amp.Unicode, 7, /expected a string, got a number/],
    [amp.Float, "1", /expected a number, got a string/],
    [amp.Decimal, "1,5", /expected a decimal number/],
    [amp.Decimal, 1.5, /expected a decimal number, got "1.5"/],
    [amp.ListOf(amp.Integer), [1, 1.5], /item 1: expected an integer/],
    [amp.ListOf(amp.String), [new Uint8Array(65_536)], /item 0: Cannot send a value of 65536 bytes/],
    [amp.DateTime, { ...amp.dateTimeFromMs(0), hour: 24 }, /hour: expected 0 to 23, got 24/],
  ];
  for (const [type, value, why] of UNSENDABLE) {
    test(`${why}`, () => assert.throws(() => type.encode(value), why));
  }
});

describe("a value comes back as it was", () => {
  const anyDate = fc.record({
    epochMs: fc.integer({ min: -62_135_000_000_000, max: 253_402_000_000_000 }),
    offsetMinutes: fc.integer({ min: -1_439, max: 1_439 }),
  });

  test("whatever the double", () => {
    fc.assert(
      fc.property(fc.double(), (value) =>
        assert.deepEqual(amp.Float.decode(bytes(latin1(amp.Float.encode(value)))), value),
      ),
    );
  });

  test("whatever the list of objects", () => {
    const Row = { n: amp.Integer, b: amp.BigInteger, u: amp.optional(amp.Unicode), l: amp.ListOf(amp.String) };
    const Rows = amp.AmpList(Row);
    const row = fc.record(
      {
        n: fc.maxSafeInteger(),
        b: fc.bigInt(),
        u: fc.string({ unit: "grapheme" }),
        l: fc.array(fc.uint8Array()),
      },
      { requiredKeys: ["n", "b", "l"], noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(row), (values) => {
        assert.deepEqual(Rows.decode(Rows.encode(values) as Uint8Array), values);
      }),
    );
  });

  test("whatever the moment, and as JavaScript's Date has it", () => {
    fc.assert(
      fc.property(anyDate, ({ epochMs, offsetMinutes }) => {
        const moment = amp.dateTimeFromMs(epochMs, offsetMinutes);
        assert.equal(amp.dateTimeToMs(moment), epochMs);
        assert.deepEqual(amp.DateTime.decode(bytes(latin1(amp.DateTime.encode(moment)))), moment);
        const wall = new Date(epochMs + offsetMinutes * 60_000).toISOString();
        assert.equal(latin1(amp.DateTime.encode(moment)).slice(0, 23), wall.slice(0, 23));
      }),
    );
  });

  test("and a moment outside the years 1 to 9999 is refused", () => {
    assert.throws(
      () => amp.dateTimeFromMs(253_402_300_800_000),
      /Cannot make a moment of 253402300800000 ms: year: expected 1/,
    );
    assert.throws(() => amp.dateTimeFromMs(-62_135_596_800_001), RangeError);
    assert.throws(() => amp.dateTimeFromMs(Number.NaN), RangeError);
  });
});

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function latin1(data: Uint8Array | string): string {
  if (typeof data === "string") return data;
  return Array.from(data, (byte) => String.fromCharCode(byte)).join("");
}
