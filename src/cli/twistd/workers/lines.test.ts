import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { describe, test } from "node:test";
import { relayLines } from "./lines.ts";

async function relayed(pieces: readonly (string | Uint8Array)[]): Promise<string[]> {
  const stream = new PassThrough();
  const written: string[] = [];
  relayLines(stream, (lines) => written.push(lines));
  for (const piece of pieces) {
    stream.write(piece);
    // Each piece by itself, as from a pipe.
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.end();
  await finished(stream);
  return written;
}

describe("lines of another process", () => {
  test("are passed on whole, as many as there are", async () => {
    assert.deepEqual(await relayed(["one\ntwo\nth", "r", "ee\nfour\n"]), ["one\ntwo\n", "three\nfour\n"]);
  });

  test("may be cut within a character", async () => {
    const text = new TextEncoder().encode("Seilerbahn für Schiffe\n");
    for (let at = 0; at <= text.length; at++) {
      assert.equal((await relayed([text.subarray(0, at), text.subarray(at)])).join(""), "Seilerbahn für Schiffe\n");
    }
  });

  test("end even if the last one has no end", async () => {
    assert.deepEqual(await relayed(["one\ntw", "o"]), ["one\n", "two\n"]);
    assert.deepEqual(await relayed([]), []);
  });
});
