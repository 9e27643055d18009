import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { seededRandom } from "../../../testing/index.ts";
import { completeDeflateSettings, deflated, History, inflated } from "./deflate.ts";
import { applyMask, readKey, turnKey } from "./mask.ts";
import { decodeText, Utf8Check } from "./utf8.ts";

describe("masking", () => {
  test("is XOR with the key over and over, wherever the bytes lie", () => {
    for (const length of [0, 1, 2, 3, 4, 5, 127, 128, 129, 130, 131, 132, 255, 1_000]) {
      for (let offset = 0; offset < 5; offset++) {
        const room = new Uint8Array(length + 10).map((_, at) => at * 7);
        const bytes = room.subarray(offset, offset + length + 4);
        const before = [...bytes];
        const key = [0xa1, 0xb2, 0xc3, 0xf4];
        applyMask(bytes, 2, 2 + length, readKey(Uint8Array.from(key), 0));
        const expected = before.map((byte, at) =>
          at < 2 || at >= 2 + length ? byte : byte ^ (key[(at - 2) % 4] as number),
        );
        assert.deepEqual([...bytes], expected, `${length} bytes from ${offset} on`);
      }
    }
  });

  test("may be done in parts, with the key turned", () => {
    const whole = new Uint8Array(300);
    const parts = new Uint8Array(300);
    const key = readKey(Uint8Array.of(1, 2, 3, 0xff), 0);
    applyMask(whole, 0, 300, key);
    for (let at = 0; at < 300; at += 7) applyMask(parts, at, Math.min(300, at + 7), turnKey(key, at));
    assert.deepEqual(parts, whole);
  });
});

describe("UTF-8", () => {
  test("is judged as the platform does, whole and in pieces", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xef, 0xbd, 0xf0, 0x90, 0xf4, 0x8f), {
        maxLength: 8,
      }),
      fc.string({ unit: "grapheme", maxLength: 200 }).map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(bytes, fc.nat(), (list, at) => {
        const data = Uint8Array.from(list);
        const expected = attempt(() => strict.decode(data));
        assert.equal(decodeText(data, 0, data.length), expected);
        const check = new Utf8Check();
        const cut = data.length === 0 ? 0 : at % data.length;
        const isGood = check.push(data, 0, cut) && check.push(data, cut, data.length) && check.begun === 0;
        assert.equal(isGood, expected !== undefined);
      }),
      { numRuns: 3_000 },
    );
  });

  test("is refused at the first byte that cannot be right", () => {
    for (const [bytes, good] of [
      [[0xf4, 0x90], 1],
      [[0xed, 0xa0], 1],
      [[0xe0, 0x9f], 1],
      [[0xf0, 0x8f], 1],
      [[0x41, 0xc1], 1],
      [[0xf5], 0],
    ] as const) {
      const check = new Utf8Check();
      const data = Uint8Array.from(bytes);
      assert.deepEqual([check.push(data, 0, good), check.push(data, good, good + 1)], [true, false]);
    }
  });

  test("far behind ASCII is found wherever the words begin", () => {
    for (let offset = 0; offset < 8; offset++) {
      const data = new Uint8Array(400).fill(0x61);
      data[200 + offset] = 0xff;
      assert.equal(new Utf8Check().push(data, offset, 400), false);
      assert.equal(new Utf8Check().push(data, offset, 200 + offset), true);
    }
  });
});

describe("compression", () => {
  const settings = completeDeflateSettings(undefined);

  test("makes what is read back, for each window and with what came before", () => {
    for (let bits = 8; bits <= 15; bits++) {
      const [sent, received] = [new History(bits), new History(bits)];
      const random = seededRandom(bits);
      for (let round = 0; round < 30; round++) {
        const words = Array.from(
          { length: 1 + Math.floor(random() * 900) },
          () => WORDS[Math.floor(random() * WORDS.length)],
        );
        const data = new TextEncoder().encode(words.join(" "));
        const small = deflated(data, bits, settings, sent.bytes);
        sent.append(data);
        assert.deepEqual(Buffer.from(inflated(small, bits, 100_000, received.bytes) as Uint8Array), Buffer.from(data));
        received.append(data);
      }
    }
  });

  test("never refers further back than the window", () => {
    // Output in chunks smaller than the window makes zlib keep no more of it than the window.
    for (const bits of [8, 9, 10]) {
      const data = new TextEncoder().encode(
        Array.from({ length: 3_000 }, (_, at) => WORDS[(at * at) % WORDS.length]).join(" "),
      );
      const small = Buffer.concat([deflated(data, bits, settings), Buffer.from([0, 0, 0xff, 0xff, 3, 0])]);
      assert.deepEqual(inflateRawSync(small, { windowBits: bits, chunkSize: 64 }), Buffer.from(data));
    }
  });

  test("stops at the limit", () => {
    const data = deflated(new Uint8Array(1_000), 15, settings);
    assert.equal(inflated(data, 15, 999), "large");
    assert.equal((inflated(data, 15, 1_000) as Uint8Array).length, 1_000);
    assert.equal(inflated(data, 15, 0), "large");
    assert.equal((inflated(Uint8Array.of(0), 15, 0) as Uint8Array).length, 0);
  });

  test("what is cut off is no message, wherever it is cut", () => {
    const data = deflated(new TextEncoder().encode(WORDS.join(" ").repeat(4)), 15, settings);
    for (let length = 1; length < data.length - 1; length++) {
      assert.equal(inflated(data.subarray(0, length), 15, 10_000), "invalid", `${length} of ${data.length} bytes`);
    }
  });

  test("the text before is kept as far as the window reaches", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 20 }), (pieces) => {
        const history = new History(8);
        for (const piece of pieces) history.append(piece);
        const all = Buffer.concat(pieces);
        assert.deepEqual(Buffer.from(history.bytes), all.subarray(Math.max(0, all.length - 256)));
      }),
    );
  });
});

function attempt(decode: () => string): string | undefined {
  try {
    return decode();
  } catch {
    // TextDecoder says no by throwing.
    return undefined;
  }
}

const WORDS = ["rope", "walk", "hemp", "strand", "yarn", "tar", "0123456789", "twist", "äöü", "lay", "hawser", "x"];
