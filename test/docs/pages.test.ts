/** The pages of docs/: links, files, fences and words; and the parts of the site's generator that decide about them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { blocksOf } from "../../docs/site/content/blocks.ts";
import { codeOf, cutRegion } from "../../docs/site/content/code.ts";
import { Faults } from "../../docs/site/content/faults.ts";
import { linksOf } from "../../docs/site/content/linked.ts";
import { between, targetOf } from "../../docs/site/content/links.ts";
import { pageOf, readPages, urlOf } from "../../docs/site/content/page.ts";
import { countWords, readingTime, wordsOf } from "../../docs/site/content/prose.ts";
import { linksOf as linksOfHtml } from "../../tools/docs-check/files.ts";
import { faultsOfLinks } from "../../tools/docs-check/links.ts";
import { ROOT } from "../../tools/tree.ts";
import { none } from "../house/none.ts";
import { faultsOfPage, unshown } from "./page-rules.ts";

const FOLDERS = ["examples/primer", "examples/finger", "examples/recipes"];
const HEAD = "---\ntitle: Planted\nsummary: A page that is wrong.\n---\n";

describe("the pages of docs/", () => {
  const faults = new Faults();
  const pages = readPages(ROOT, faults);

  test("have a title and a summary, short ones", () => {
    none(faults.messages);
    assert.ok(pages.length > 30 && pages.some(({ source }) => source === "docs/index.md"));
  });
  for (const page of pages) {
    test(`${page.source}: links, files, fences, words`, () => {
      none(faultsOfPage(ROOT, page));
    });
  }
  test("show every program of the primer and the recipes", () => {
    none(unshown(ROOT, FOLDERS, pages));
  });
  test("have each an address of their own", () => {
    assert.equal(new Set(pages.map(({ url }) => url.toLowerCase())).size, pages.length);
  });
});

describe("a planted page", () => {
  const planted = (body: string, source = "docs/primer/01-planted.md") =>
    faultsOfPage(ROOT, pageOf(source, `${HEAD}${body}`));

  test("without faults has none", () => {
    assert.deepEqual(planted("See [Deferreds](../deferreds.md#errors).\n\n```sh\nls\n```\n"), []);
  });
  test("with a broken link is caught", () => {
    assert.match(planted("See [this](no-such.md).").join(), /01-planted\.md: there is no docs\/primer\/no-such\.md/);
    assert.match(planted("See [this](../deferreds.md#no).").join(), /docs\/deferreds\.md has no such heading/);
    assert.match(planted("| a | [b](../../no/where.ts) |\n|--|--|").join(), /there is no no\/where\.ts/);
  });
  test("with a program that is not there is caught, with its line", () => {
    assert.match(
      planted("\n[x.ts](../../examples/primer/no-such.ts)\n").join(),
      /01-planted\.md:6: there is no such file/,
    );
    assert.match(planted("[x.ts](../../examples/echo.ts#gone)").join(), /no "#region gone"/);
  });
  test("with a picture that is not there is caught", () => {
    assert.match(planted("[A picture](../pictures/no-such.ts)").join(), /there is no docs\/pictures\/no-such\.ts/);
  });
  test("with code that is no file is caught", () => {
    assert.match(planted("```ts\nf();\n```").join(), /:5: code in "ts" is a file/);
  });
  test("that takes more than a minute is caught, but not for its code, nor in depth", () => {
    assert.match(planted("word ".repeat(231)).join(), /23\d words, and 230 take a minute/);
    assert.deepEqual(planted(`\`\`\`text\n${"word ".repeat(300)}\n\`\`\``), []);
    assert.deepEqual(planted("word ".repeat(300), "docs/planted.md"), []);
  });
  test("without a summary, with a title too long or with a second title is caught", () => {
    const broken = (text: string) => () => pageOf("docs/recipes/planted.md", text);
    assert.throws(broken("---\ntitle: A\n---\nText"), /needs a title and a summary/);
    assert.throws(broken("---\ntitle: A b c d e f\nsummary: S.\n---\n"), /at most 5 words/);
    assert.throws(broken("---\ntitle: A\nsummary: S.\ngroup: Web\n---\n# A\n"), /no "# heading"/);
    assert.throws(broken("---\ntitle: A\nsummary: S.\ngroup: Cooking\n---\n"), /its group is one of .*, not "Cooking"/);
    assert.throws(broken("---\ntitle A\n---\n"), /planted\.md:2: "title A"/);
    assert.throws(broken("Only text."), /neither front matter nor a first/);
  });
});

describe("the site's generator", () => {
  test("cuts a page into prose, tables, code, pictures and fences, with their lines", () => {
    const body =
      "One.\n\n[a](../../examples/echo.ts#part)\n```text\nout\n\nmore\n```\n\n[P](../pictures/p.ts)\n\n| a |\n| - |\n";
    assert.deepEqual(blocksOf("docs/primer/a.md", body, 4), [
      { kind: "prose", text: "One.", line: 5 },
      { kind: "code", path: "examples/echo.ts", region: "part", text: "a", line: 7 },
      { kind: "fence", language: "text", text: "out\n\nmore\n", line: 8 },
      { kind: "picture", path: "docs/pictures/p.ts", region: "", text: "P", line: 14 },
      { kind: "table", text: "| a |\n| - |", line: 16 },
    ]);
  });
  test("takes a link within text, to a page, or to another place for a link", () => {
    for (const text of [
      "See [a](../examples/echo.ts).",
      "[a](../examples/chat/README.md)",
      "[a](https://example.org/a.ts)",
    ]) {
      assert.deepEqual(blocksOf("docs/a.md", text), [{ kind: "prose", text, line: 1 }]);
    }
  });
  test("pulls in a file without the marks of its regions, and a region without its indent", () => {
    const text = "a();\n{\n  // #region part\n  b({\n    c: 1,\n  });\n  // #endregion\n}\n";
    assert.equal(cutRegion(text, "part"), "b({\n  c: 1,\n});\n");
    assert.equal(cutRegion(text, "other"), undefined);
    const whole = codeOf(ROOT, "docs/a.md", { path: "examples/echo.ts", region: "", line: 1 });
    assert.match(whole.text, /class Echo extends Protocol/);
    assert.equal(whole.language, "ts");
  });
  test("counts what is read: no marks, no addresses, no code, and of the maps no tables", () => {
    assert.equal(countWords("- **Two** [words](a/b.md#c), – `f(x)` & so_on"), 4);
    const page = {
      source: "docs/a.md",
      summary: "Two words.",
      body: "# One\n\n```ts\na b c\n```\n\n| four | of | them | here |",
    };
    assert.equal(wordsOf({ ...page, section: "depth" }), 7);
    assert.equal(wordsOf({ ...page, section: "maps" }), 3);
    assert.deepEqual([readingTime(230), readingTime(920)], ["60 s", "4 min"]);
  });
  test("knows the address of each page, and the way from one to another", () => {
    assert.equal(urlOf("docs/primer/04-event-loop.md"), "primer/event-loop.html");
    assert.equal(urlOf("src/protocols/web/README.md"), "protocols/web.html");
    assert.equal(between("primer/a.html", "web.html", "b"), "../web.html#b");
    assert.equal(between("primer/a.html", "primer/a.html", "b"), "#b");
  });
  test("turns links of the repository into links of the site", () => {
    const url = (href: string, source = "docs/web.md") => {
      const target = targetOf(ROOT, source, href);
      return target.kind === "outside" ? target.href : target.url;
    };
    assert.equal(url("endpoints.md"), "endpoints.html");
    assert.equal(url("../src/protocols/syslog"), "protocols/syslog.html");
    assert.equal(url("../.ci/run"), "files/dot-ci/run.html");
    assert.equal(url("../examples/chat/README.md"), "files/examples/chat/README.html");
    assert.equal(url("api/web.api.md"), "reference/web/index.html");
    assert.equal(url("https://example.org/"), "https://example.org/");
  });
  test("sees links in text and tables, with their lines, and none in code", () => {
    const page = pageOf(
      "docs/a.md",
      "# A\n\nOne [a](b.md)\nand [c](d.md), not `[e](f.md)`.\n\n```sh\n[g](h.md)\n```\n",
    );
    assert.deepEqual(linksOf(page), [
      { href: "b.md", line: 3 },
      { href: "d.md", line: 4 },
    ]);
  });
});

describe("the check of the built site", () => {
  const page = (html: string) => linksOfHtml(html);

  test("finds links to nowhere, fragments that are not there, and links to the root of a server", () => {
    const pages = new Map([
      [
        "index.html",
        page(`<a href="a/b.html#c">x</a><a href="a/b.html#no">x</a><img src="/x.png"><a href="gone.html">x</a>`),
      ],
      [
        "a/b.html",
        page(`<h2 id="c">x</h2><a class="y" href="../index.html">x</a><a href="#c">x</a><a href="..">x</a>`),
      ],
    ]);
    const texts = new Map([["llms.txt", ["a/b.html", "a/gone.md"]]]);
    const seen = faultsOfLinks({ files: new Set(pages.keys()), pages, texts });
    assert.deepEqual(
      [...seen],
      [
        [
          "index.html",
          [
            `"a/b.html#no" leads to a page without that fragment`,
            `"/x.png" only works at one place of one server; make it relative`,
            `"gone.html" leads nowhere: there is no gone.html`,
          ],
        ],
        ["llms.txt", [`"a/gone.md" leads nowhere: there is no a/gone.md`]],
      ],
    );
  });
});
