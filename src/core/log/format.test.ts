import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LogEvent } from "./event.ts";
import { escapeControls, formatEvent } from "./format.ts";

describe("formatEvent", () => {
  test("fills in fields, parts of fields, inherited parts and the event's own parts", () => {
    const peer = { name: "ann", at: new URL("tcp://x:1") };
    assert.equal(
      format("{peer.name} {peer.at.host} {n.length} {namespace}#{level}", { peer, n: "abc" }),
      "ann x:1 3 n#info",
    );
  });

  test("takes doubled braces for single ones", () => {
    assert.equal(format("{{x}} {x} {{{x}}}", { x: 1 }), "{x} 1 {1}");
  });

  test("leaves what names no field as it is written", () => {
    const text = "{missing} {x.missing} {u.a} {nil.a} {} { {x {toString} {__proto__} {x..y} }";
    assert.equal(format(text, { x: 1, u: undefined, nil: null }), text);
  });

  test("shows each kind of value in one piece", () => {
    const circular: unknown[] = [1];
    circular.push(circular);
    class Plain {
      secret = "hush";
    }
    const cases: [unknown, string][] = [
      ["text", "text"],
      [1.5, "1.5"],
      [10n, "10"],
      [true, "true"],
      [undefined, "undefined"],
      [null, "null"],
      [Symbol("s"), "Symbol(s)"],
      [function named() {}, "[function named]"],
      [() => {}, "[function (unnamed)]"],
      [new TypeError("bad"), "TypeError: bad"],
      [new Uint8Array([1, 255]), "2 bytes 01ff"],
      [new Uint8Array(40), `40 bytes ${"00".repeat(32)}…`],
      [["a", 1], `["a", 1]`],
      [circular, "[1, [circular]]"],
      [Array.from({ length: 52 }, () => 0), `[${"0, ".repeat(50)}… 2 more]`],
      [{ a: 1, b: { c: ["d"] } }, `{a: 1, b: {c: ["d"]}}`],
      [{ a: { a: { a: { a: 1, b: {} } } } }, "{a: {a: {a: {a: 1, b: {…}}}}}"],
      [[[[[[]]]]], "[[[[[…]]]]]"],
      [Object.create(null), "{}"],
      [new Map([["k", 1]]), `Map {"k" => 1}`],
      [new Set([1]), "Set {1}"],
      [new Date(0), "1970-01-01T00:00:00.000Z"],
      [{ toJSON: () => 1, constructor: Object }, "{toJSON: [function toJSON], constructor: [function Object]}"],
      [new Says((self) => self), "[circular]"],
      [new Says(() => new Says((self) => [self])), "[[circular]]"],
      [new Says(endless), "{…}"],
      [/x/, "/x/"],
      [new Plain(), "[Plain]"],
      [Object.create({}), "[Object]"],
      [Object.create({ constructor: 1 }), "[object]"],
      [{ kind: "tcp", host: "::1", port: 80, family: 6 }, "[::1]:80"],
      [{ kind: "unix", path: "/x" }, "unix:/x"],
      [{ kind: "process", pid: 7 }, "process:7"],
      [{ kind: "tcp" }, `{kind: "tcp"}`],
    ];
    for (const [value, shown] of cases) assert.equal(format("{x}", { x: value }), shown);
  });

  test("shows a value that throws as unreadable, and the rest as it is", () => {
    const bad = {
      get part(): never {
        throw new Error("no");
      },
    };
    const throwing = { toJSON: (): never => assert.fail() };
    Object.setPrototypeOf(throwing, { constructor: Object });
    const text = format("{bad} {bad.part} {list} {t} {ok}", { bad, list: [1, bad], t: throwing, ok: 1 });
    assert.equal(text, "[unreadable] [unreadable] [1, [unreadable]] [unreadable] 1");
  });

  test("never throws, whatever the format and the fields", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("{", "}", ".", "a", "b", "é") }), fc.anything(), (text, a) => {
        assert.equal(typeof format(text, { a }), "string");
      }),
    );
    assert.equal(format(Symbol("odd") as unknown as string, {}), "Symbol(odd)");
  });
});

describe("escapeControls", () => {
  test("escapes line ends, control characters, separators and marks of direction, and nothing else", () => {
    assert.equal(
      escapeControls("a\nb\rc\td\0\x1b[31m\x7f\x85\u2028\u2029\u202e\u200f é \u{1f600} \\n"),
      "a\\nb\\rc\\td\\x00\\x1b[31m\\x7f\\x85\\u2028\\u2029\\u202e\\u200f é \u{1f600} \\n",
    );
  });
});

/** Shown by what its own toJSON makes of it. */
class Says {
  readonly toJSON: () => unknown;
  constructor(say: (self: unknown) => unknown) {
    this.toJSON = () => say(this);
  }
}

function endless(): Says {
  return new Says(endless);
}

function format(text: string, fields: Record<string, unknown>): string {
  return formatEvent({ level: "info", namespace: "n", timeMs: 0, ...fields, format: text } as LogEvent);
}
