/** What a start loads. Time is not measured here: each module costs about half a millisecond, on every start of everybody. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOT } from "../tools/tree.ts";
import { importsOf } from "./start-up/imports.ts";
import { IMPORT_ROPEWALK, ROPEWALK_HELP, TWISTD_ECHO } from "./start-up/known.ts";
import { ANYWHERE, ROPEWALK, TWISTD } from "./twistd/support.ts";

/**
 * A file more on one of these ways is a file well cut; twenty are a tenth of a second on a small machine. So each list in known.ts
 * may grow by these few before somebody has to look at it again: what a start does not need is imported when it is used.
 */
const SPARE_MODULES = 5;

test("twistd echo loads what it runs, and little else", async (t) => {
  const { own, others } = await importsOf(t, [TWISTD, "-n", "echo", "--listen", ANYWHERE], /Started /);
  assertWithin(own, TWISTD_ECHO);
  const heavy = others.filter((name) =>
    /commander|^node:(?:tls|dns|dgram|http|worker_threads|cluster|repl)/.test(name),
  );
  assert.deepEqual(heavy, [], "an import of these costs more than all that echo does; see src/tls/node-tls.ts");
});

test('import "ropewalk" loads what its names stand for, and little else', async (t) => {
  const script = `import ${JSON.stringify(`${ROOT}dist/index.js`)}; console.error("There"); setInterval(() => {}, 60_000);`;
  const { own, others } = await importsOf(t, ["--input-type=module", "--eval", script], /There/);
  assertWithin(own, IMPORT_ROPEWALK);
  assert.deepEqual(
    others.filter((name) => /^node:(?:tls|dns|dgram|http|worker_threads|cluster|repl)/.test(name)),
    [],
  );
});

test("ropewalk --help loads what each command says of itself, and none of what they do", async (t) => {
  const { own } = await importsOf(t, [ROPEWALK, "--help"]);
  assertWithin(own, ROPEWALK_HELP);
});

function assertWithin(loaded: readonly string[], known: readonly string[]): void {
  const added = loaded.filter((module) => !known.includes(module)).sort();
  const budget = known.length + SPARE_MODULES;
  assert.ok(loaded.length > known.length / 2, `only ${loaded.length} modules were seen: the hooks do not work`);
  assert.ok(
    loaded.length <= budget,
    `${loaded.length} modules are loaded, ${budget} may be; not in test/start-up/known.ts are:\n${added.join("\n")}`,
  );
}
