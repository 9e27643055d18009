/**
 * What a server and a client make of frames, right and wrong ones: with conformance-messages.test.ts a list modelled on what the
 * Autobahn suite looks at, and on each MUST of RFC 6455 §5 to §8 and RFC 7692. Each case is fed whole, byte by byte and at
 * random cuts.
 */
import { describe } from "node:test";
import { bytesOf, type Case, cases, type FrameOptions, frame, serverFrame } from "./ear.fixture.test.ts";

const [CONT, TEXT, BIN, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];
const OPEN: FrameOptions = { fin: false };

describe("framing: lengths", () => {
  cases(
    [0, 1, 124, 125, 126, 127, 128, 65_535, 65_536, 65_537].flatMap((length): Case[] => [
      [
        `text of ${length} bytes`,
        [frame(TEXT, "*".repeat(length))],
        [`text ${length > 60 ? `${length}×"*"` : JSON.stringify("*".repeat(length))}`],
      ],
      [
        `${length} bytes`,
        [frame(BIN, new Uint8Array(length).fill(0xfe))],
        [`binary ${length > 60 ? `${length}×fe` : "fe".repeat(length)}`],
      ],
    ]),
  );
  cases([
    [
      "125 in 16 bits",
      [frame(TEXT, "*".repeat(125), { lengthBits: 16 })],
      ["fault 1002: a length of 125 in more bytes than it takes"],
    ],
    ["0 in 16 bits", [frame(BIN, "", { lengthBits: 16 })], ["fault 1002: a length of 0 in more bytes than it takes"]],
    [
      "125 in 64 bits",
      [frame(TEXT, "*".repeat(125), { lengthBits: 64 })],
      ["fault 1002: a length of 125 in more bytes than it takes"],
    ],
    [
      "65 535 in 64 bits",
      [frame(BIN, "", { length: 65_535, lengthBits: 64 })],
      ["fault 1002: a length of 65535 in more bytes than it takes"],
    ],
    [
      "the highest bit of 64",
      [bytesOf("82 ff 80 00 00 00 00 00 00 00 00 00 00 00")],
      ["fault 1002: a length of 64 bits"],
    ],
    [
      "63 bits",
      [bytesOf("82 ff 7f ff ff ff ff ff ff ff 00 00 00 00")],
      ["fault 1009: a frame of 9223372036854776000 bytes; 16777216 are allowed"],
    ],
  ]);
});

describe("framing: masks", () => {
  cases([
    ["a key of zeros", [frame(TEXT, "Hello", { mask: [0, 0, 0, 0] })], ['text "Hello"']],
    ["a key of ones", [frame(TEXT, "Hello", { mask: [255, 255, 255, 255] })], ['text "Hello"']],
    [
      "a client's message without a mask",
      [frame(TEXT, "Hello", { mask: false })],
      ["fault 1002: a client's frame without a mask"],
    ],
    [
      "a client's ping without a mask",
      [frame(PING, "", { mask: false })],
      ["fault 1002: a client's frame without a mask"],
    ],
    [
      "a client's close without a mask",
      [frame(CLOSE, "", { mask: false })],
      ["fault 1002: a client's frame without a mask"],
    ],
    [
      "a continuation without a mask",
      [frame(TEXT, "a", OPEN), frame(CONT, "b", { mask: false })],
      ["fault 1002: a client's frame without a mask"],
    ],
  ]);
  cases(
    [
      ["a server's message with a mask", [frame(TEXT, "Hello")], ["fault 1002: a server's masked frame"]],
      ["a server's ping with a mask", [frame(PING)], ["fault 1002: a server's masked frame"]],
      ["a server's message without one", [serverFrame(TEXT, "Hello")], ['text "Hello"']],
    ],
    "client",
  );
  for (const length of [1, 2, 3, 4, 5, 127, 128, 129, 130, 131, 1_000]) {
    cases([
      [
        `${length} bytes under a mask`,
        [frame(BIN, new Uint8Array(length).fill(7)), frame(BIN, [1, 2])],
        [`binary ${length > 60 ? `${length}×07` : "07".repeat(length)}`, "binary 0102"],
      ],
    ]);
  }
});

