/** The committed API report is what the build exports, so that no change of the public interface goes unseen. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { API_FOLDER, apiReport, apiReports, declares } from "../tools/api-report.ts";
import {
  type Declaration,
  exportedSubpaths,
  exportsOf,
  localDeclarations,
  type ReadFile,
} from "../tools/declarations.ts";
import { type SyntaxNode, walk } from "../tools/syntax.ts";
import { ROOT, readProjectFile } from "../tools/tree.ts";
import { none } from "./house/none.ts";

const ADVICE = "Run `npm run api`, read the difference, and commit it if it is meant";

describe("the API report", () => {
  const reports = apiReports();
  for (const { path, text } of reports) {
    test(`${path} is up to date`, () => {
      none(changes(existsSync(ROOT + path) ? readProjectFile(path).text : "", text));
    });
  }

  test("names no type that cannot be imported", () => {
    none(unreachable(exportedSubpaths().map(({ declarations }) => declarations)));
  });

  test("has a file for each exported subpath and no other", () => {
    const expected = reports.map(({ path }) => path.slice(API_FOLDER.length)).sort();
    assert.deepEqual(readdirSync(ROOT + API_FOLDER).sort(), expected);
  });
});

describe("a report", () => {
  const files: Record<string, string> = {
    "index.d.ts": `export { A, type B as C } from "./a.ts"; export * from "./b.ts";
      import { D } from "./a.ts"; export { D };`,
    "a.d.ts": `import { Base } from "./c.ts";
      export declare class A<T> extends Base {
        #private; private hidden; /** why */ z(
          x: T, // first
        ): void;
        protected a: string;
        constructor(); }
      export interface B { } declare const D: 1; export { D };`,
    "c.d.ts": `export declare class Base extends Error { inherited: 1; }`,
    "b.d.ts": `export declare function f(x: number): string;
      export declare function f(x: string): number;`,
  };
  const report = apiReport("./line", "index.d.ts", (path) => ({ path, text: files[path] ?? "" }));

  test("lists each name once, sorted, followed through re-exports, without comments or private members", () => {
    const lines = [
      "class A<T> extends Base {",
      "  protected a: string;",
      "  constructor();",
      "  z( x: T, ): void;",
      "}",
      "",
      "// exported as C",
      "interface B {}",
      "",
      "const D: 1",
      "",
      "function f(x: number): string;",
      "function f(x: string): number;",
      "",
      "// not exported by name, but what it declares is inherited",
      "class Base extends Error {",
      "  inherited: 1;",
      "}",
    ];
    assert.match(report, /^# ropewalk\/line\n/);
    assert.equal(report.split("```ts\n")[1]?.split("\n```")[0], lines.join("\n"));
  });

  test("tells of a type in a signature that nothing exports", () => {
    const planted: Record<string, string> = {
      "index.d.ts": `export { f, type Known } from "./a.ts";`,
      "a.d.ts": `export interface Known {} interface Hidden {} interface Piece {}
        export declare function f(known: Known, piece: Piece): Promise<Hidden>;`,
    };
    const read = (path: string) => ({ path, text: planted[path] ?? "" });
    assert.deepEqual(unreachable(["index.d.ts"], read), ["f names Hidden of a.d.ts, which no subpath exports"]);
  });

  test("differs in the lines that changed", () => {
    const changed = report.replace("z( x: T, ): void", "z(): void");
    assert.deepEqual(changes(report, changed), ["- z( x: T, ): void;", "+ z(): void;", ADVICE]);
  });
});

/** The project's types that exported declarations name, and that no subpath exports. */
function unreachable(paths: readonly string[], read?: ReadFile): string[] {
  const exported = paths.flatMap((path) => exportsOf(path, read));
  const known = new Set(exported.flatMap(({ declarations }) => declarations.map(placeOf)));
  const complaints = new Set<string>();
  for (const { name, declarations } of exported) {
    for (const { file, node } of declarations) {
      walk(node, (type) => {
        if (type["accessibility"] === "private" || type["accessibility"] === "protected") return "skip";
        const id = (type.type === "TSTypeReference" ? type["typeName"] : undefined) as SyntaxNode | undefined;
        const named = String(id?.["name"]);
        if (id?.type !== "Identifier" || OUR_OWN.has(named) || !declares(file, named)) return undefined;
        const isKnown = localDeclarations(file, named, read).every((found) => known.has(placeOf(found)));
        if (!isKnown) complaints.add(`${name} names ${named} of ${file.path}, which no subpath exports`);
        return undefined;
      });
    }
  }
  return [...complaints];
}

function placeOf({ file, node }: Declaration): string {
  return `${String((node["id"] as SyntaxNode)["name"])} of ${file.path}`;
}

/** What the classes of `ropewalk/testing` are made of; nobody else makes or reads one. */
const OUR_OWN: ReadonlySet<string> = new Set([
  "MemoryLoop",
  "MemoryNetwork",
  "Piece",
  "Pipe",
  "PipeTransportOptions",
  "TextEncoding",
]);

/** The lines that only one of two texts has; nothing where they are equal. */
function changes(before: string, after: string): string[] {
  if (before === after) return [];
  const [old = [], now = []] = [before, after].map((text) => text.split("\n").map((line) => line.trim()));
  const gone = old.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`);
  return [...gone, ...come, ADVICE];
}
