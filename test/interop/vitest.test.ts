/** Trial's `checked` inside vitest: the same checks, in another runner's words. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";

const FILE = `import { expect, test } from "vitest";
import { fail, Protocol } from "ropewalk";
import { checked } from "ropewalk/trial";

test("clean", checked(async (t) => {
  const port = await t.reactor.listenTcp({ port: 80 }, () => new Protocol());
  t.addCleanup(() => port.stopListening());
  expect(t.reactor.now()).toBe(0);
}));
test("dirty", checked((t) => {
  t.reactor.callLater(60_000, () => {});
}));
test("unhandled", checked(() => {
  fail(new RangeError("sold out"));
}));
test("skipped", checked((t) => t.skip("no rope")));
test("real", checked(async (t) => { await t.advance(1); }, { reactor: "real" }));
`;

interface Outcome {
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

describe("vitest", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "ropewalk-vitest-")));
  const outcomes = new Map<string, Outcome>();
  after(() => rmSync(folder, { recursive: true }));

  before(async () => {
    mkdirSync(`${folder}/node_modules`);
    symlinkSync(ROOT, `${folder}/node_modules/ropewalk`);
    symlinkSync(realpathSync(`${ROOT}node_modules/vitest`), `${folder}/node_modules/vitest`);
    writeFileSync(`${folder}/package.json`, '{ "type": "module" }');
    writeFileSync(`${folder}/a.test.ts`, FILE);
    const { out, err } = await vitest(folder);
    const [suite] = (JSON.parse(out || `{"testResults":[]}`) as Report).testResults;
    assert.ok(suite, err);
    for (const each of suite.assertionResults) outcomes.set(each.title, each);
  });

  test("a test that leaves nothing behind passes, on a real reactor too", () => {
    assert.deepEqual([outcomes.get("clean")?.status, outcomes.get("real")?.status], ["passed", "passed"]);
  });

  test("one that does fails, and says where it was made", () => {
    const { status, failureMessages = [] } = outcomes.get("dirty") ?? {};
    assert.equal(status, "failed");
    assert.match(failureMessages.join(), /delayed call, due in 60000 ms\n {4}made at .*a\.test\.ts:\d+:\d+/);
  });

  test("an error that nobody took from a Deferred fails its test", () => {
    const { status, failureMessages = [] } = outcomes.get("unhandled") ?? {};
    assert.equal(status, "failed");
    assert.match(failureMessages.join(), /Unhandled error in Deferred\n {4}RangeError: sold out/);
  });

  test("a test that skips is skipped", () => {
    assert.equal(outcomes.get("skipped")?.status, "skipped");
  });
});

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly Outcome[] }[];
}

function vitest(folder: string): Promise<{ readonly out: string; readonly err: string }> {
  const args = [`${ROOT}node_modules/vitest/vitest.mjs`, "run", "--reporter=json", "--root", folder];
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env: { ...env, CI: "1" }, encoding: "utf8" }, (_error, out, err) =>
      resolve({ out, err }),
    );
  });
}