describe("pings and pongs", () => {
  cases([
    ["a ping without data", [frame(PING)], ["ping "]],
    ["a ping with text", [frame(PING, "Hello")], ["ping 48656c6c6f"]],
    ["a ping with bytes that are no text", [frame(PING, [0, 0xff, 0xfe])], ["ping 00fffe"]],
    ["a ping of 125 bytes", [frame(PING, new Uint8Array(125).fill(0xfe))], ["ping 125×fe"]],
    ["a ping of 126 bytes", [frame(PING, new Uint8Array(126))], ["fault 1002: a control frame of more than 125 bytes"]],
    [
      "a ping of 65 536 bytes",
      [frame(PING, new Uint8Array(65_536))],
      ["fault 1002: a control frame of more than 125 bytes"],
    ],
    ["a pong that nobody asked for", [frame(PONG)], ["pong "]],
    ["such a pong with data, then a ping", [frame(PONG, "a"), frame(PING, "b")], ["pong 61", "ping 62"]],
    ["a pong of 125 bytes", [frame(PONG, new Uint8Array(125).fill(1))], ["pong 125×01"]],
    ["a pong of 126 bytes", [frame(PONG, new Uint8Array(126))], ["fault 1002: a control frame of more than 125 bytes"]],
    [
      "ten pings",
      Array.from({ length: 10 }, (_, index) => frame(PING, [index])),
      Array.from({ length: 10 }, (_, index) => `ping 0${index}`),
    ],
    ["a fragmented ping", [frame(PING, "a", OPEN)], ["fault 1002: a control frame in fragments"]],
    ["a fragmented pong", [frame(PONG, "a", OPEN)], ["fault 1002: a control frame in fragments"]],
    [
      "a ping in the middle of a message",
      [frame(TEXT, "a", OPEN), frame(PING, "x"), frame(CONT, "b")],
      ["ping 78", 'text "ab"'],
    ],
    [
      "pings between all fragments",
      [frame(BIN, "a", OPEN), frame(PING), frame(CONT, "b", OPEN), frame(PONG), frame(CONT, "c")],
      ["ping ", "pong ", "binary 616263"],
    ],
    [
      "what a message said before a wrong ping",
      [frame(TEXT, "a"), frame(PING, "a", OPEN)],
      ['text "a"', "fault 1002: a control frame in fragments"],
    ],
  ]);
});

describe("reserved bits", () => {
  cases(
    [1, 2, 3, 4, 5, 6, 7].flatMap((rsv): Case[] => {
      const fault = (rsv & 3) === 0 ? "fault 1002: a reserved bit" : "fault 1002: a reserved bit that nobody agreed on";
      return [
        [`${rsv} in a text`, [frame(TEXT, "a", { rsv })], [fault]],
        [`${rsv} in a ping`, [frame(PING, "", { rsv })], [fault]],
        [`${rsv} in a close, behind a message`, [frame(BIN, "a"), frame(CLOSE, "", { rsv })], ["binary 61", fault]],
      ];
    }),
  );
});

describe("opcodes", () => {
  cases(
    [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode): Case[] => [
      [`${opcode}`, [frame(opcode)], [`fault 1002: opcode ${opcode}, which is reserved`]],
      [
        `${opcode} with a payload, behind a message`,
        [frame(TEXT, "a"), frame(opcode, "b"), frame(PING)],
        ['text "a"', `fault 1002: opcode ${opcode}, which is reserved`],
      ],
      [
        `${opcode} within a message`,
        [frame(TEXT, "a", OPEN), frame(opcode), frame(CONT)],
        [`fault 1002: opcode ${opcode}, which is reserved`],
      ],
    ]),
  );
});

describe("fragmentation", () => {
  cases([
    ["text in two", [frame(TEXT, "ab", OPEN), frame(CONT, "cd")], ['text "abcd"']],
    ["bytes in three", [frame(BIN, [1], OPEN), frame(CONT, [2], OPEN), frame(CONT, [3])], ["binary 010203"]],
    ["an empty first fragment", [frame(TEXT, "", OPEN), frame(CONT, "ab")], ['text "ab"']],
    ["an empty last fragment", [frame(TEXT, "ab", OPEN), frame(CONT)], ['text "ab"']],
    ["empty fragments only", [frame(TEXT, "", OPEN), frame(CONT, "", OPEN), frame(CONT)], ['text ""']],
    ["empty bytes only", [frame(BIN, "", OPEN), frame(CONT)], ["binary "]],
    [
      "an empty fragment in the middle",
      [frame(TEXT, "a", OPEN), frame(CONT, "", OPEN), frame(CONT, "b")],
      ['text "ab"'],
    ],
    [
      "a thousand fragments",
      [frame(TEXT, "a", OPEN), ...Array.from({ length: 998 }, () => frame(CONT, "a", OPEN)), frame(CONT, "a")],
      ['text 1000×"a"'],
    ],
    [
      "two messages in turn",
      [frame(TEXT, "a", OPEN), frame(CONT, "b"), frame(BIN, "c", OPEN), frame(CONT, "d")],
      ['text "ab"', "binary 6364"],
    ],
    ["a continuation of nothing", [frame(CONT, "a")], ["fault 1002: a continuation of no message"]],
    ["an unfinished continuation of nothing", [frame(CONT, "a", OPEN)], ["fault 1002: a continuation of no message"]],
    [
      "a continuation behind a whole message",
      [frame(TEXT, "a"), frame(CONT, "b")],
      ['text "a"', "fault 1002: a continuation of no message"],
    ],
    [
      "a continuation behind the last one",
      [frame(TEXT, "a", OPEN), frame(CONT, "b"), frame(CONT, "c")],
      ['text "ab"', "fault 1002: a continuation of no message"],
    ],
    [
      "a text within a text",
      [frame(TEXT, "a", OPEN), frame(TEXT, "b")],
      ["fault 1002: a message in the middle of another one"],
    ],
    [
      "a binary within a text",
      [frame(TEXT, "a", OPEN), frame(BIN, "b")],
      ["fault 1002: a message in the middle of another one"],
    ],
    [
      "a text within a binary",
      [frame(BIN, "a", OPEN), frame(TEXT, "b", OPEN)],
      ["fault 1002: a message in the middle of another one"],
    ],
    ["a close within a message", [frame(TEXT, "a", OPEN), frame(CLOSE, [3, 0xe8])], ['close 1000 ""']],
    [
      "a large message in large fragments",
      [frame(BIN, new Uint8Array(70_000), OPEN), frame(CONT, new Uint8Array(70_000))],
      ["binary 140000×00"],
    ],
  ]);
});

