import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { EndpointSyntaxError } from "./errors.ts";
import { format, innerEndpoint, type ParsedEndpoint, parse, quoteArgument } from "./grammar.ts";

describe("parse", () => {
  test("separates by colons and takes name=value as a keyword", () => {
    assert.deepEqual(parse("tcp:80:interface=127.0.0.1:backlog=5"), {
      type: "tcp",
      positional: ["80"],
      keywords: { interface: "127.0.0.1", backlog: "5" },
    });
  });

  test("a backslash takes away the meaning of the next character, whatever it is", () => {
    assert.deepEqual(parse("x:a\\:b:c\\=d:e\\\\f:\\g"), {
      type: "x",
      positional: ["a:b", "c=d", "e\\f", "g"],
      keywords: {},
    });
  });

  test("only the first = of an argument separates", () => {
    assert.deepEqual(parse("x:a=b=c").keywords, { a: "b=c" });
  });

  test("a keyword's name can hold escaped characters too", () => {
    assert.deepEqual(parse("x:a\\=b=c").keywords, { "a=b": "c" });
  });

  test("the type's letter case does not matter, that of the arguments stays", () => {
    assert.deepEqual(parse("TCP:Host:timeoutMs=1"), {
      type: "tcp",
      positional: ["Host"],
      keywords: { timeoutMs: "1" },
    });
  });

  test("empty arguments are arguments, and keywords may come before others", () => {
    assert.deepEqual(parse("x::a=:b"), { type: "x", positional: ["", "b"], keywords: { a: "" } });
    assert.deepEqual(parse("stdio:").positional, [""]);
    assert.deepEqual(parse("stdio").positional, []);
  });

  test("a keyword named __proto__ is a keyword like any other", () => {
    const { keywords } = parse("x:__proto__=1");
    assert.deepEqual(Object.entries(keywords), [["__proto__", "1"]]);
    assert.equal(Object.getPrototypeOf(keywords), Object.prototype);
  });

  const mistakes: [string, string, RegExp][] = [
    ["no type", "", /^Cannot parse endpoint "": it does not begin with a type; the form is type\[/],
    ["an empty type", ":80", /":80": it does not begin with a type/],
    ["a keyword where the type should be", "port=80", /does not begin with a type/],
    [
      "a backslash at the end",
      "unix:C:\\",
      /"unix:C:\\": the \\ at its end escapes nothing; the form is \\\\ for one \\/,
    ],
    ["a keyword without a name", "tcp:=80", /"=80" has no name before the =/],
    ["a keyword that is given twice", "tcp:80:backlog=1:backlog=2", /argument "backlog" is given twice/],
  ];
  for (const [what, description, message] of mistakes) {
    test(`${what} is an EndpointSyntaxError`, () => {
      assert.throws(
        () => parse(description),
        (error) => {
          assert.ok(error instanceof EndpointSyntaxError);
          assert.equal(error.name, "EndpointSyntaxError");
          assert.equal(error.description, description);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  test("any text either parses or is an EndpointSyntaxError", () => {
    fc.assert(
      fc.property(description, (text) => {
        try {
          parse(text);
        } catch (error) {
          assert.ok(error instanceof EndpointSyntaxError);
        }
      }),
    );
  });
});

describe("format and quoteArgument", () => {
  test("quoteArgument escapes backslash, colon and equals sign, and nothing else", () => {
    assert.equal(quoteArgument("C:\\a=b c\n"), "C\\:\\\\a\\=b c\n");
  });

  test("any text that was quoted comes back as one positional argument", () => {
    fc.assert(
      fc.property(fc.string({ unit: pointed }), (text) => {
        assert.deepEqual(parse(`x:${quoteArgument(text)}`), { type: "x", positional: [text], keywords: {} });
      }),
    );
  });

  test("any endpoint survives format and parse", () => {
    fc.assert(
      fc.property(parsedEndpoint, (parsed) => {
        assert.deepEqual(parse(format(parsed)), parsed);
      }),
    );
  });

  test("a description that was parsed and formatted is parsed the same", () => {
    fc.assert(
      fc.property(description, (text) => {
        let parsed: ParsedEndpoint;
        try {
          parsed = parse(text);
        } catch {
          return;
        }
        assert.deepEqual(parse(format(parsed)), parsed);
      }),
    );
  });

  test("a description within a description within a description survives, quoted at each level", () => {
    fc.assert(
      fc.property(parsedEndpoint, (inner) => {
        const middle = { type: "b", positional: [], keywords: { endpoint: format(inner) } };
        const outer = { type: "a", positional: [format(middle)], keywords: {} };
        const [middleText = ""] = parse(format(outer)).positional;
        assert.deepEqual(parse(parse(middleText).keywords["endpoint"] ?? ""), inner);
      }),
    );
  });
});

describe("innerEndpoint", () => {
  test("reads the arguments as a description of their own, with their escapes", () => {
    assert.deepEqual(innerEndpoint(parse("haproxy:TCP:80:interface=\\:\\:1")), parse("tcp:80:interface=\\:\\:1"));
    assert.deepEqual(innerEndpoint(parse("haproxy:unix:/a\\:b\\=c")), parse("unix:/a\\:b\\=c"));
  });

  test("reads a description that is quoted as a whole, with the arguments beside it", () => {
    const outer = parse("haproxy:tcp\\:80\\:interface\\=127.0.0.1:backlog=5");
    assert.deepEqual(innerEndpoint(outer), parse("tcp:80:interface=127.0.0.1:backlog=5"));
    assert.throws(
      () => innerEndpoint(parse("haproxy:tcp\\:80\\:backlog\\=6:backlog=5")),
      /argument "backlog" is given twice/,
    );
  });

  test("works at any depth", () => {
    const outer = innerEndpoint(parse("a:b:c:x=1"));
    assert.ok(outer);
    assert.deepEqual(innerEndpoint(outer), parse("c:x=1"));
  });

  test("is undefined if there is nothing inside", () => {
    assert.equal(innerEndpoint(parse("haproxy")), undefined);
    assert.equal(innerEndpoint(parse("haproxy:")), undefined);
    assert.equal(innerEndpoint(parse("haproxy:port=80")), undefined);
  });
});

/** Text in which the characters of the grammar are frequent. */
const pointed = fc.oneof(
  fc.constantFrom(":", "=", "\\", "a"),
  fc.string({ minLength: 1, maxLength: 1, unit: "grapheme" }),
);
const description = fc.string({ unit: fc.constantFrom(":", "=", "\\", "a", "B", "1") });
const parsedEndpoint = fc.record(
  {
    type: fc.string({ unit: pointed, minLength: 1 }).map((type) => type.toLowerCase()),
    positional: fc.array(fc.string({ unit: pointed })),
    keywords: fc.dictionary(fc.string({ unit: pointed, minLength: 1 }), fc.string({ unit: pointed }), {
      noNullPrototype: true,
    }),
  },
  { noNullPrototype: true },
);
