import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { feedThreeWays } from "../../testing/index.ts";
import { encodeLine, LineDecoder, type LineEncoding, type LineSettings } from "./codec.ts";
import { LocalLineError, RemoteLineLengthError } from "./errors.ts";

describe("LineDecoder", () => {
  for (const [name, settings, input, expected] of [
    ["cuts at \\r\\n", {}, "a\r\nbc\r\n\r\nrest", ["a", "bc", ""]],
    ["leaves a bare \\n, a bare \\r and \\n\\r in the line", {}, "a\nb\rc\n\rd\r\n", ["a\nb\rc\n\rd"]],
    ["takes only the last \\r of many", {}, "a\r\r\r\n\r\n", ["a\r\r", ""]],
    ["cuts at \\n", { delimiter: "\n" }, "a\r\nb\n\nrest", ["a\r", "b", ""]],
    [
      "cuts at any newline and strips one \\r",
      { acceptBareNewline: true },
      "a\nb\r\nc\r\r\n\n\r\n\rd",
      ["a", "b", "c\r", "", ""],
    ],
    ["cuts at a longer delimiter", { delimiter: "aab" }, "xaaab--aab", ["xa", "--"]],
    ["cuts at a delimiter of two equal characters, leftmost first", { delimiter: "||" }, "a|||b||", ["a", "|b"]],
    ["cuts at a delimiter beyond ASCII", { delimiter: "é" }, "aéb\u00c3éc", ["a", "b\u00c3"]],
    ["finds no delimiter in what is malformed", { delimiter: "\ufffd" }, "a\ufffdb", ["a"]],
  ] as const) {
    test(name, () => {
      assert.deepEqual(feed(input, settings), expected);
    });
  }

  test("decodes UTF-8 across cuts, next to ASCII", () => {
    assert.deepEqual(feed("naïve\r\nплюс\r\nascii\r\n💧\r\n"), ["naïve", "плюс", "ascii", "💧"]);
  });

  test("gives U+FFFD for malformed UTF-8, whatever is near it", () => {
    const bytes = [0x61, 0xff, 0x0d, 0x0a, 0xc3, 0x0d, 0x0a, 0xe2, 0x82, 0x0d, 0x0a, 0xc3, 0xa9, 0x0d, 0x0a];
    assert.deepEqual(feed(bytes), ["a\ufffd", "\ufffd", "\ufffd", "é"]);
  });

  test("keeps a byte order mark as text", () => {
    assert.deepEqual(feed("\ufeffa\r\n"), ["\ufeffa"]);
  });

  test("makes one character of each byte in latin1", () => {
    assert.deepEqual(feed([0xe9, 0xff, 0x00, 0x0d, 0x0a], { encoding: "latin1" }), ["\u00e9\u00ff\u0000"]);
    assert.deepEqual(feed([0x61, 0xa7, 0x62, 0xa7], { encoding: "latin1", delimiter: "§" }), ["a", "b"]);
  });

  test("cuts lines longer than what is decoded at once, among short ones", () => {
    const lines = ["a".repeat(5_000), "b", "é".repeat(4_000), "c".repeat(4_096), "", "d".repeat(4_094), "e"];
    assert.deepEqual(feed(lines.map((line) => `${line}\r\n`).join("")), lines);
  });

  test("does not mix up chunks that are one and the same array", () => {
    const decoder = new LineDecoder({ ...DEFAULTS, delimiter: "\n" });
    const chunk = bytesOf("ab\ncd\nef");
    decoder.push(chunk);
    decoder.push(chunk);
    assert.deepEqual(eventsOf(decoder), ["ab", "cd", "efab", "cd"]);
    decoder.push(chunk);
    assert.deepEqual(eventsOf(decoder), ["efab", "cd"]);
  });

  test("gives lines as bytes, mixed with lines as text", () => {
    const decoder = new LineDecoder(DEFAULTS);
    decoder.push(bytesOf("a\r\nb\r\nc\r"));
    assert.equal(decoder.next(), "a");
    assert.deepEqual(decoder.nextBytes(), bytesOf("b"));
    assert.equal(decoder.nextBytes(), undefined);
    decoder.push(bytesOf("\nd\r\n"));
    assert.deepEqual(decoder.nextBytes(), bytesOf("c"));
    assert.equal(decoder.next(), "d");
  });
});

