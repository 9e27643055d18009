import assert from "node:assert/strict";
import { isIP } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import { asIpv6, formatIp, parseIp } from "./ip.ts";

describe("IP addresses", () => {
  for (const [text, canonical] of [
    ["127.0.0.1", "127.0.0.1"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["::ffff:c000:201", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ] as const) {
    test(`${text} is ${canonical}`, () => {
      assert.equal(formatIp(parseIp(text) as Uint8Array), canonical);
    });
  }

  for (const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "256.1.1.1",
    "1.2.3.4 ",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "12345::",
    "::1%eth0",
    "1.2.3.4::",
    "::1.2.3",
    "g::",
    "::1:",
  ]) {
    test(`"${text}" is none`, () => {
      assert.equal(parseIp(text), undefined);
    });
  }

  test("what is formatted is parsed back, and Node agrees that it is an address", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc
        .array(fc.constantFrom([0, 0], [0, 1], [255, 255]), { minLength: 8, maxLength: 8 })
        .map((pairs) => Uint8Array.from(pairs.flat())),
    );
    fc.assert(
      fc.property(bytes, (address) => {
        const text = formatIp(address);
        assert.equal(isIP(text), address.length === 4 ? 4 : 6);
        assert.deepEqual(parseIp(text), address);
      }),
    );
  });

  test("parses what Node takes for an address, and nothing else", () => {
    const piece = fc.constantFrom(":", "::", ".", "0", "1", "ff", "255", "256", "10.0.0.1", "01", "abcd");
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join("")),
        (text) => assert.equal(parseIp(text) !== undefined, isIP(text) !== 0, text),
      ),
      { numRuns: 20_000 },
    );
  });

  test("an IPv4 address among IPv6 ones keeps its number", () => {
    assert.equal(formatIp(asIpv6(Uint8Array.of(192, 0, 2, 1))), "::ffff:192.0.2.1");
    assert.equal(formatIp(asIpv6(parseIp("::1") as Uint8Array)), "::1");
  });
});
