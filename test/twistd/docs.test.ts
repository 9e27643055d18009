import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { twistd } from "./support.ts";

test("docs/twistd.md tells of every option that --help tells of", async (t) => {
  const help = twistd(t, ["--help"]);
  assert.equal((await help.finished()).code, 0);
  const page = readFileSync(`${ROOT}docs/twistd.md`, "utf8");
  const missing = [...help.out.text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].filter(
    ([, name]) => !page.includes(`${name}`),
  );
  assert.deepEqual(
    missing.map(([, name]) => name),
    [],
  );
});