describe("the longest line", () => {
  const maxLength = 4;
  const tooLong = (start: string) => ({ maxLength, start: [...bytesOf(start)] });

  for (const [ending, settings] of [
    ["\r\n", {}],
    ["\n", { delimiter: "\n" }],
    ["\n", { acceptBareNewline: true }],
    ["\r\n", { acceptBareNewline: true }],
    ["||", { delimiter: "||" }],
  ] as const) {
    const name = `with the ending ${JSON.stringify(ending)}${"acceptBareNewline" in settings ? " of any newline" : ""}`;
    test(`${name}, a line of exactly maxLength bytes passes`, () => {
      assert.deepEqual(feed(`abcd${ending}abcd${ending}`, { ...settings, maxLength }), ["abcd", "abcd"]);
    });
    test(`${name}, one byte more is too long, and the next line comes`, () => {
      assert.deepEqual(feed(`abcde${ending}abcd${ending}`, { ...settings, maxLength }), [tooLong("abcd"), "abcd"]);
    });
    test(`${name}, an unfinished line is too long once it is certain`, () => {
      const certain = "abcdefg".slice(0, maxLength + (ending === "\n" && !("acceptBareNewline" in settings) ? 1 : 2));
      assert.deepEqual(feed(certain.slice(0, -1), { ...settings, maxLength }), []);
      assert.deepEqual(feed(certain, { ...settings, maxLength }), [tooLong("abcd")]);
      assert.deepEqual(feed(`${certain}${ending}`, { ...settings, maxLength }), [tooLong("abcd")]);
    });
    test(`${name}, an unfinished line that may still end in time waits`, () => {
      assert.deepEqual(
        feed(`abcd${ending.slice(0, 1)}`, { ...settings, delimiter: "\r\n", maxLength }).length,
        ending === "\n" && "acceptBareNewline" in settings ? 1 : 0,
      );
    });
  }

  test("counts bytes, not characters", () => {
    assert.deepEqual(feed("éé\r\nééa\r\n", { maxLength }), ["éé", tooLong("éé")]);
    assert.deepEqual(feed("éé\r\n", { maxLength, encoding: "latin1" }), ["Ã©Ã©"]);
  });

  test("may be none", () => {
    assert.deepEqual(feed("\r\na\r\n\r\n", { maxLength: 0 }), ["", { maxLength: 0, start: [] }, ""]);
  });

  test("is reported once, however long the line and however it looks", () => {
    const line = `abcd${"\r".repeat(50)}x\rx${"\r".repeat(50)}`;
    assert.deepEqual(feed(`${line}\r\nok\r\n`, { maxLength }), [tooLong("abcd"), "ok"]);
  });

  test("is not kept while the rest of it is dropped", () => {
    const decoder = new LineDecoder({ ...DEFAULTS, delimiter: "aab", maxLength });
    decoder.push(bytesOf("123456789"));
    assert.ok(decoder.next() instanceof RemoteLineLengthError);
    for (const letter of "xxxaxaxaxxxaa") {
      decoder.push(bytesOf(letter));
      assert.equal(decoder.next(), undefined);
    }
    decoder.push(bytesOf("b1234aab"));
    assert.equal(decoder.next(), "1234");
  });

  test("leaves the bytes after its start to takeRest", () => {
    feedThreeWays(
      () => new Taker(maxLength),
      "abcd\r\nefghijklm",
      (taker) => taker.seen,
    );
    assert.equal(
      feedThreeWays(
        () => new Taker(maxLength),
        "abcdefghi\r\nx",
        (taker) => taker.seen,
      ),
      "abcd|efghi\r\nx",
    );
  });

  test("while it is dropped, takeRest gives nothing of it", () => {
    const decoder = new LineDecoder({ ...DEFAULTS, maxLength });
    decoder.push(bytesOf("abcdefgh\r"));
    assert.ok(decoder.next() instanceof RemoteLineLengthError);
    assert.equal(decoder.next(), undefined);
    assert.deepEqual(decoder.takeRest(), new Uint8Array(0));
    decoder.push(bytesOf("\r\n"));
    assert.equal(decoder.next(), "");
  });
});

