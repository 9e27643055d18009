import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { execPath } from "node:process";
import { describe, test } from "node:test";
import fc from "fast-check";
import { TEXT } from "./text.ts";
import { PORTABLE_TEXT } from "./text-portable.ts";

describe("text and bytes", () => {
  const places = fc.uint8Array({ maxLength: 40 }).chain((bytes) =>
    fc.tuple(fc.constant(bytes), fc.nat(bytes.length), fc.nat(bytes.length)).map(([all, one, other]) => ({
      bytes: all,
      start: Math.min(one, other),
      end: Math.max(one, other),
    })),
  );

  test("malformed UTF-8 decodes the same with and without Buffer", () => {
    fc.assert(
      fc.property(places, ({ bytes, start, end }) => {
        assert.equal(TEXT.decodeUtf8(bytes, start, end), PORTABLE_TEXT.decodeUtf8(bytes, start, end));
      }),
    );
  });

  test("Latin-1 decodes each byte to the character of that number, with and without Buffer", () => {
    fc.assert(
      fc.property(places, ({ bytes, start, end }) => {
        const expected = [...bytes.subarray(start, end)].map((byte) => String.fromCharCode(byte)).join("");
        assert.equal(TEXT.decodeLatin1(bytes, start, end), expected);
        assert.equal(PORTABLE_TEXT.decodeLatin1(bytes, start, end), expected);
      }),
    );
  });

  test("Latin-1 of any length decodes", () => {
    const bytes = new Uint8Array(10_000).map((_, index) => index);
    assert.equal(PORTABLE_TEXT.decodeLatin1(bytes, 1, 9_999), TEXT.decodeLatin1(bytes, 1, 9_999));
  });

  test("text encodes the same with and without Buffer", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.deepEqual(plain(TEXT.encodeUtf8(text)), plain(PORTABLE_TEXT.encodeUtf8(text)));
        const latin1 = [...TEXT.encodeUtf8(text)].map((byte) => String.fromCharCode(byte)).join("");
        assert.deepEqual(plain(TEXT.encodeLatin1(latin1)), plain(PORTABLE_TEXT.encodeLatin1(latin1)));
      }),
    );
  });

  test("where there is no Buffer, the portable way stands in", () => {
    const script = `delete globalThis.Buffer; const { TEXT } = await import(${JSON.stringify(import.meta.resolve("./text.js"))});
      console.log(TEXT.decodeUtf8(TEXT.encodeUtf8("\u00e9"), 0, 2) === "\u00e9", TEXT.encodeUtf8("x").constructor.name)`;
    const { stdout } = spawnSync(execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
    assert.equal(stdout.trim(), "true Uint8Array");
  });

  test("bytes are found from an offset on, with and without Buffer", () => {
    const bytes = new Uint8Array([1, 2, 1, 3]);
    for (const { indexOfByte } of [TEXT, PORTABLE_TEXT]) {
      assert.deepEqual([indexOfByte(bytes, 1, 0), indexOfByte(bytes, 1, 1), indexOfByte(bytes, 1, 3)], [0, 2, -1]);
    }
  });
});

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