describe("closing", () => {
  cases([
    ["without a code", [frame(CLOSE)], ['close 1005 ""']],
    ["of one byte", [frame(CLOSE, [3])], ["fault 1002: a Close frame of one byte"]],
    ["with a reason", [frame(CLOSE, [3, 0xe8, ...new TextEncoder().encode("Hellö")])], ['close 1000 "Hellö"']],
    [
      "with the longest reason",
      [frame(CLOSE, [3, 0xe8, ...new Uint8Array(123).fill(42)])],
      [`close 1000 ${JSON.stringify("*".repeat(123))}`],
    ],
    [
      "with a reason too long",
      [frame(CLOSE, [3, 0xe8, ...new Uint8Array(124).fill(42)])],
      ["fault 1002: a control frame of more than 125 bytes"],
    ],
    ["in fragments", [frame(CLOSE, [3, 0xe8], OPEN)], ["fault 1002: a control frame in fragments"]],
    ["and then a message", [frame(CLOSE, [3, 0xe8]), frame(TEXT, "a")], ['close 1000 ""']],
    ["and then a ping", [frame(CLOSE), frame(PING)], ['close 1005 ""']],
    ["twice", [frame(CLOSE), frame(CLOSE, [3, 0xe8])], ['close 1005 ""']],
    ["and then nonsense", [frame(CLOSE), bytesOf("ff ff ff ff")], ['close 1005 ""']],
  ]);
  cases(
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map(
      (code): Case => [`code ${code}`, [frame(CLOSE, [code >> 8, code & 255])], [`close ${code} ""`]],
    ),
  );
  cases(
    [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
      (code): Case => [
        `code ${code} is refused`,
        [frame(CLOSE, [code >> 8, code & 255])],
        [`fault 1002: the close code ${code}, which may not be sent`],
      ],
    ),
  );
});

describe("limits", () => {
  const limits = { maxMessageBytes: 10, maxFrameBytes: 8, maxFragments: 3 };
  cases(
    [
      ["a frame as large as allowed", [frame(BIN, new Uint8Array(8))], [`binary ${"00".repeat(8)}`]],
      [
        "a frame too large, by its head alone",
        [frame(BIN, "", { length: 9 })],
        ["fault 1009: a frame of 9 bytes; 8 are allowed"],
      ],
      ["a message as large as allowed", [frame(TEXT, "*".repeat(8), OPEN), frame(CONT, "**")], ['text "**********"']],
      [
        "a message too large, by its heads alone",
        [frame(TEXT, "*".repeat(8), OPEN), frame(CONT, "", { length: 3 })],
        ["fault 1009: a message of 11 bytes or more; 10 are allowed"],
      ],
      ["as many fragments as allowed", [frame(TEXT, "", OPEN), frame(CONT, "", OPEN), frame(CONT, "a")], ['text "a"']],
      [
        "too many fragments",
        [frame(TEXT, "", OPEN), frame(CONT, "", OPEN), frame(CONT, "", OPEN), frame(CONT)],
        ["fault 1008: a message of more than 3 frames"],
      ],
      [
        "each message anew",
        [frame(TEXT, "12345678"), frame(TEXT, "12345678", OPEN), frame(CONT)],
        ['text "12345678"', 'text "12345678"'],
      ],
      [
        "control frames are no messages",
        [frame(PING, new Uint8Array(8)), frame(BIN, [1])],
        [`ping ${"00".repeat(8)}`, "binary 01"],
      ],
    ],
    "server",
    { limits },
  );
});