describe("settings that change between lines", () => {
  test("a new delimiter is looked for in what was searched already", () => {
    const settings = { ...DEFAULTS };
    const decoder = new LineDecoder(settings);
    decoder.push(bytesOf("a|b|c"));
    assert.equal(decoder.next(), undefined);
    settings.delimiter = "|";
    decoder.push(bytesOf("d|e"));
    assert.deepEqual(eventsOf(decoder), ["a", "b", "cd"]);
  });

  test("a new delimiter holds for the rest of the chunk", () => {
    const settings = { ...DEFAULTS };
    const decoder = new LineDecoder(settings);
    decoder.push(bytesOf("a\r\nb|c\r\n|d"));
    assert.equal(decoder.next(), "a");
    settings.delimiter = "|";
    assert.deepEqual(eventsOf(decoder), ["b", "c\r\n"]);
  });

  test("a new encoding holds for the rest of the chunk", () => {
    const settings: Mutable<LineSettings> = { ...DEFAULTS };
    const decoder = new LineDecoder(settings);
    decoder.push(bytesOf("é\r\né\r\n\r\n"));
    assert.equal(decoder.next(), "é");
    settings.encoding = "latin1";
    assert.equal(decoder.next(), "Ã©");
    settings.acceptBareNewline = true;
    assert.equal(decoder.next(), "");
  });

  test("a lower limit holds for an unfinished line, more than all of which came already", () => {
    const settings = { ...DEFAULTS };
    const decoder = new LineDecoder(settings);
    decoder.push(bytesOf("abcdefgh"));
    assert.equal(decoder.next(), undefined);
    settings.maxLength = 3;
    decoder.push(bytesOf("i\r\nabc\r\n"));
    const [error, ...others] = eventsOf(decoder);
    assert.deepEqual(error, { maxLength: 3, start: [...bytesOf("abc")] });
    assert.deepEqual(others, ["abc"]);
  });

  test("an empty delimiter, or one that the encoding lacks, is refused", () => {
    assert.throws(() => new LineDecoder({ ...DEFAULTS, delimiter: "" }).next(), RangeError);
    assert.throws(() => new LineDecoder({ ...DEFAULTS, delimiter: "€", encoding: "latin1" }).next(), RangeError);
  });
});

describe("properties of LineDecoder", () => {
  const alphabet = fc.constantFrom(...["a", "b", "\r", "\n", "\r\n", "|", "é", "💧", "\u0000"]);
  const text = fc.array(alphabet, { maxLength: 40 }).map((parts) => parts.join(""));
  const anyBytes = fc.oneof(text.map(bytesOf), fc.uint8Array({ maxLength: 60 }));
  const anySettings = fc.record({
    delimiter: fc.constantFrom("\r\n", "\n", "|", "||", "a\r\nb", "\r\r\n"),
    acceptBareNewline: fc.boolean(),
    maxLength: fc.nat(12),
    encoding: fc.constantFrom<LineEncoding>("utf8", "latin1"),
  });

  test("any bytes give what a naive splitter gives, whatever the cuts", () => {
    fc.assert(
      fc.property(anyBytes, anySettings, fc.array(fc.nat(60), { maxLength: 8 }), (bytes, settings, cuts) => {
        const decoder = new LineDecoder(settings);
        const events: unknown[] = [];
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        at.slice(1).forEach((end, index) => {
          decoder.push(bytes.slice(at[index], end));
          events.push(...eventsOf(decoder));
        });
        assert.deepEqual(events, naiveEvents(bytes, settings));
      }),
      { numRuns: 2_000 },
    );
  });

  test("what encodeLine makes comes out as it went in, whatever the cuts", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 20 })), fc.nat(), (lines, seed) => {
        const sendable = lines.filter((line) => !line.includes("\n"));
        const decoder = new LineDecoder(DEFAULTS);
        const bytes = bytesOf(sendable.map((line) => encodeLine(line, "\r\n", "utf8")).join(""));
        const cut = bytes.length === 0 ? 0 : seed % bytes.length;
        decoder.push(bytes.subarray(0, cut));
        const events = eventsOf(decoder);
        decoder.push(bytes.subarray(cut));
        assert.deepEqual([...events, ...eventsOf(decoder)], sendable);
      }),
    );
  });
});

