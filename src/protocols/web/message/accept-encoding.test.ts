import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type ContentCoding, chooseCoding } from "./accept-encoding.ts";

const ALL: readonly ContentCoding[] = ["br", "zstd", "gzip"];

describe("the choice of a coding", () => {
  for (const [accepted, available, chosen] of [
    [null, ALL, "identity"],
    ["", ALL, "identity"],
    ["gzip, deflate, br, zstd", ALL, "br"],
    ["gzip", ALL, "gzip"],
    ["GZIP", ALL, "gzip"],
    ["x-gzip", ALL, "gzip"],
    ["deflate, compress", ALL, "identity"],
    ["br;q=0.5, gzip;q=0.8", ALL, "gzip"],
    ["br;q=0.5,gzip;q=0.5", ["gzip", "br"], "gzip"],
    ["br;q=0, gzip", ALL, "gzip"],
    ["br;q=0.000", ALL, "identity"],
    ["*", ALL, "br"],
    ["*;q=0", ALL, "identity"],
    ["br;q=0, *", ALL, "zstd"],
    ["*;q=0.5, gzip;q=0.1", ["gzip"], "identity"],
    ["gzip;q=0.5, identity", ALL, "identity"],
    ["gzip;q=0.5, identity;q=0.5", ALL, "gzip"],
    ["gzip;q=0.5, identity;q=0", ALL, "gzip"],
    ["identity;q=0, *;q=0", ALL, "identity"],
    ["gzip;q=1.001", ALL, "identity"],
    ["gzip;q=2, br;q=high, zstd; q=0.3", ALL, "zstd"],
    [" \tgzip\t;\tQ=1.000 ,, ", ALL, "gzip"],
    ["gzip br", ALL, "identity"],
    ["gzip", [], "identity"],
  ] as const) {
    it(`of ${JSON.stringify(accepted)} with ${available.join(", ") || "nothing"} is ${chosen}`, () => {
      assert.equal(chooseCoding(accepted, available), chosen);
    });
  }

  it("never is one that the client weighs with zero", () => {
    const weights = fc.dictionary(fc.constantFrom("br", "gzip", "zstd", "identity"), fc.constantFrom("0", "0.3", "1"));
    fc.assert(
      fc.property(weights, (weightOf) => {
        const field = Object.entries(weightOf).map(([name, weight]) => `${name};q=${weight}`);
        const chosen = chooseCoding(field.join(", "), ALL);
        if (chosen !== "identity") assert.ok(Number(weightOf[chosen]) > 0);
        else assert.ok(ALL.every((coding) => Number(weightOf[coding] ?? 0) <= Number(weightOf["identity"] ?? 0)));
      }),
    );
  });
});
