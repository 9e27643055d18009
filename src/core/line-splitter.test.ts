import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineSplitter } from "./line-splitter.ts";

function linesOf(...pieces: (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const piece of pieces) splitter.push(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  splitter.end();
  return lines;
}

test("lines end with \\n or \\r\\n, and the last one may have no end", () => {
  assert.deepEqual(linesOf("one\ntwo\r\n\nthree"), ["one", "two", "", "three"]);
  assert.deepEqual(linesOf("one\n"), ["one"]);
  assert.deepEqual(linesOf(), []);
});

test("however the bytes are cut, the lines are the same", () => {
  const text = "grüße\r\n🧶 rope\n\nend";
  const bytes = new TextEncoder().encode(text);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      assert.deepEqual(linesOf(...pieces), ["grüße", "🧶 rope", "", "end"]);
    }),
  );
});

test("a line without end comes in parts, and none of it is kept for long", () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (let i = 0; i < 100; i++) splitter.push(new Uint8Array(1_000).fill(0x61));
  assert.equal(lines.length, 12);
  splitter.push(new TextEncoder().encode("z\n"));
  assert.equal(lines.join(""), `${"a".repeat(100_000)}z`);
});
