import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { describeError } from "./error.ts";
import type { LogEvent } from "./event.ts";
import { jsonObserver } from "./json.ts";
import { LogLevels } from "./levels.ts";
import { Logger } from "./logger.ts";
import { addObserver } from "./observers.ts";
import { textObserver } from "./text.ts";

describe("textObserver", () => {
  test("writes one line with time, namespace, level and message", () => {
    assert.equal(asText({ timeMs: 1_000, format: "hi {x}", x: 2 }), "1970-01-01T00:00:01.000Z [n#info] hi 2\n");
    assert.equal(asText({}), "- [n#info] message\n");
  });

  test("lets no remote data begin a line", () => {
    const forged = "x\r\n2030-01-01T00:00:00.000Z [n#info] forged";
    const error = new Error(forged, { cause: forged });
    const text = asText({ format: "{line}", namespace: forged, line: forged, error });
    const lines = text.split("\n");
    assert.equal(lines.pop(), "");
    assert.match(lines[0] as string, /^- \[x\\r\\n2030.*#info\] x\\r\\n2030/);
    for (const line of lines.slice(1)) assert.match(line, /^\t/);
    assert.equal(lines[1], "\tError: x\\r\\n2030-01-01T00:00:00.000Z [n#info] forged");
    assert.match(lines[2] as string, /^\t {4}at .*observers\.test/);
    assert.equal(lines.at(-1), "\tcaused by: x\\r\\n2030-01-01T00:00:00.000Z [n#info] forged");
  });

  test("cuts a message that a peer made long, and an error's text, and says by how much", () => {
    const long = asText({ format: "{line}", line: "x".repeat(1_000_000) });
    assert.equal(long.replace("x".repeat(16_384), "X"), "- [n#info] X… 983616 more\n");
    const escapes = asText({ format: "{line}", line: "\n".repeat(1_000_000), namespace: "\u0001".repeat(1_000) });
    assert.ok(escapes.length < 17_000, `${escapes.length}`);
    const error = Object.assign(bare("y".repeat(1_000_000)), { cause: bare("z") });
    const text = asText({ error });
    assert.ok(text.length < 66_000, `${text.length}`);
    assert.match(text.replace(/y+/, "Y"), /^- \[n#info\] message\n\tError: Y… \d+ more\n\t… 1 more lines\n$/);
  });

  test("cuts no character in two", () => {
    const text = asText({ format: `${"x".repeat(16_383)}💧💧` });
    assert.match(text.slice(-20), /x… 4 more\n$/);
  });

  test("writes a single line whatever the fields are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (format, a) => {
        assert.equal(asText({ format, a }).indexOf("\n"), asText({ format, a }).length - 1);
      }),
    );
  });
});

describe("describeError", () => {
  test("shows causes and gathered errors, indented", () => {
    const inner = bare("inner");
    const lines = describeError(
      Object.assign(bare("outer"), {
        cause: bare("middle"),
        errors: [Object.assign(bare("one"), { cause: inner }), 7],
      }),
    );
    assert.deepEqual(lines, [
      "Error: outer",
      "caused by: Error: middle",
      "  - Error: one",
      "  caused by: Error: inner",
    ]);
  });

  test("ends at an error that is its own cause, and at a long chain", () => {
    const loop = bare("loop");
    loop.cause = loop;
    assert.deepEqual(describeError(loop), ["Error: loop", "caused by: Error: loop (not shown again)"]);
    let chain = bare("0");
    for (let n = 1; n < 50; n += 1) chain = Object.assign(bare(String(n)), { cause: chain });
    assert.equal(describeError(chain).length, 9);
  });

  test("takes no part of a message for a frame", () => {
    const [head, ...frames] = describeError(new Error("x\n    at forged (evil.js:1:1)"));
    assert.equal(head, "Error: x\\n    at forged (evil.js:1:1)");
    assert.ok(frames.length > 0 && frames.every((frame) => !frame.includes("forged")));
  });

  test("shows the frames of an error whose message changed", () => {
    const error = new Error("before");
    error.message = "after";
    const [head, frame] = describeError(error);
    assert.equal(head, "Error: after");
    assert.match(frame as string, /^ {4}at /);
  });

  test("never throws", () => {
    const hostile = new Error("x");
    for (const name of ["stack", "cause", "message"]) {
      Object.defineProperty(hostile, name, {
        get: () => {
          throw new Error(name);
        },
      });
    }
    assert.deepEqual(describeError(hostile), ["[unreadable]"]);
    assert.deepEqual(describeError(undefined), ["undefined"]);
    assert.deepEqual(describeError("text"), ["text"]);
    assert.deepEqual(describeError(Object.assign(new Error("x"), { stack: undefined })), ["Error: x"]);
    fc.assert(fc.property(fc.anything(), (value) => describeError(value).length > 0));
  });
});

