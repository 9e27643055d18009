import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readRanges } from "./ranges.ts";

describe("the ranges of 10 000 bytes", () => {
  for (const [field, ...expected] of [
    // RFC 9110 §14.1.2.
    ["bytes=0-499", [0, 500]],
    ["bytes=500-999", [500, 1000]],
    ["bytes=-500", [9500, 10000]],
    ["bytes=9500-", [9500, 10000]],
    ["bytes=0-0,-1", [0, 1], [9999, 10000]],
    ["bytes= 0-0, 4500-5499, -1000", [0, 1], [4500, 5500], [9000, 10000]],
    ["bytes=500-600,601-999", [500, 1000]],
    ["bytes=500-700,601-999", [500, 1000]],
    // What reaches behind the end ends there.
    ["bytes=9999-20000", [9999, 10000]],
    ["bytes=0-99999999999999999999999999", [0, 10000]],
    ["bytes=-99999999999999999999999999", [0, 10000]],
    ["bytes=0-9999", [0, 10000]],
    ["Bytes=0-0", [0, 1]],
    // Those that there is nothing of are left out.
    ["bytes=10000-,0-0", [0, 1]],
    ["bytes=99999999999999999999999999-,5-5", [5, 6]],
    ["bytes=-0,5-5", [5, 6]],
    // The order in which they were asked for.
    ["bytes=9000-9099,0-99", [9000, 9100], [0, 100]],
    // Gaps that cost more than they save.
    ["bytes=0-0,82-82", [0, 1], [82, 83]],
    ["bytes=0-0,81-81", [0, 82]],
    ["bytes=0-9,1000-1009,5-1004", [0, 1010]],
    ["bytes=,0-0 ,\t,", [0, 1]],
  ] as const) {
    it(`by ${JSON.stringify(field)} are ${expected.join(" and ")}`, () => {
      const ranges = readRanges(field, 10_000)?.map(({ start, end }) => [start, end]);
      assert.deepEqual(ranges, expected);
    });
  }

  for (const field of ["bytes=10000-", "bytes=-0", "bytes=10000-10001, 20000-", `bytes=${"9".repeat(400)}-`]) {
    it(`by ${JSON.stringify(field.slice(0, 30))} are none, which is 416`, () => {
      assert.deepEqual(readRanges(field, 10_000), []);
    });
  }

  for (const field of [
    "bytes",
    "bytes=",
    "bytes=,",
    "bytes=-",
    "bytes=1",
    "bytes=2-1",
    "bytes=0-0,2-1",
    `bytes=${"9".repeat(30)}8-${"9".repeat(30)}7`,
    "bytes=a-b",
    "bytes=0x0-1",
    "bytes=1.0-2",
    "bytes=+1-2",
    "bytes=0 - 1",
    "bytes=0-1;2-3",
    "bytes =0-1",
    " bytes=0-1",
    "bytes=\u0661-\u0662",
    "lines=0-1",
    "",
    `bytes=${Array.from({ length: 65 }, (_, at) => `${at * 100}-${at * 100}`).join()}`,
  ]) {
    it(`by ${JSON.stringify(field.slice(0, 40))} are everything: the field is ignored`, () => {
      assert.equal(readRanges(field, 10_000), undefined);
    });
  }

  it("may be 64", () => {
    const field = `bytes=${Array.from({ length: 64 }, (_, at) => `${at * 100}-${at * 100}`).join()}`;
    assert.equal(readRanges(field, 10_000)?.length, 64);
  });
});

describe("the ranges of nothing", () => {
  it("are none, but for the last bytes of it, which no Content-Range can name", () => {
    assert.deepEqual(readRanges("bytes=0-", 0), []);
    assert.deepEqual(readRanges("bytes=-0", 0), []);
    assert.equal(readRanges("bytes=-5", 0), undefined);
  });
});

describe("ranges", () => {
  const place = fc.nat(400);
  const asked = fc.oneof(
    fc.tuple(place, place).map(([start, more]) => ({ spec: `${start}-${start + more}`, start, end: start + more + 1 })),
    place.map((start) => ({ spec: `${start}-`, start, end: Number.POSITIVE_INFINITY })),
    place.map((suffix) => ({ spec: `-${suffix}`, start: -suffix, end: Number.POSITIVE_INFINITY })),
  );

  it("have every byte that was asked for, once, and never more than there are", () => {
    fc.assert(
      fc.property(fc.array(asked, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 500 }), (specs, size) => {
        const ranges = readRanges(`bytes=${specs.map(({ spec }) => spec).join()}`, size);
        assert.ok(ranges !== undefined);
        const sent = new Set<number>();
        for (const { start, end } of ranges) {
          assert.ok(0 <= start && start < end && end <= size);
          for (let at = start; at < end; at += 1) {
            assert.ok(!sent.has(at), `byte ${at} twice`);
            sent.add(at);
          }
        }
        for (const { spec, start, end } of specs) {
          const from = spec.startsWith("-") ? (start === 0 ? size : Math.max(0, size + start)) : start;
          for (let at = from; at < Math.min(end, size); at += 1) assert.ok(sent.has(at), `byte ${at} is missing`);
        }
      }),
    );
  });
});
