import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isHidden, namesOf, pathBehind, pathOf } from "./path.ts";

describe("the names in a path", () => {
  for (const [path, names] of [
    ["/", [""]],
    ["/a", ["a"]],
    ["/a/", ["a", ""]],
    ["/a/b.txt", ["a", "b.txt"]],
    ["/a%20b", ["a b"]],
    ["/gr%C3%BC%C3%9Fe", ["gr\u00fc\u00dfe"]],
    ["/...", ["..."]],
    ["/..a/b..", ["..a", "b.."]],
    ["/c:/x", ["c:", "x"]],
    // Decoded once: this is a file's name, if anybody has such a file.
    ["/%252e%252e", ["%2e%2e"]],
    ["/%252f", ["%2f"]],
    ["/a;b=c", ["a;b=c"]],
  ] as const) {
    it(`${path} are ${JSON.stringify(names)}`, () => assert.deepEqual(namesOf(path), names));
  }

  for (const path of [
    "",
    "*",
    "a",
    "//",
    "//evil.example/",
    "/a//b",
    "/./a",
    "/../a",
    "/a/..",
    "/a/%2e%2e/b",
    "/%2E./b",
    "/.%2e",
    "/%2e",
    "/a%2fb",
    "/..%2fetc%2fpasswd",
    "/..%5c..%5cwindows",
    "/a\\b",
    "/%5C%5Cevil.example",
    "/a%00.html",
    "/a\0",
    "/a%0d%0aSet-Cookie:x",
    "/%7f",
    "/%",
    "/%zz",
    "/%c0%ae%c0%ae/",
    "/%c0%af",
    "/%ff",
    "/%ed%a0%80",
  ]) {
    it(`${JSON.stringify(path)} are none`, () => assert.equal(namesOf(path), undefined));
  }

  it("never lead upwards, aside or into a device, whatever the path", () => {
    const piece = fc.constantFrom(
      "/",
      ".",
      "..",
      "%2e",
      "%2f",
      "%5c",
      "\\",
      "%00",
      "%25",
      "a",
      "%c0%af",
      ":",
      "%",
      "5c",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const names = namesOf(`/${pieces.join("")}`);
        for (const [at, name] of (names ?? []).entries()) {
          assert.ok(name !== "" || at === (names?.length ?? 0) - 1);
          assert.ok(name !== "." && name !== "..");
          for (const bad of ["/", "\\", "\0"]) assert.ok(!name.includes(bad));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("give a path that has the same names, and leads to this site", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
        fc.pre(names.every((each) => namesOf(`/${encodeURIComponent(each)}`) !== undefined));
        const path = pathOf(names);
        assert.deepEqual(namesOf(path), names);
        assert.equal(new URL(path, "http://rope.example").origin, "http://rope.example");
      }),
    );
  });
});

describe("hidden names", () => {
  it("begin with a dot, but for /.well-known", () => {
    assert.ok(isHidden(".git", 0) && isHidden(".well-known", 1) && isHidden("...", 0));
    assert.ok(!isHidden("a.b", 0) && !isHidden(".well-known", 0));
  });
});

describe("what is behind a mount", () => {
  it("begins with the mount's last slash", () => {
    assert.equal(pathBehind("/static/a/b", "/static/"), "/a/b");
    assert.equal(pathBehind("/static/", "/static/"), "/");
    assert.equal(pathBehind("/a", "/"), "/a");
    for (const path of ["/static", "/statics/a", "/a"]) assert.equal(pathBehind(path, "/static/"), undefined);
  });
});
