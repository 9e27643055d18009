/** The corpus of `ropewalk/http1`: each case whole, byte by byte and at random cuts, heard as its verdict says. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { feedThreeWays } from "ropewalk/testing";
import { Http1Listener } from "./http1-listener.ts";
import { http1Vectors, vectorsOf } from "./http1-vectors.ts";

const vectors = http1Vectors();

describe("the corpus of http1", () => {
  for (const vector of vectors) {
    test(`${vector.name} (${vector.source})`, () => {
      const heard = feedThreeWays(
        () => new Http1Listener(vector),
        Buffer.from(vector.bytes, "latin1"),
        (listener) => listener.verdict(),
        // Long ones show nothing new at every cut.
        { randomRuns: vector.bytes.length > 1_000 ? 4 : 20 },
      );
      assert.deepEqual(heard, vector.verdict);
    });
  }
});

describe("the corpus itself", () => {
  test("has 300 cases and more, and none twice", () => {
    const seen = new Map<string, string>();
    for (const { name, asked, bytes, grants, answersEarly } of vectors) {
      const key = JSON.stringify([asked, bytes, grants, answersEarly]);
      assert.equal(seen.get(key), undefined, `${name} is there already`);
      seen.set(key, name);
    }
    assert.ok(seen.size >= 300);
  });

  test("refuses what it cannot read", () => {
    assert.throws(() => vectorsOf("x", "# a\nhow so\n= open"), /begins with no word/);
    assert.throws(() => vectorsOf("x", "# a\n= open"), /no source/);
    assert.throws(() => vectorsOf("x", "# a\nfrom b\n| c"), /no verdict/);
    assert.throws(() => vectorsOf("x", "# a\nfrom b\n| \\q\n= open"), /no escape/);
  });
});