describe("jsonObserver", () => {
  test("writes one line with the event's parts, the message and the fields", () => {
    const line = asJson({ timeMs: 5, format: "hi {x}", x: 2, deep: { a: [1, "b", null, true] } });
    assert.equal(
      line,
      `{"timeMs":5,"level":"info","namespace":"n","message":"hi 2","format":"hi {x}","x":2,"deep":{"a":[1,"b",null,true]}}\n`,
    );
  });

  test("writes errors with code, causes and gathered errors", () => {
    const error = Object.assign(bare("x"), { code: "E", cause: bare("y"), errors: [bare("z")] });
    assert.deepEqual(JSON.parse(asJson({ error })).error, {
      name: "Error",
      message: "x",
      stack: "",
      code: "E",
      cause: { name: "Error", message: "y", stack: "" },
      errors: [{ name: "Error", message: "z", stack: "" }],
    });
  });

  test("writes values that JSON does not know in a form that it does", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const bad = {
      ok: 1,
      get part(): never {
        throw new Error("no");
      },
    };
    const hostile = new Proxy({}, { getPrototypeOf: () => assert.fail() });
    const deep = { a: { a: { a: { a: { a: { a: 1 } } } } } };
    const fields = {
      big: 1n,
      nan: Number.NaN,
      bytes: new Uint8Array([10]),
      when: new Date(0),
      circular,
      bad,
      hostile,
      deep,
    };
    const {
      big,
      nan,
      bytes,
      when,
      circular: round,
      bad: partly,
      hostile: unread,
      deep: cut,
    } = JSON.parse(asJson(fields));
    assert.deepEqual([big, nan, bytes, when], ["1", "NaN", "0a", "1970-01-01T00:00:00.000Z"]);
    assert.deepEqual(
      [round, partly, unread],
      [{ self: "[circular]" }, { ok: 1, part: "[unreadable]" }, "[unreadable]"],
    );
    assert.deepEqual(cut, { a: { a: { a: { a: { a: { a: 1 } } } } } });
    assert.equal(JSON.parse(asJson({ deep: { deep } })).deep.deep.a.a.a.a.a, "{a: 1}");
  });

  test("writes errors whose parts are not what they should be, and own parts that are not", () => {
    const odd = Object.assign(bare("x"), { message: 1n, stack: () => {} });
    const throwing = bare("y");
    Object.defineProperty(throwing, "message", { get: () => assert.fail() });
    const { format, error } = JSON.parse(asJson({ format: 2n as unknown as string, error: [odd, throwing] }));
    assert.equal(format, "2");
    assert.deepEqual(error, [
      { name: "Error", message: "1", stack: "[function stack]" },
      { name: "Error", message: "[unreadable]", stack: "" },
    ]);
  });

  test("writes lists as they are, whatever their class says", () => {
    class List extends Array<number> {
      toJSON(): never {
        throw new Error("no");
      }
    }
    assert.deepEqual(JSON.parse(asJson({ list: List.from([1, 2]) })).list, [1, 2]);
  });

  test("keeps a field named __proto__, and its own message over a field of that name", () => {
    const fields = JSON.parse(`{ "__proto__": { "x": 1 }, "message": "forged" }`) as Record<string, unknown>;
    const line = asJson({ fields, message: "forged" });
    assert.match(line, /"message":"message".*"fields":\{"__proto__":\{"x":1\}/);
  });

  test("cuts what a peer made long or many, in a line that is JSON still, and says by how much", () => {
    const text = "x".repeat(1_000_000);
    const one = JSON.parse(asJson({ format: "{text}", text }));
    assert.equal(one.message.replace("x".repeat(16_384), "X"), "X… 983616 more");
    assert.equal(one.text, one.message);
    const list = JSON.parse(asJson({ list: Array.from({ length: 1_000_000 }, (_, n) => n) })).list;
    assert.match(list.at(-1), /^… \d+ more$/);
    assert.equal(list.length - 1 + Number(/\d+/.exec(list.at(-1))?.[0]), 1_000_000);
    const names = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`name${n}`, n]));
    const { object } = JSON.parse(asJson({ object: names }));
    assert.equal(Object.keys(object).length - 1 + Number.parseInt(object["…"], 10), 100_000);
    assert.match(JSON.parse(asJson({ bytes: new Uint8Array(100_000) })).bytes, /^(00){8160}… 91840 more bytes$/);
  });

  test("writes lines of bounded length, whatever the fields are made of", () => {
    const texts = ["\0", "\n", '"', "\ud800", "💧", "x"].map((unit) => unit.repeat(100_000));
    const fields = [
      ...texts,
      texts,
      { texts },
      Object.fromEntries(texts.map((text) => [text, text])),
      bare(texts[0] as string),
    ];
    for (const field of fields) {
      const line = asJson({
        format: "{field}",
        field,
        error: Object.assign(bare("x"), { cause: field, errors: texts }),
      });
      assert.ok(line.length < 70_000, `${line.length}`);
      JSON.parse(line);
    }
  });

  test("writes one parseable line whatever the fields are", () => {
    fc.assert(
      fc.property(fc.anything(), fc.string({ unit: "binary" }), (a, b) => {
        const line = asJson({ a, b });
        assert.doesNotMatch(line.slice(0, -1), /[\n\r\u2028\u2029]/);
        assert.equal(JSON.parse(line).b, b);
      }),
    );
  });
});

describe("addObserver", () => {
  test("observes the whole program until it is disposed", () => {
    const seen: string[] = [];
    const log = new Logger("n");
    {
      using _all = addObserver((event) => void seen.push(`all ${event.format}`), new LogLevels("debug"));
      using _info = addObserver((event) => void seen.push(`info ${event.format}`));
      log.debug("1");
      log.info("2");
    }
    log.critical("3");
    assert.deepEqual(seen, ["all 1", "all 2", "info 2"]);
  });
});

function bare(message: string): Error {
  return Object.assign(new Error(message), { stack: "" });
}

function asText(fields: Partial<LogEvent>): string {
  return written(textObserver, fields);
}

function asJson(fields: Partial<LogEvent>): string {
  return written(jsonObserver, fields);
}

function written(make: typeof textObserver, fields: Partial<LogEvent>): string {
  const texts: string[] = [];
  make((text) => void texts.push(text))({ level: "info", namespace: "n", timeMs: 0, format: "message", ...fields });
  assert.equal(texts.length, 1);
  return texts[0] as string;
}
