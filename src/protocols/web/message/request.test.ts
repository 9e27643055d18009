import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HeaderMap } from "../../../wire/header-map.ts";
import type { Http1Request } from "../../http1/events.ts";
import type { ReceivedRequest } from "./request.ts";
import { Request } from "./request.ts";

/** A request as a server hears it, for `target` at rope.example. */
function heard(target: string): Request {
  const head = { method: "GET", target, authority: "rope.example", headers: new HeaderMap() } as Http1Request;
  return new Request({ head, body: null, isSecure: false } as ReceivedRequest);
}

describe("what a request was asked for", () => {
  it("is what the platform's URL makes of it, whatever its spelling", () => {
    const piece = fc.constantFrom(
      "/",
      "a",
      "B",
      ".",
      "..",
      "%2e",
      "%2E",
      "%41",
      "?",
      "#",
      " ",
      "\\",
      "'",
      "|",
      "é",
      ":",
      "@",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const target = `/${pieces.join("")}`;
        const url = new URL(`http://rope.example${target}`);
        assert.deepEqual([heard(target).url, heard(target).path], [url.href, url.pathname]);
      }),
      { numRuns: 3_000 },
    );
  });

  it("takes no longer than its length for a path that is hard to match", () => {
    const target = `/${"a".repeat(8_000)}<`;
    assert.equal(heard(target).path, `/${"a".repeat(8_000)}%3C`);
    assert.equal(heard(target).url, `http://rope.example/${"a".repeat(8_000)}%3C`);
  });
});
