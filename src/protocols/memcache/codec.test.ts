import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { feedThreeWays } from "../../testing/feed-three-ways.ts";
import { FrameDecoder } from "./codec.ts";

const LIMITS = { maxLineBytes: 40, maxValueBytes: 20 };

describe("replies", () => {
  for (const [wire, frames] of [
    ["STORED\r\n", ["STORED"]],
    ["END\r\nEND\r\n", ["END", "END"]],
    ["VALUE a 7 5\r\nhello\r\nEND\r\n", ["VALUE a 7 5 = hello", "END"]],
    ["VALUE a 7 5 99\r\n\r\n\r\n!\r\nEND\r\n", ["VALUE a 7 5 99 = \r\n\r\n!", "END"]],
    ["VALUE a 0 0\r\n\r\nEND\r\n", ["VALUE a 0 0 = ", "END"]],
    ["VA 3 f1 t-1\r\n\0\xff\n\r\nHD\r\n", ["VA 3 f1 t-1 = \0\xff\n", "HD"]],
    ["SERVER_ERROR out of memory\r\n", ["SERVER_ERROR out of memory"]],
    ["\r\nMN\r\n", ["", "MN"]],
    ["VALUE k 0 20\r\n01234567890123456789\r\n", ["VALUE k 0 20 = 01234567890123456789"]],
    [`${"x".repeat(40)}\r\n`, ["x".repeat(40)]],
    ["HALF A LINE\r", []],
    ["VA 5\r\nhello\r", []],
  ] as const) {
    test(`${JSON.stringify(wire)} are ${frames.length} frames, however they are cut`, () => {
      assert.deepEqual(decoded("replies", wire), frames);
    });
  }

  for (const [wire, problem] of [
    ["VA x\r\n", "value header"],
    ["VA\r\n", "value header"],
    ["VA -1\r\n", "value header"],
    ["VALUE a 0\r\nhello\r\n", "value header"],
    ["VALUE a 0 0x5\r\nhello\r\n", "value header"],
    ["VALUE a 0 99999999999\r\n", "value header"],
    ["VALUE a 0 4294967296\r\n", "value header"],
    ["VA 21\r\n", "value size"],
    ["VA 5\r\nhello!\r\n", "value end"],
    ["VA 5\r\nhello\n\n", "value end"],
    ["STORED\n", "line end"],
    [`${"x".repeat(41)}\r\n`, "line length"],
    ["x".repeat(1_000), "line length"],
  ] as const) {
    test(`${JSON.stringify(wire.slice(0, 50))} is refused for its ${problem}, and nothing after it is read`, () => {
      assert.deepEqual(decoded("replies", `MN\r\n${wire}MN\r\n`), ["MN", `refused: ${problem}`]);
    });
  }
});

describe("requests", () => {
  for (const [wire, frames] of [
    ["get a b\r\n", ["get a b"]],
    ["get a \r\n", ["get a"]],
    ["get a\n", ["get a"]],
    ["set a 0 0 5\r\nhello\r\nget a\r\n", ["set a 0 0 5 = hello", "get a"]],
    ["cas a 0 0 2 77 noreply\r\nhi\r\n", ["cas a 0 0 2 77 noreply = hi"]],
    ["ms a 2 T0\r\nhi\r\nmn\r\n", ["ms a 2 T0 = hi", "mn"]],
    ["VALUE a 0 5\r\n", ["VALUE a 0 5"]],
    [`set a 0 0 21\r\n${"x".repeat(21)}\r\nget a\r\n`, ["set a 0 0 21 dropped", "get a"]],
    [`ms a 1000\r\n${"get b\r\n".repeat(142)}xxxxxx\r\nmn\r\n`, ["ms a 1000 dropped", "mn"]],
  ] as const) {
    test(`${JSON.stringify(wire.slice(0, 50))} are ${frames.length} frames, however they are cut`, () => {
      assert.deepEqual(decoded("requests", wire), frames);
    });
  }

  for (const [wire, problem] of [
    ["set a 0 0\r\n", "value header"],
    ["set a 0 0 x\r\nget b\r\n", "value header"],
    ["set a 0 0 -5\r\n", "value header"],
    ["ms a\r\n", "value header"],
    ["ms a T0\r\n", "value header"],
    ["add a 0 0 5\r\nhello, flush_all\r\n", "value end"],
  ] as const) {
    test(`${JSON.stringify(wire)} is refused for its ${problem}: what follows might be a value`, () => {
      assert.deepEqual(decoded("requests", wire), [`refused: ${problem}`]);
    });
  }
});

test("a length that is announced makes no room by itself", () => {
  const decoder = new FrameDecoder("replies", { maxLineBytes: 100, maxValueBytes: 1 << 30 });
  const before = process.memoryUsage().arrayBuffers;
  decoder.push(new TextEncoder().encode("VA 1000000000\r\nx"));
  assert.equal(decoder.next(), undefined);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20);
});

test("any list of lines and values comes out as it went in, at any cut", () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/).filter((text) => !/^(VA|VALUE)$/.test(text));
  const line = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => ({ words, data: undefined }));
  const value = fc.uint8Array({ maxLength: 20 }).map((data) => ({ words: ["VA", String(data.length)], data }));
  fc.assert(
    fc.property(fc.array(fc.oneof(line, value), { maxLength: 6 }), (frames) => {
      const wire = frames
        .map(({ words, data }) => `${words.join(" ")}\r\n${data ? `${latin1(data)}\r\n` : ""}`)
        .join("");
      const due = frames.map(({ words, data }) => words.join(" ") + (data ? ` = ${latin1(data)}` : ""));
      assert.deepEqual(decoded("replies", wire), due);
    }),
    { numRuns: 100 },
  );
});

/** What comes of a text of Latin-1, whole, byte by byte and at random cuts. */
function decoded(what: "requests" | "replies", wire: string): readonly string[] {
  const bytes = Uint8Array.from(wire, (character) => character.charCodeAt(0));
  return feedThreeWays(
    () => new Decoded(what),
    bytes,
    ({ seen }) => seen,
  );
}

class Decoded {
  readonly seen: string[] = [];
  readonly #decoder: FrameDecoder;

  constructor(what: "requests" | "replies") {
    this.#decoder = new FrameDecoder(what, LIMITS);
  }

  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    for (;;) {
      const frame = this.#decoder.next();
      if (frame === undefined || this.seen.at(-1)?.startsWith("refused")) return;
      if (frame instanceof Error) this.seen.push(`refused: ${frame.problem}`);
      else if (frame.isDropped) this.seen.push(`${frame.words.join(" ")} dropped`);
      else this.seen.push(frame.words.join(" ") + (frame.data ? ` = ${latin1(frame.data)}` : ""));
    }
  }
}

function latin1(data: Uint8Array): string {
  return String.fromCharCode(...data);
}
