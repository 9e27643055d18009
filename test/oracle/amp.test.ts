/**
 * Values of every type against Twisted's AMP: what is written here, it reads and writes again as the same bytes; and they
 * are read here as what they were. AMP_ORACLE_CASES says how many (2 000 unless set), AMP_ORACLE_SEED which (1).
 */
import assert from "node:assert/strict";
import { env } from "node:process";
import { describe, test } from "node:test";
import fc from "fast-check";
import * as amp from "ropewalk/amp";
import { tracesOfTwisted, twistedAbsence } from "./twisted.ts";

const All = amp.command("All", {
  arguments: {
    integer: amp.Integer,
    big: amp.BigInteger,
    Bytes: amp.String,
    text: amp.Unicode,
    flag: amp.Boolean,
    float: amp.Float,
    decimal: amp.Decimal,
    moment: amp.DateTime,
    path: amp.Path,
    list: amp.ListOf(amp.ListOf(amp.Float)),
    rows: amp.AmpList({ id: amp.Integer, names: amp.optional(amp.ListOf(amp.Unicode)) }),
    perhaps: amp.optional(amp.Unicode),
  },
});

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const digits = fc.stringMatching(/^[0-9]{1,12}$/);
const float = fc.oneof(
  fc.double(),
  fc.integer().map((n) => n / 1_000),
  // Where Python turns from digits to exponents.
  fc
    .tuple(fc.double({ min: 1, max: 10, maxExcluded: true }), fc.integer({ min: -8, max: 25 }))
    .map(([m, e]) => m * 10 ** e),
);
const values = fc.record(
  {
    integer: fc.maxSafeInteger(),
    big: fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
    Bytes: fc.uint8Array({ maxLength: 400 }),
    text,
    flag: fc.boolean(),
    float,
    decimal: fc
      .tuple(fc.constantFrom("", "-"), fc.integer({ min: 0, max: 999 }), digits)
      .map(([s, n, d]) => `${s}${n}.${d}`),
    moment: fc
      .record({
        epochMs: fc.integer({ min: -62_135_000_000_000, max: 253_402_000_000_000 }),
        microsecond: fc.integer({ min: 0, max: 999_999 }),
        offsetMinutes: fc.integer({ min: -1_439, max: 1_439 }),
      })
      .map(({ epochMs, microsecond, offsetMinutes }) => ({
        ...amp.dateTimeFromMs(epochMs, offsetMinutes),
        microsecond,
      })),
    path: fc.stringMatching(/^\/[a-zé]{1,9}$/),
    list: fc.array(fc.array(float, { maxLength: 4 }), { maxLength: 4 }),
    rows: fc.array(
      fc.record(
        { id: fc.integer(), names: fc.array(text, { maxLength: 3 }) },
        { requiredKeys: ["id"], noNullPrototype: true },
      ),
      { maxLength: 4 },
    ),
    perhaps: text,
  },
  {
    requiredKeys: ["integer", "big", "Bytes", "text", "flag", "float", "decimal", "moment", "path", "list", "rows"],
    noNullPrototype: true,
  },
);

describe("values over AMP, here and at Twisted's", () => {
  test("are the same bytes, and come back as they were", { skip: twistedAbsence() }, () => {
    const numRuns = Number(env["AMP_ORACLE_CASES"] ?? 2_000);
    const cases = fc.sample(values, { numRuns, seed: Number(env["AMP_ORACLE_SEED"] ?? 1) });
    const written = cases.map((each) => Buffer.from(All.encodeAsk(each, undefined) as Uint8Array));
    const again = tracesOfTwisted<string, string>(
      "amp-twisted.py",
      written.map((bytes) => bytes.toString("hex")),
    );
    written.forEach((bytes, index) => {
      assert.equal(again[index], bytes.toString("hex"));
      const decoder = new amp.BoxDecoder({ maxKeys: 20, maxBoxBytes: 1 << 20 });
      decoder.push(bytes);
      const read = All.decodeAsk(decoder.next() as amp.Box);
      assert.deepEqual({ ...read, Bytes: Uint8Array.from(read.Bytes) }, cases[index]);
    });
  });
});
