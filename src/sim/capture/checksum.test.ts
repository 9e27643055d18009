import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addWords, checksumOf } from "./checksum.ts";

describe("the Internet checksum", () => {
  test("of the example in RFC 1071", () => {
    const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    assert.equal(addWords(bytes, 0, 8, 0), 0x2_ddf0);
    assert.equal(checksumOf(0x2_ddf0), ~0xddf2 & 0xffff);
  });

  test("of an IPv4 header, without its own field", () => {
    const header = Buffer.from("450000730000400040110000c0a80001c0a800c7", "hex");
    assert.equal(checksumOf(addWords(header, 0, 20, 0)), 0xb861);
  });

  test("takes an odd byte at the end for a high one", () => {
    assert.equal(addWords(Uint8Array.of(9, 0x12, 0x34, 0x56, 9), 1, 4, 0), 0x1234 + 0x5600);
  });

  test("of nothing, and of all ones", () => {
    assert.equal(checksumOf(0), 0xffff);
    assert.equal(checksumOf(0xffff), 0);
    assert.equal(checksumOf(0x1_fffe), 0);
  });
});
