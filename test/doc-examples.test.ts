/** Documentation is true: every exported name has some, and every example in it compiles, runs and ends by itself. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exportedSubpaths, exportsOf } from "../tools/declarations.ts";
import {
  compileExamples,
  type Example,
  examplesIn,
  malformed,
  runExample,
  withImports,
} from "../tools/doc-examples.ts";
import { projectFiles, ROOT } from "../tools/tree.ts";
import { docstringViolations } from "./house/docstrings.ts";
import { none } from "./house/none.ts";

const FOLDER = `${ROOT}build/doc-examples`;
const PLANTED_FOLDER = `${ROOT}build/doc-examples-planted`;

describe("the documentation of what is exported", () => {
  for (const { subpath, declarations } of exportedSubpaths()) {
    test(`${subpath.replace(/^\./, "ropewalk")} has docstrings and examples`, () => {
      none(docstringViolations(subpath, exportsOf(declarations)));
    });
  }

  test("a missing docstring and a missing example are caught", () => {
    const text = `/** Has both.
 * @example
 * \`\`\`ts
 * a();
 * \`\`\`
 */
export declare function a(): void;
export declare function b(): void;
/** Has no example. */
export declare class C {}
/** @example nothing before it */
export interface D {}
/** An error. */
export declare class E extends Error {}
`;
    const names = exportsOf("planted.d.ts", (path) => ({ path, text }));
    const seen = docstringViolations("./planted", names).map((line) => /: (.*?): /.exec(line)?.[1]);
    assert.deepEqual(
      seen,
      ["C of ./planted has no @example", "b of ./planted has no docstring", "D of ./planted has no docstring"].sort(),
    );
  });
});

describe("the examples of docstrings and pages", async () => {
  const examples = projectFiles().filter(isDocumented).flatMap(examplesIn);
  const complaints = await compileExamples(examples, FOLDER);

  test("that do not run say why", () => {
    none(malformed(examples));
  });
  test("compile against the built package", () => {
    none(complaints);
  });
  for (const example of complaints.length > 0 ? [] : examples) {
    if (example.noRun !== undefined) continue;
    test(`${example.path}:${example.line} runs and ends by itself`, async () => {
      none([await runExample(example, FOLDER)].filter((fault) => fault !== undefined));
    });
  }
});

describe("a planted example", async () => {
  const good = planted(1, "const n: number = await Promise.resolve(1);\nif (n !== 1) throw new Error();");
  const throwing = planted(2, `throw new Error("on purpose");`);
  const endless = planted(3, "setInterval(() => {}, 1_000);");
  const complaints = await compileExamples([good, throwing, endless], PLANTED_FOLDER);

  test("that is right passes", async () => {
    assert.deepEqual(complaints, []);
    assert.equal(await runExample(good, PLANTED_FOLDER), undefined);
  });
  test("that throws is caught", async () => {
    assert.match(String(await runExample(throwing, PLANTED_FOLDER)), /planted\.ts:2: [\s\S]*on purpose/);
  });
  test("that does not end is caught", async () => {
    assert.match(String(await runExample(endless, PLANTED_FOLDER, 500)), /planted\.ts:3: did not end within 500 ms/);
  });
  test("that does not compile is caught, where it was written", async () => {
    const wrong = planted(40, `const n: number = "one";`);
    assert.match(
      (await compileExamples([wrong], `${PLANTED_FOLDER}-wrong`)).join("\n"),
      /planted\.ts:41: error TS2322/,
    );
  });
  test("without an import gets those that it needs, and keeps its own", () => {
    const known = new Map([
      ["Deferred", { from: "ropewalk", isType: false }],
      ["Factory", { from: "ropewalk", isType: true }],
      ["Clock", { from: "ropewalk/testing", isType: false }],
      ["run", { from: "ropewalk", isType: false }],
    ]);
    assert.equal(
      withImports("const f: Factory = new Deferred(); // run\nnew Clock().run();", known),
      `import { Deferred, type Factory } from "ropewalk"; import { Clock } from "ropewalk/testing"; ` +
        "const f: Factory = new Deferred(); // run\nnew Clock().run();",
    );
    const own = `import { Deferred } from "ropewalk";\nnew Clock();`;
    assert.equal(withImports(own, known), own);
  });
  test("is found in docstrings and pages, with its reason not to run", () => {
    const docstring = `\n/**\n * Does.\n * @example\n * \`\`\`ts\n * f({\n *   a: 1,\n * });\n * \`\`\`\n */\nfunction f() {}`;
    const page = "# Page\n```sh\nls\n```\n```ts no-run: needs a network\nserve();\n```\n";
    const found = [...examplesIn({ path: "src/a.ts", text: docstring }), ...examplesIn({ path: "A.md", text: page })];
    assert.deepEqual(found, [
      { path: "src/a.ts", line: 5, code: "f({\n  a: 1,\n});\n", noRun: undefined },
      { path: "A.md", line: 5, code: "serve();\n", noRun: " needs a network" },
    ]);
    const bare = "/**\n * Does.\n * @example\n * g();\n * h();\n * @throws never\n * @example Twice\n * i();\n */";
    assert.deepEqual(examplesIn({ path: "src/b.ts", text: bare }), [
      { path: "src/b.ts", line: 3, code: "g();\nh();\n", noRun: undefined },
      { path: "src/b.ts", line: 7, code: "i();\n", noRun: undefined },
    ]);
    assert.deepEqual(malformed(found), []);
    assert.match(malformed([{ ...planted(7, ""), noRun: "" }]).join(), /planted\.ts:7: no-run without a reason/);
  });
});

/** Shipped sources, and every page but the report, which shows signatures. */
function isDocumented({ path }: { readonly path: string }): boolean {
  if (path.endsWith(".md")) return !path.startsWith("docs/api/");
  return /^src\/.*(?<!\.test)\.ts$/.test(path);
}

function planted(line: number, code: string): Example {
  return { path: "planted.ts", line, code, noRun: undefined };
}
