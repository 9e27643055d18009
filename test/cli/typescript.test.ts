/** `node --import ropewalk/typescript` as a user of Node 20 types it. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { FILE_LIMIT_MS, type Program, start } from "../interop/support/program.ts";

describe("node --import ropewalk/typescript", { timeout: FILE_LIMIT_MS }, () => {
  test("runs a .ts file that imports another one, and the package", async (t) => {
    const program = run(t, {
      "main.ts": `import { type Deferred, succeed } from "ropewalk";
import { knot } from "./knot.ts";
const tied: Deferred<string> = succeed(knot("bowline"));
console.log(await tied);`,
      "knot.ts": `export const knot = (name: string): string => "a " + name;`,
    });
    assert.deepEqual([await program.finished(), program.err.text], [{ code: 0, signal: null }, ""]);
    assert.equal(program.out.text, "a bowline\n");
  });

  test("keeps lines where they were", async (t) => {
    const program = run(t, { "main.ts": "interface Knot {\n  name: string;\n}\n\nthrow new RangeError('slipped');\n" });
    assert.equal((await program.finished()).code, 1);
    assert.match(program.err.text, /main\.ts:5\b[\s\S]*RangeError: slipped/);
  });

  test("takes TypeScript in a worker as well", async (t) => {
    const program = run(t, {
      "main.ts": `import { react } from "ropewalk";
await react(async (reactor) => {
  console.log(await reactor.runInWorker<number>(new URL("./square.ts", import.meta.url), 12, { name: "square" }));
});`,
      "square.ts": "export function square(n: number): number { return n * n; }",
    });
    assert.equal((await program.finished()).code, 0);
    assert.equal(program.out.text, "144\n");
  });

  test("registers nothing where Node takes TypeScript by itself", async (t) => {
    const pretend = `Object.defineProperty(process.features, "typescript", { value: "strip" });`;
    const words = ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`];
    const refused = run(t, { "main.ts": "const one: number = 1;" }, words);
    const knows = (process.features as { readonly typescript?: string | false }).typescript;
    assert.equal((await refused.finished()).code, knows ? 0 : 1);
  });
});

/** Writes the files beside the package, and runs one of them. */
function run(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  words: readonly string[] = [],
  main = "main.ts",
): Program {
  const folder = temporaryFolder(t);
  for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
  writeFileSync(`${folder}/package.json`, `{ "type": "module" }`);
  mkdirSync(`${folder}/node_modules`);
  symlinkSync(ROOT, `${folder}/node_modules/ropewalk`);
  return start(t, process.execPath, [...words, "--import", "ropewalk/typescript", main], { cwd: folder });
}
