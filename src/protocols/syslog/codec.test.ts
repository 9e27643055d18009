import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readSyslogMessage } from "./codec.ts";
import { encodeSyslogMessage, type SyslogMessageInit } from "./encode.ts";
import { LocalSyslogError, RemoteSyslogError } from "./errors.ts";
import type { SyslogMessage } from "./events.ts";

const NOTHING = {
  format: "rfc5424",
  time: undefined,
  hostname: undefined,
  appName: undefined,
  procId: undefined,
  msgId: undefined,
  structuredData: [],
  text: "",
} as const;

describe("messages of RFC 5424", () => {
  const utc = (timeMs: number) => ({ kind: "full", timeMs, offsetMinutes: 0 }) as const;
  for (const [name, input, expected] of [
    [
      "§6.5, example 1, with a byte order mark",
      "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8",
      {
        facility: 4,
        severity: 2,
        time: utc(1_065_910_455_003),
        hostname: "mymachine.example.com",
        appName: "su",
        msgId: "ID47",
        text: "'su root' failed for lonvick on /dev/pts/8",
      },
    ],
    [
      "§6.5, example 2, with microseconds and a zone",
      "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
      {
        facility: 20,
        severity: 5,
        time: { kind: "full", timeMs: 1_061_727_255_000.003, offsetMinutes: -420 },
        hostname: "192.0.2.1",
        appName: "myproc",
        procId: "8710",
        text: "%% It's time to make the do-nuts.",
      },
    ],
    [
      "§6.5, example 4, with structured data alone",
      '<165>1 2003-10-11T22:14:15.003Z h evntslog - ID47 [x@32473 iut="3" eventID="1011"][p@32473 class="high"]',
      {
        facility: 20,
        severity: 5,
        time: utc(1_065_910_455_003),
        hostname: "h",
        appName: "evntslog",
        msgId: "ID47",
        structuredData: [
          {
            id: "x@32473",
            params: [
              { name: "iut", value: "3" },
              { name: "eventID", value: "1011" },
            ],
          },
          { id: "p@32473", params: [{ name: "class", value: "high" }] },
        ],
      },
    ],
    ["nothing but a priority", "<0>1 - - - - - -", { facility: 0, severity: 0 }],
    ["a text of blanks", "<191>1 - - - - - -   ", { facility: 23, severity: 7, text: "  " }],
  ] as const) {
    test(name, () => {
      assert.deepEqual(read(input), { ...NOTHING, ...expected });
    });
  }

  test("of the escapes, only those of quote, backslash and bracket mean something", () => {
    const { structuredData } = read(String.raw`<13>1 - - - - - [a b="\"\\\]\n" c="ü" b=""][empty] x`);
    assert.deepEqual(structuredData, [
      {
        id: "a",
        params: [
          { name: "b", value: String.raw`"\]\n` },
          { name: "c", value: "ü" },
          { name: "b", value: "" },
        ],
      },
      { id: "empty", params: [] },
    ]);
  });

  test("bytes that are no UTF-8 become U+FFFD", () => {
    assert.equal(readSyslogMessage(Uint8Array.of(...bytes("<13>1 - - - - - - a"), 0xff, 0x62)).text, "a\ufffdb");
  });

  for (const [input, problem] of [
    ["", /priority of <0> to <191> at character 0/],
    ["hello", /priority/],
    ["<192>1 - - - - - -", /priority/],
    ["<013>1 - - - - - -", /priority/],
    ["<13", /priority/],
    ["<13>2 - - - - - -", /version 2 is unknown/],
    ["<13>1 -", /blank after the timestamp/],
    ["<13>1 2003-13-11T22:14:15Z - - - - -", /is no timestamp/],
    ["<13>1 2003-02-29T22:14:15Z - - - - -", /is no timestamp/],
    ["<13>1 2003-10-11T24:00:00Z - - - - -", /is no timestamp/],
    ["<13>1 2003-10-11T23:59:60Z - - - - -", /is no timestamp/],
    ["<13>1 2003-10-11T22:14:15.0000001Z - - - - -", /is no timestamp/],
    ["<13>1 2003-10-11t22:14:15z - - - - -", /is no timestamp/],
    ["<13>1 2003-10-11T22:14:15 - - - - -", /is no timestamp/],
    [`<13>1 - ${"h".repeat(256)} - - - -`, /the host name has more than 255 characters/],
    [`<13>1 - - ${"a".repeat(49)} - - -`, /the app name has more than 48/],
    [`<13>1 - - - ${"p".repeat(129)} - -`, /the process id has more than 128/],
    [`<13>1 - - - - ${"m".repeat(33)} -`, /the message id has more than 32/],
    ["<13>1 -  - - - -", /the host name is not of printable ASCII/],
    ["<13>1 - h\u00fc - - - -", /the host name is not of printable ASCII/],
    ["<13>1 - - - - - x", /"-" or "\[" where the structured data begins at character 16/],
    ["<13>1 - - - - - -x", /a blank after the structured data/],
    ["<13>1 - - - - - [a", /a name of 1 to 32/],
    ["<13>1 - - - - - []", /a name of 1 to 32/],
    ["<13>1 - - - - - [a b]", /a name of 1 to 32|expected ="/],
    ["<13>1 - - - - - [a b=c]", /expected =" after "b"/],
    ['<13>1 - - - - - [a b="c]', /the end of a value/],
    ['<13>1 - - - - - [a b="c]"]', /the end of a value/],
    ['<13>1 - - - - - [a b="c"d]', /a blank or "\]"/],
    ['<13>1 - - - - - [a b="c"][a d="e"]', /"a" twice/],
    [`<13>1 - - - - - [${"a".repeat(33)} b="c"]`, /a name of 1 to 32/],
  ] as const) {
    test(`${JSON.stringify(input).slice(0, 60)} is refused`, () => {
      assert.throws(
        () => read(input),
        (error) => error instanceof RemoteSyslogError && problem.test(error.problem),
      );
    });
  }

  test("more bytes or values than allowed are refused", () => {
    const message = bytes('<13>1 - - - - - [a b="" c=""] xy');
    assert.equal(readSyslogMessage(message, { maxMessageBytes: message.length, maxParams: 3 }).text, "xy");
    assert.throws(() => readSyslogMessage(message, { maxMessageBytes: message.length - 1 }), /has 32 bytes, 31 are/);
    assert.throws(() => readSyslogMessage(message, { maxParams: 2 }), /too many values/);
  });
});

describe("messages of RFC 3164", () => {
  const time = { kind: "local", month: 10, day: 11, hour: 22, minute: 14, second: 15 } as const;
  for (const [input, expected] of [
    [
      "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
      { time, hostname: "mymachine", appName: "su", text: "'su root' failed for lonvick on /dev/pts/8" },
    ],
    ["<34>Oct 11 22:14:15 host app[42]: x: y", { time, hostname: "host", appName: "app", procId: "42", text: "x: y" }],
    ["<34>Oct  1 22:14:15 ::1 app: x", { time: { ...time, day: 1 }, hostname: "::1", appName: "app", text: "x" }],
    ["<34>Oct 11 22:14:15 fe80:: app: x", { time, hostname: "fe80::", appName: "app", text: "x" }],
    ["<34>Oct 11 22:14:15 su: hello", { time, appName: "su", text: "hello" }],
    ["<34>Oct 11 22:14:15 su[7]: hello", { time, appName: "su", procId: "7", text: "hello" }],
    ["<34>Oct 11 22:14:15 host app[7] hello", { time, hostname: "host", appName: "app", procId: "7", text: "hello" }],
    ["<34>Oct 11 22:14:15 host no tag here", { time, hostname: "host", text: "no tag here" }],
    ["<34>Use the BFG!", { text: "Use the BFG!" }],
    ["<34>app: hello", { appName: "app", text: "hello" }],
    ["<34>", { text: "" }],
    ["<34>Oct 32 22:14:15 host app: x", { text: "Oct 32 22:14:15 host app: x" }],
    [
      "<34>2003-10-11T22:14:15.003Z host app[1]: x",
      {
        time: { kind: "full", timeMs: 1_065_910_455_003, offsetMinutes: 0 },
        hostname: "host",
        appName: "app",
        procId: "1",
        text: "x",
      },
    ],
  ] as const) {
    test(JSON.stringify(input), () => {
      assert.deepEqual(read(input), { ...NOTHING, format: "rfc3164", facility: 4, severity: 2, ...expected });
    });
  }
});

describe("encodeSyslogMessage", () => {
  test("marks a text beyond ASCII with a byte order mark, and no other", () => {
    assert.equal(text(encodeSyslogMessage({ text: "naïve" })), "<14>1 - - - - - - \ufeffnaïve");
    assert.equal(text(encodeSyslogMessage({ text: "plain\n" })), "<14>1 - - - - - - plain\n");
  });

  test("writes a full time as the sender's clock shows it, in both formats", () => {
    const time = { kind: "full", timeMs: 1_061_727_255_000.003, offsetMinutes: -420 } as const;
    assert.equal(text(encodeSyslogMessage({ time, text: "" })), "<14>1 2003-08-24T05:14:15.000003-07:00 - - - - -");
    assert.equal(text(encodeSyslogMessage({ format: "rfc3164", time, text: "x" })), "<14>Aug 24 05:14:15 x");
  });

  const local = { kind: "local", month: 2, day: 30, hour: 0, minute: 0, second: 0 } as const;
  for (const [message, problem] of [
    [{ hostname: "two words" }, /hostname must be 1 to 255 printable ASCII/],
    [{ hostname: "" }, /hostname/],
    [{ appName: "a\nb" }, /appName/],
    [{ msgId: "-" }, /msgId/],
    [{ procId: "x".repeat(129) }, /procId/],
    [{ facility: 24 }, /facility must be 0 to 23/],
    [{ severity: 1.5 }, /severity must be 0 to 7/],
    [{ time: { ...local, day: 1 } }, /no year/],
    [{ time: { kind: "full", timeMs: Number.NaN, offsetMinutes: 0 } }, /years 0 to 9999/],
    [{ time: { kind: "full", timeMs: 0, offsetMinutes: 1_440 } }, /offset/],
    [{ structuredData: [{ id: "a b", params: [] }] }, /a name in structured data/],
    [{ structuredData: [{ id: "a", params: [{ name: "b=", value: "" }] }] }, /a name in structured data/],
    [
      {
        structuredData: [
          { id: "a", params: [] },
          { id: "a", params: [] },
        ],
      },
      /one id twice/,
    ],
    [{ format: "rfc3164", msgId: "a" }, /no place for msgId/],
    [{ format: "rfc3164", hostname: "h" }, /hostname without a time/],
    [{ format: "rfc3164", procId: "1" }, /procId without appName/],
    [{ format: "rfc3164", appName: "a: b" }, /as a tag/],
    [{ format: "rfc3164", time: local }, /"Feb 30 00:00:00" is no time/],
  ] as const satisfies [Partial<SyslogMessageInit>, RegExp][]) {
    test(`refuses ${JSON.stringify(message).slice(0, 60)}`, () => {
      assert.throws(
        () => encodeSyslogMessage({ text: "", ...message }),
        (error) => error instanceof LocalSyslogError && problem.test(error.message),
      );
    });
  }
});

describe("properties of messages", () => {
  const letters = (alphabet: string, maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength }).filter((name) => name !== "-");
  const field = (maxLength: number) => fc.option(letters('ab-09[]=":\\', maxLength), { nil: undefined });
  const name = letters("ab0@.-\\[", 32);
  const anyText = fc.string({ unit: "grapheme", maxLength: 40 });
  const value = fc.oneof(anyText, fc.string({ unit: fc.constantFrom(...'"]\\[= x\nü'), maxLength: 20 }));
  const fullTime = fc.record({
    kind: fc.constant("full" as const),
    timeMs: fc.integer({ min: -2e12, max: 8e12 }).map((half) => half / 2),
    offsetMinutes: fc.integer({ min: -1_439, max: 1_439 }),
  });
  const numbers = { facility: fc.nat(23), severity: fc.nat(7) };
  const modern: fc.Arbitrary<SyslogMessage> = fc.record({
    ...numbers,
    format: fc.constant("rfc5424" as const),
    time: fc.option(fullTime, { nil: undefined }),
    hostname: field(255),
    appName: field(48),
    procId: field(128),
    msgId: field(32),
    structuredData: fc.uniqueArray(
      fc.record({ id: name, params: fc.array(fc.record({ name, value }), { maxLength: 3 }) }),
      { maxLength: 3, selector: ({ id }) => id },
    ),
    text: fc.oneof(anyText, value),
  });
  const older: fc.Arbitrary<SyslogMessage> = fc.record({
    ...numbers,
    format: fc.constant("rfc3164" as const),
    time: fc.record({
      kind: fc.constant("local" as const),
      month: fc.integer({ min: 1, max: 12 }),
      day: fc.integer({ min: 1, max: 29 }),
      hour: fc.nat(23),
      minute: fc.nat(59),
      second: fc.nat(59),
    }),
    hostname: fc.option(letters("ab0.-", 20), { nil: undefined }),
    appName: letters("ab0/_-", 48),
    procId: fc.option(letters("ab0/_-", 128), { nil: undefined }),
    msgId: fc.constant(undefined),
    structuredData: fc.constant([]),
    text: anyText,
  });

  test("what encodeSyslogMessage makes is read as it was, in both formats", () => {
    fc.assert(
      fc.property(fc.oneof(modern, older), (message) => {
        // A clone has ordinary prototypes, which those of fast-check have not.
        assert.deepEqual(readSyslogMessage(encodeSyslogMessage(message)), structuredClone(message));
      }),
      { numRuns: 1_000 },
    );
  });
});

function read(input: string): SyslogMessage {
  return readSyslogMessage(bytes(input));
}

function bytes(input: string): Uint8Array {
  return new TextEncoder().encode(input);
}

function text(data: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(data);
}
