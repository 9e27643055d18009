/** What is in messages, right and wrong: the other half of conformance.test.ts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  bytesOf,
  cases,
  compress,
  DEFLATE,
  Ear,
  type FrameOptions,
  frame,
  heard,
  join,
  pieces,
} from "./ear.fixture.test.ts";

const [CONT, TEXT, BIN, CLOSE, PING] = [0, 1, 2, 8, 9];
const OPEN: FrameOptions = { fin: false };

const GOOD_TEXT: Readonly<Record<string, string>> = {
  "two bytes": "ß",
  "the least of two bytes": "\u0080",
  "the most of two bytes": "\u07ff",
  "the least of three bytes": "\u0800",
  "before the surrogates": "\ud7ff",
  "behind the surrogates": "\ue000",
  "no character": "\uffff",
  "a byte order mark": "\ufeffa",
  "the sign for what is wrong": "a\ufffdb",
  "the least of four bytes": "\u{10000}",
  "the most of all": "\u{10ffff}",
  zero: "\0",
  Greek: "κόσμε",
  "a smile": "😀 and more",
};
const BAD_TEXT: Readonly<Record<string, string>> = {
  "a continuation alone": "80",
  "the last continuation alone": "bf",
  "two continuations": "80 bf",
  "a continuation behind ASCII": "48 80",
  "a first byte alone, of two": "c3 20",
  "a first byte alone, of three": "e0 20",
  "a first byte alone, of four": "f0 20",
  "a last byte missing, of two": "c3",
  "a last byte missing, of three": "e2 82",
  "a last byte missing, of four": "f0 90 8d",
  "an overlong slash of two": "c0 af",
  "an overlong slash of three": "e0 80 af",
  "an overlong slash of four": "f0 80 80 af",
  "an overlong zero": "c0 80",
  "the most that two overlong bytes say": "c1 bf",
  "the most that three overlong bytes say": "e0 9f bf",
  "the most that four overlong bytes say": "f0 8f bf bf",
  "five bytes": "f8 88 80 80 80",
  "six bytes": "fc 84 80 80 80 80",
  "a high surrogate": "ed a0 80",
  "a low surrogate": "ed bf bf",
  "a pair of surrogates": "ed a0 80 ed b0 80",
  "above U+10FFFF": "f4 90 80 80",
  "far above it": "f7 bf bf bf",
  FE: "fe",
  FF: "ff",
  "the Autobahn suite's": "ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64 69 74 65 64",
};

describe("text: what is UTF-8", () => {
  for (const [name, text] of Object.entries(GOOD_TEXT)) {
    const data = new TextEncoder().encode(text);
    cases([
      [name, [frame(TEXT, data)], [`text ${JSON.stringify(text)}`]],
      [`${name}, a byte a fragment`, pieces(data), [`text ${JSON.stringify(text)}`]],
      [`${name}, far behind ASCII`, [frame(TEXT, `${"a".repeat(300)}${text}`)], [`text ${300 + text.length}×"a"`]],
    ]);
  }
});

describe("text: what is none", () => {
  for (const [name, hex] of Object.entries(BAD_TEXT)) {
    const data = bytesOf(hex);
    const fault = ["fault 1007: a text that is no UTF-8"];
    cases([
      [name, [frame(TEXT, data)], fault],
      [`${name}, a byte a fragment`, pieces(data), fault],
      [`${name}, in a close`, [frame(CLOSE, [3, 0xe8, ...data])], ["fault 1007: a reason to close that is no UTF-8"]],
      [`${name}, as bytes`, [frame(BIN, data)], [`binary ${hex.replaceAll(" ", "")}`]],
    ]);
  }

  test("is noticed in the middle of a frame that is not complete", () => {
    const ear = new Ear();
    ear.receive(frame(TEXT, [0x61, 0xed, 0xa0], { length: 1_000 }));
    assert.deepEqual(ear.lines, ["fault 1007: a text that is no UTF-8"]);
  });

  test("is noticed in a fragment, before the message is complete", () => {
    const ear = new Ear();
    ear.receive(frame(TEXT, [0x61, 0xc0], OPEN));
    assert.deepEqual(ear.lines, ["fault 1007: a text that is no UTF-8"]);
  });

  test("a character may be cut by fragments, and by pings between them", () => {
    const [first, ...rest] = pieces(new TextEncoder().encode("😀"));
    const bytes = join(first as Uint8Array, ...rest.flatMap((piece) => [frame(PING), piece]));
    assert.deepEqual(heard(bytes), ["ping ", "ping ", "ping ", 'text "😀"']);
  });
});

describe("permessage-deflate", () => {
  const deflate = { deflate: DEFLATE };
  const bit = { rsv: 4 };
  const text = "it was the best of times, it was the worst of times, ";
  const lines = [`text ${JSON.stringify(text)}`];
  cases(
    [
      ["one frame", [frame(TEXT, compress(text), bit)], lines],
      [
        "two fragments",
        [frame(TEXT, compress(text).subarray(0, 9), { ...bit, fin: false }), frame(CONT, compress(text).subarray(9))],
        lines,
      ],
      ["a byte a fragment", pieces(compress(text), 4), lines],
      ["an empty fragment first", [frame(TEXT, "", { ...bit, fin: false }), frame(CONT, compress(text))], lines],
      [
        "a ping in between",
        [
          frame(TEXT, compress(text).subarray(0, 9), { ...bit, fin: false }),
          frame(PING),
          frame(CONT, compress(text).subarray(9)),
        ],
        ["ping ", ...lines],
      ],
      ["bytes", [frame(BIN, compress("abc"), bit)], ["binary 616263"]],
      ["a message that is not compressed", [frame(TEXT, "plain")], ['text "plain"']],
      [
        "one of each in turn",
        [frame(TEXT, compress(text), bit), frame(TEXT, "plain"), frame(TEXT, compress(text), bit)],
        [...lines, 'text "plain"', ...lines],
      ],
      [
        "what refers to the message before",
        [frame(TEXT, compress(text), bit), frame(TEXT, compress(text, text), bit)],
        [...lines, ...lines],
      ],
      [
        "the bit in a continuation",
        [frame(TEXT, "a", { ...bit, fin: false }), frame(CONT, "b", bit)],
        ["fault 1002: the bit for compression, where it may not be"],
      ],
      ["the bit in a ping", [frame(PING, "", bit)], ["fault 1002: the bit for compression, where it may not be"]],
      ["the bit in a close", [frame(CLOSE, "", bit)], ["fault 1002: the bit for compression, where it may not be"]],
      [
        "another reserved bit with it",
        [frame(TEXT, compress(text), { rsv: 6 })],
        ["fault 1002: a reserved bit that nobody agreed on"],
      ],
      [
        "no payload at all, where a byte would stand for no text",
        [frame(TEXT, "", bit)],
        ["fault 1007: a message that cannot be decompressed"],
      ],
      [
        "what is no deflate",
        [frame(TEXT, [0xff, 0xff, 0xff], bit)],
        ["fault 1007: a message that cannot be decompressed"],
      ],
      [
        "a message that breaks off",
        [frame(TEXT, compress(text.repeat(9)).subarray(0, -5), bit)],
        ["fault 1007: a message that cannot be decompressed"],
      ],
      [
        "a text that is no UTF-8",
        [frame(TEXT, compress(Uint8Array.of(0x61, 0xff)), bit)],
        ["fault 1007: a text that is no UTF-8"],
      ],
      [
        "a message too large for its window's sake",
        [frame(BIN, compress(new Uint8Array(300_000)), bit)],
        ["binary 300000×00"],
      ],
      [
        "a bomb",
        [frame(BIN, compress(new Uint8Array(20_000_000)), bit)],
        ["fault 1009: a message of more than 16777216 bytes, decompressed"],
      ],
      ["exactly as large as allowed", [frame(BIN, compress(new Uint8Array(16_777_216)), bit)], ["binary 16777216×00"]],
      [
        "final blocks without end",
        [frame(BIN, bytesOf("03 00".repeat(5_000)), bit)],
        ["fault 1007: a message that cannot be decompressed"],
      ],
    ],
    "server",
    deflate,
  );
  cases([["the bit where nothing was agreed on", [frame(TEXT, compress(text), bit)], ["fault 1002: a reserved bit"]]]);
  cases(
    [
      [
        "what refers further back than the window",
        [frame(BIN, compress(noise(600)), bit), frame(BIN, compress(noise(600), noise(600)), bit)],
        ["binary 600×16", "fault 1007: a message that cannot be decompressed"],
      ],
    ],
    "server",
    { deflate: { ...DEFLATE, receiveWindowBits: 8 } },
  );
});

describe("fragments as they come", () => {
  const fragments = { fragments: true };

  test("are handed on with each piece, and hold nothing", () => {
    const ear = new Ear("server", { ...fragments, limits: { maxMessageBytes: Number.POSITIVE_INFINITY } });
    const bytes = frame(BIN, [1, 2, 3, 4]);
    ear.receive(bytes.slice(0, 8));
    ear.receive(bytes.slice(8));
    ear.receive(join(frame(TEXT, "ab", OPEN), frame(CONT, "cd")));
    assert.deepEqual(ear.lines, ["binary… 0102", "binary. 0304", 'text… "ab"', 'text. "cd"']);
  });

  test("are never cut within a character", () => {
    const ear = new Ear("server", fragments);
    for (const byte of frame(TEXT, "aß😀")) ear.receive(Uint8Array.of(byte));
    assert.deepEqual(ear.lines, ['text… "a"', 'text… "ß"', 'text. "😀"']);
  });

  test("end with an empty one where nothing else is left", () => {
    const ear = new Ear("server", fragments);
    ear.receive(join(frame(TEXT, "ab", OPEN), frame(CONT), frame(BIN)));
    assert.deepEqual(ear.lines, ['text… "ab"', 'text. ""', "binary. "]);
  });

  test("that are no text end the connection", () => {
    const ear = new Ear("server", fragments);
    ear.receive(join(frame(TEXT, "ab", OPEN), frame(CONT, [0xe2, 0x82])));
    assert.deepEqual(ear.lines, ['text… "ab"', "fault 1007: a text that is no UTF-8"]);
  });

  test("of a compressed message come as one", () => {
    const ear = new Ear("server", { ...fragments, deflate: DEFLATE });
    ear.receive(join(...pieces(compress("abc"), 4)));
    assert.deepEqual(ear.lines, ['text. "abc"']);
  });
});

/** What does not repeat itself. */
function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => ((index + 29) * 2_654_435_761) % 251);
}