describe("encodeLine", () => {
  test("adds the delimiter", () => {
    assert.equal(encodeLine("a", "\r\n", "utf8"), "a\r\n");
  });

  for (const [line, delimiter, encoding] of [
    ["a\r\nb", "\r\n", "utf8"],
    ["a\nb", "\r\n", "utf8"],
    ["a\n", "\n", "utf8"],
    ["a||b", "||", "utf8"],
    ["a|", "||", "utf8"],
    ["€", "\r\n", "latin1"],
  ] as const) {
    test(`refuses ${JSON.stringify(line)} before ${JSON.stringify(delimiter)} in ${encoding}`, () => {
      assert.throws(
        () => encodeLine(line, delimiter, encoding),
        (error) => error instanceof LocalLineError && error.line === line,
      );
    });
  }

  test("shows the beginning of a long line that it refuses", () => {
    assert.throws(() => encodeLine(`${"x".repeat(70)}\n`, "\n", "utf8"), /"x{60}…"/);
  });
});

const DEFAULTS = { delimiter: "\r\n", acceptBareNewline: false, maxLength: 16_384, encoding: "utf8" as const };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** All events, fed three ways. */
function feed(input: string | readonly number[], settings: Partial<LineSettings> = {}): unknown[] {
  return feedThreeWays(
    () => new Feeder({ ...DEFAULTS, ...settings }),
    typeof input === "string" ? input : Uint8Array.from(input),
    ({ events }) => events,
  );
}

class Feeder {
  readonly events: unknown[] = [];
  readonly #decoder: LineDecoder;
  constructor(settings: LineSettings) {
    this.#decoder = new LineDecoder(settings);
  }
  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    this.events.push(...eventsOf(this.#decoder));
  }
}

/** After the first overlong line, takes all bytes as they are. */
class Taker {
  seen = "";
  #isRaw = false;
  readonly #decoder: LineDecoder;
  constructor(maxLength: number) {
    this.#decoder = new LineDecoder({ ...DEFAULTS, maxLength });
  }
  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    for (;;) {
      if (this.#isRaw) {
        this.seen += new TextDecoder().decode(this.#decoder.takeRest());
        return;
      }
      const event = this.#decoder.next();
      if (event === undefined) return;
      this.#isRaw = event instanceof RemoteLineLengthError;
      this.seen += typeof event === "string" ? `(${event})` : `${new TextDecoder().decode(event.start)}|`;
    }
  }
}

function eventsOf(decoder: LineDecoder): unknown[] {
  const events: unknown[] = [];
  for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
    events.push(typeof event === "string" ? event : { maxLength: event.maxLength, start: [...event.start] });
  }
  return events;
}

/** The definition, without any care for cost. */
function naiveEvents(
  bytes: Uint8Array,
  { delimiter, acceptBareNewline, maxLength, encoding }: LineSettings,
): unknown[] {
  const ending = Buffer.from(acceptBareNewline ? "\n" : delimiter, encoding);
  const limit = maxLength + (acceptBareNewline ? 2 : ending.length);
  const events: unknown[] = [];
  let rest = Buffer.from(bytes);
  for (;;) {
    const at = rest.indexOf(ending);
    if (at === -1) break;
    let line = rest.subarray(0, at);
    if (acceptBareNewline && line.at(-1) === 13) line = line.subarray(0, -1);
    events.push(
      line.length > maxLength ? { maxLength, start: [...line.subarray(0, maxLength)] } : line.toString(encoding),
    );
    rest = rest.subarray(at + ending.length);
  }
  if (rest.length >= limit) events.push({ maxLength, start: [...rest.subarray(0, maxLength)] });
  return events;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
