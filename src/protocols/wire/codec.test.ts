import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { chargenLines, encodeTime, formatDaytime, quoteBytes, readTime } from "./codec.ts";
import { RemoteWireError } from "./errors.ts";

describe("chargenLines", () => {
  test("gives the lines of RFC 864, each one character further on", () => {
    const lines = new TextDecoder().decode(chargenLines(0, 96)).split("\r\n");
    assert.equal(lines[0], ` !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_\`abcdefg`);
    assert.equal(lines[1], `!"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_\`abcdefgh`);
    assert.match(lines[94] ?? "", /^~ !"#/);
    assert.equal(lines[95], lines[0]);
  });
});

describe("times", () => {
  for (const [timeMs, daytime, seconds] of [
    [0, "Thursday, January 1, 1970 00:00:00-UTC", [0x83, 0xaa, 0x7e, 0x80]],
    [951_868_799_999, "Tuesday, February 29, 2000 23:59:59-UTC", [0xbc, 0x66, 0xdb, 0xff]],
    [2_085_978_496_000, "Thursday, February 7, 2036 06:28:16-UTC", [0, 0, 0, 0]],
  ] as const) {
    test(daytime, () => {
      assert.equal(formatDaytime(timeMs), daytime);
      assert.deepEqual([...encodeTime(timeMs)], seconds);
    });
  }

  test("what encodeTime makes is read as it was, from 1970 to 2106", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), (seconds) => {
        assert.equal(readTime(encodeTime(seconds * 1_000)), seconds * 1_000);
      }),
    );
  });

  test("what is no four bytes is no time", () => {
    for (const length of [0, 3, 5]) assert.throws(() => readTime(new Uint8Array(length)), RemoteWireError);
  });
});

describe("quoteBytes", () => {
  test("are 512 at most, in whole characters, with the line ends of the network", () => {
    assert.equal(new TextDecoder().decode(quoteBytes("a\nb\r\n")), "a\r\nb\r\n");
    assert.equal(quoteBytes("x".repeat(600)).length, 512);
    assert.equal(new TextDecoder().decode(quoteBytes(`x${"ü".repeat(400)}`)), `x${"ü".repeat(255)}`);
  });
});
