/** The reference: what a name must bring with it, where its page is, and how types read. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { catalogueOf } from "../../docs/site/reference/catalogue.ts";
import { complaintsAbout } from "../../docs/site/reference/complaints.ts";
import { type Comment, KIND, type Reflection, type Type } from "../../docs/site/reference/model.ts";
import { parametersHtml, typeHtml } from "../../docs/site/reference/types.ts";

const SAID: Comment = { summary: [{ kind: "text", text: "Does." }] };
const SHOWN: Comment = { ...SAID, blockTags: [{ tag: "@example", content: [{ kind: "code", text: "f();" }] }] };

describe("a name without documentation", () => {
  const complaints = (reflection: Partial<Reflection>) =>
    complaintsAbout({ reflection: named("x", 1, reflection), from: "ropewalk/planted", url: "" });

  test("is not published", () => {
    const [complaint = ""] = complaints({ kind: KIND.interface });
    assert.match(complaint, /^Cannot publish x of ropewalk\/planted: its docstring has no summary$/);
    assert.equal(complaints({ kind: KIND.interface, comment: SAID }).length, 0);
  });
  test("needs an example where there is something to call, and errors do not", () => {
    assert.match(
      complaints({ kind: KIND.function, signatures: [named("x", 2, { comment: SAID })] }).join(),
      /no @example/,
    );
    assert.match(complaints({ kind: KIND.class, comment: SAID }).join(), /no @example/);
    assert.deepEqual(complaints({ kind: KIND.class, comment: SHOWN }), []);
    const extendedTypes = [{ type: "reference", name: "TypeError" }];
    assert.deepEqual(complaints({ kind: KIND.class, comment: SAID, extendedTypes }), []);
  });
});

describe("the page of a name", () => {
  const ask = named("ask", 1, { kind: KIND.function });
  const Ask = named("Ask", 2, { kind: KIND.class, children: [named("send", 3, { kind: KIND.method })] });
  const came = named("send", 7, { kind: KIND.method, inheritedFrom: { name: "Ask.send", target: 3 } });
  const { modules, urlOf } = catalogueOf([
    { subpath: ".", module: moduleOf("src/index.ts", [ask, Ask]) },
    {
      subpath: "./b",
      module: moduleOf("src/b/index.ts", [named("Ask", 4, { target: 2 }), named("More", 5, { children: [came] })]),
    },
  ]);

  test("is another where a disk would take two for the same", () => {
    const urls = modules.map(({ names }) => names.map(({ url }) => url));
    assert.deepEqual(urls, [
      ["reference/ropewalk/ask-function.html", "reference/ropewalk/Ask.html"],
      ["reference/b/Ask.html", "reference/b/More.html"],
    ]);
  });
  test("is linked to where its source is; a member where it is declared", () => {
    assert.equal(urlOf(2), "reference/b/Ask.html");
    assert.equal(urlOf(3), "reference/b/Ask.html#send");
    assert.equal(urlOf(7), "reference/b/Ask.html#send");
    assert.equal(urlOf(99), undefined);
  });
});

describe("a type", () => {
  const string: Type = { type: "intrinsic", name: "string" };
  const text = (type: Type) =>
    typeHtml(type, () => undefined)
      .replace(/<[^>]*>/g, "")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">");
  const call: Type = {
    type: "reflection",
    declaration: named("__type", 1, {
      signatures: [named("__type", 2, { type: string, parameters: [named("a", 3, { type: string })] })],
    }),
  };

  test("reads as it is written", () => {
    const list: Type = {
      type: "array",
      elementType: { type: "union", types: [string, { type: "literal", value: null }] },
    };
    assert.equal(text(list), "(string | null)[]");
    assert.equal(
      text({ type: "union", types: [call, { type: "literal", value: "a<b" }] }),
      "((a: string) => string) | &quot;a<b&quot;",
    );
    assert.equal(
      text({ type: "reference", name: "Map", typeArguments: [string, call] }),
      "Map<string, (a: string) => string>",
    );
    assert.equal(text({ type: "typeOperator", operator: "readonly", target: list }), "readonly (string | null)[]");
  });
  test("links to what has a page", () => {
    const html = typeHtml({ type: "reference", name: "Deferred", target: 5 }, (id) => `to-${id}.html`);
    assert.equal(html, `<a href="to-5.html">Deferred</a>`);
  });
  test("of parameters says which may be left out, on a line each where one is too short", () => {
    const parameters = [named("a", 1, { type: string }), named("b", 2, { type: string, defaultValue: "{}" })];
    assert.equal(
      parametersHtml(parameters, () => undefined),
      "(a: string, b?: string)",
    );
    assert.equal(
      parametersHtml(parameters, () => undefined, 10),
      "(\n  a: string,\n  b?: string,\n)",
    );
  });
});

function named(name: string, id: number, more: Partial<Reflection> = {}): Reflection {
  return { id, name, kind: KIND.interface, flags: {}, sources: [{ fileName: "src/b/x.ts", line: 1 }], ...more };
}

function moduleOf(fileName: string, children: readonly Reflection[]): Reflection {
  return { ...named(fileName, 100, { kind: KIND.module, children }), sources: [{ fileName, line: 1 }] };
}
