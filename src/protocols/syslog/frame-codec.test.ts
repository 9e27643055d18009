import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { feedThreeWays } from "../../testing/index.ts";
import { LocalSyslogError } from "./errors.ts";
import { encodeSyslogFrame, SyslogFrameDecoder, type SyslogFraming } from "./frame-codec.ts";

describe("SyslogFrameDecoder", () => {
  for (const [name, input, expected] of [
    ["counts octets", "5 <13>a7 <13>b\nc1 x", ["<13>a", "<13>b\nc", "x"]],
    ["cuts at line feeds", "<13>a\n<13>b\r\n\n\r\n<13>c\n<1", ["<13>a", "<13>b", "<13>c"]],
    ["tells the framing by each frame's first byte", "<13>a\n5 <13>b<13>c\n", ["<13>a", "<13>b", "<13>c"]],
    ["passes over a line feed after what it counted", "5 <13>a\n5 <13>b", ["<13>a", "<13>b"]],
    ["takes a line that is no message for a line", "hello\n", ["hello"]],
    ["takes what is exactly as long as allowed", "10 0123456789<23456789>\n", ["0123456789", "<23456789>"]],
    ["takes it with a carriage return, too", "<23456789>\r\n<1>\n", ["<23456789>", "<1>"]],
    [
      "drops a counted message that is too long, and reads on",
      "11 0123456789x3 <1>",
      ["!it has 11 bytes, 10 are", "<1>"],
    ],
    ["drops a line that is too long, and reads on", "<23456789>x\n<1>\n", ["!it has more than the 10", "<1>"]],
    [
      "drops a line with a carriage return that is too long",
      "<23456789>x\r\n<1>\n",
      ["!it has more than the 10", "<1>"],
    ],
    [
      "reports a long line once, whatever its length",
      `<${"x".repeat(500)}\n<1>\n`,
      ["!it has more than the 10", "<1>"],
    ],
    [
      "breaks at a length with a letter in it",
      "<1>\n1x <1>\n",
      ["<1>", "!expected a length, digits and a blank, got byte 0x78"],
    ],
    ["breaks at a length that begins with 0", "05 <13>a", ["!its length begins with 0"]],
    ["breaks at a length that nobody means", "9999999999 a", ["!its length has too many digits"]],
    ["breaks at a length without an end", "12345678901234567890", ["!its length has too many digits"]],
  ] as const) {
    test(name, () => {
      assert.deepEqual(
        feed(input),
        expected.map((event) => event.slice(0, 60)),
      );
    });
  }

  test("is held to one framing if it is told which", () => {
    assert.deepEqual(feed("5 <13>a\n", "non-transparent"), ["5 <13>a"]);
    assert.deepEqual(
      feed("5 <13>a<13>b\n", "octet-counting")[1],
      "!expected a length, digits and a blank, got byte 0x3c",
    );
  });

  test("says at the end whether it came within a message", () => {
    for (const [input, isWithin] of [
      ["<13>a\n", false],
      ["5 <13>a", false],
      ["<13>a", true],
      ["5 <13>", true],
      ["5", true],
      ["99 <13>", false],
      ["", false],
    ] as const) {
      const decoder = new SyslogFrameDecoder({ maxMessageBytes: 10 });
      decoder.push(new TextEncoder().encode(input));
      while (decoder.next() !== undefined);
      assert.equal(decoder.end() !== undefined, isWithin, input);
    }
  });
});

describe("encodeSyslogFrame", () => {
  test("refuses what a line cannot hold", () => {
    for (const text of ["a\nb", "a\r"]) {
      assert.throws(() => encodeSyslogFrame(new TextEncoder().encode(text), "non-transparent"), LocalSyslogError);
    }
  });

  test("what it makes comes out as it went in, whatever the framings and the cuts", () => {
    const message = fc
      .string({ unit: fc.constantFrom(..."<1>\n\r ab9"), maxLength: 9 })
      .map((text) => `<${text.replace(/\r+$/, "")}`);
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.boolean()), { maxLength: 8 }), (messages) => {
        const wire = messages.map(([text, isCounted]) =>
          encodeSyslogFrame(
            new TextEncoder().encode(text),
            isCounted || text.includes("\n") ? "octet-counting" : "non-transparent",
          ),
        );
        const sent = wire.map((frame) => String.fromCharCode(...frame)).join("");
        assert.deepEqual(
          feed(sent),
          messages.map(([text]) => text),
        );
      }),
    );
  });
});

/** Messages, and problems after a "!", the first 60 characters of each; fed three ways. */
function feed(input: string, framing?: SyslogFraming): string[] {
  return feedThreeWays(
    () => new Feeder(framing),
    input,
    ({ events }) => events,
  );
}

class Feeder {
  readonly events: string[] = [];
  readonly #decoder: SyslogFrameDecoder;

  constructor(framing: SyslogFraming | undefined) {
    this.#decoder = new SyslogFrameDecoder({ maxMessageBytes: 10, framing });
  }

  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    for (let event = this.#decoder.next(); event !== undefined; event = this.#decoder.next()) {
      const text = event instanceof Uint8Array ? new TextDecoder().decode(event) : `!${event.problem}`;
      const cut = text.indexOf(" bytes that are");
      this.events.push(cut < 0 ? text.replace(/ allowed$/, "").slice(0, 60) : text.slice(0, cut));
    }
  }
}
