import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PcapngWriter } from "./pcapng-writer.ts";

describe("PcapngWriter", () => {
  test("begins with a section header that says who wrote it", () => {
    const { blocks } = recorded("ab");
    assert.equal(
      blocks[0],
      "0a0d0d0a 34000000 4d3c2b1a 01000000 ffffffff ffffffff " + // type, length, byte order, version, length unknown
        "01000200 61620000 04000800 726f7065 77616c6b 00000000 34000000", // comment, application, end, length
    );
  });

  test("describes an interface", () => {
    const { blocks, writer } = recorded();
    assert.equal(writer.addInterface("a", MAC), 0);
    assert.equal(writer.addInterface("b", MAC), 1);
    assert.equal(
      blocks[1],
      "01000000 34000000 01000000 00000000 " + // Ethernet, no limit
        "02000100 61000000 06000600 02000000 00010000 09000100 09000000 00000000 34000000", // name, MAC, nanoseconds
    );
  });

  test("writes a packet with its time in nanoseconds, direction and comments", () => {
    const { blocks, writer } = recorded();
    const timeNs = 1_893_456_000_000_000_001n;
    writer.addFrame({ interfaceId: 3, timeNs, bytes: Uint8Array.of(1, 2, 3, 4, 5), direction: "out", comments: ["é"] });
    assert.equal(
      blocks[1],
      "06000000 3c000000 03000000 33e8461a 0100d535 05000000 05000000 01020304 05000000 " +
        "01000200 c3a90000 02000400 02000000 00000000 3c000000",
    );
    writer.addFrame({ interfaceId: 0, timeNs: 5n, bytes: new Uint8Array(4), direction: "in", comments: [] });
    assert.equal(
      blocks[2],
      "06000000 30000000 00000000 00000000 05000000 04000000 04000000 00000000 02000400 01000000 00000000 30000000",
    );
  });

  test("writes lines of a TLS key log as secrets to decrypt with", () => {
    const { blocks, writer } = recorded();
    writer.addTlsKeys("KEY\n");
    writer.addTlsKeys("KEYS\n");
    assert.equal(blocks[1], "0a000000 18000000 4b534c54 04000000 4b45590a 18000000");
    assert.equal(blocks[2], "0a000000 1c000000 4b534c54 05000000 4b455953 0a000000 1c000000");
  });

  test("says whose an address is", () => {
    const { blocks, writer } = recorded();
    writer.addName(Uint8Array.of(10, 0, 0, 1), "ab");
    writer.addName(new Uint8Array(16), "c");
    assert.equal(blocks[1], "04000000 1c000000 01000700 0a000001 61620000 00000000 1c000000");
    assert.equal(
      blocks[2],
      "04000000 28000000 02001200 00000000 00000000 00000000 00000000 63000000 00000000 28000000",
    );
  });

  test("cuts a comment that is longer than an option can be", () => {
    const { blocks, writer } = recorded();
    const comments = ["x".repeat(100_000)];
    writer.addFrame({ interfaceId: 0, timeNs: 0n, bytes: new Uint8Array(0), direction: "in", comments });
    assert.ok(blocks[1]?.includes(" 0100fcff 78787878 "));
    assert.equal(blocks[1]?.split(" ").length, 7 + 1 + 65_532 / 4 + 2 + 1 + 1);
  });
});

/** The blocks as they come, in words of hexadecimal digits. */
function recorded(comment: string = ""): { readonly blocks: string[]; readonly writer: PcapngWriter } {
  const blocks: string[] = [];
  const write = (bytes: Uint8Array): void => {
    blocks.push((Buffer.from(bytes).toString("hex").match(/.{8}/g) ?? []).join(" "));
  };
  return { blocks, writer: new PcapngWriter({ write }, comment) };
}

const MAC: Uint8Array = Uint8Array.of(2, 0, 0, 0, 0, 1);
