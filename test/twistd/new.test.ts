/** `ropewalk new`: what it writes builds, passes its test, and runs. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { none } from "../house/none.ts";
import { RULES } from "../house/rules.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { type Program, start } from "../interop/support/program.ts";
import { listeningPort, ROPEWALK, twistd } from "./support.ts";

describe("ropewalk new", { timeout: 600_000 }, () => {
  test("plugin NAME is a package whose test passes, and which twistd finds and runs", async (t) => {
    const folder = await written(t, "plugin", "traffic-report");
    const help = twistd(t, ["--help"], { cwd: folder });
    await help.finished();
    assert.match(help.out.text, /^ {2}traffic-report +greets whoever connects \(traffic-report@0\.1\.0\)$/m);
    const listen = ["--listen", "tcp:0:interface=127.0.0.1", "--greeting", "good day"];
    assert.equal(await said(twistd(t, ["traffic-report", ...listen], { cwd: folder })), "good day\n");
  });

  test("service NAME is a program whose test passes, and which twistd -f runs", async (t) => {
    const folder = await written(t, "service", "traffic-report");
    const listen = ["--listen", "tcp:0:interface=127.0.0.1"];
    const program = twistd(t, ["-f", "dist/main.js", "--", ...listen], { cwd: folder });
    assert.equal(await said(program), "You are number 1\n");
  });

  test("protocol NAME is a package of both sides whose tests pass", async (t) => {
    await written(t, "protocol", "traffic-report");
  });

  test("protocol NAME in a checkout is a family of src/protocols that keeps the house rules", async (t) => {
    const folder = checkout(t);
    await done(start(t, process.execPath, [ROPEWALK, "new", "protocol", "traffic-report"], { cwd: folder }));
    await done(start(t, process.execPath, [TSC, "-p", "src"], { cwd: folder }));
    const built = join(folder, "dist/protocols/traffic-report");
    const tests = ["codec.test.js", "traffic-report.test.js"].map((name) => join(built, name));
    await done(start(t, process.execPath, ["--test", ...tests], { env: { NODE_TEST_CONTEXT: "" } }));
    const family = "src/protocols/traffic-report/";
    const files = readdirSync(join(folder, family)).map((name) => ({
      path: family + name,
      text: readFileSync(join(folder, family, name), "utf8"),
    }));
    assert.ok(files.length > 9);
    for (const rule of [
      "layers",
      "families",
      "familyRooms",
      "sansIo",
      "builtins",
      "globals",
      "names",
      "silentCatches",
    ]) {
      none(RULES[rule]?.check(files) ?? assert.fail(rule));
    }
  });

  test("writes nothing over what is there, and takes only names that can be one everywhere", async (t) => {
    const cwd = temporaryFolder(t);
    mkdirSync(join(cwd, "taken"));
    for (const [args, code, words] of [
      [["plugin", "taken"], 1, 'ropewalk: Cannot write "taken": it is there already\n'],
      [["plugin", "Traffic"], 2, 'ropewalk: Cannot name it "Traffic": want a word in lower case'],
      [["plugin", "../up"], 2, 'ropewalk: Cannot name it "../up"'],
      [["program", "x"], 2, "error: command-argument value 'program' is invalid for argument 'KIND'"],
    ] as const) {
      const program = start(t, process.execPath, [ROPEWALK, "new", ...args], { cwd });
      assert.equal((await program.finished()).code, code);
      assert.ok(program.err.text.startsWith(words), program.err.text);
    }
    assert.deepEqual(readdirSync(cwd), ["taken"]);
  });
});

/** Writes it, installs what it needs by links, and runs its tests. Gives its folder. */
async function written(t: TestContext, kind: string, name: string): Promise<string> {
  const cwd = temporaryFolder(t);
  await done(start(t, process.execPath, [ROPEWALK, "new", kind, name], { cwd }));
  const folder = join(cwd, name);
  for (const path of ["node_modules/.bin", "node_modules/@types"]) mkdirSync(join(folder, path), { recursive: true });
  symlinkSync(ROOT, join(folder, "node_modules/ropewalk"));
  symlinkSync(`${ROOT}node_modules/@types/node`, join(folder, "node_modules/@types/node"));
  symlinkSync(TSC, join(folder, "node_modules/.bin/tsc"));
  // Node's runner tells its children by this variable that they are part of its own run.
  await done(start(t, "npm", ["test"], { cwd: folder, env: { NODE_TEST_CONTEXT: "" } }));
  return folder;
}

/** As much of this checkout as a family stands on. */
function checkout(t: TestContext): string {
  const folder = temporaryFolder(t);
  for (const name of ["package.json", "tsconfig.base.json", "src/tsconfig.json"])
    cpSync(ROOT + name, join(folder, name));
  for (const room of ["core", "wire", "tls", "reactor", "sim", "testing", "endpoints", "policies"]) {
    cpSync(`${ROOT}src/${room}`, join(folder, "src", room), {
      recursive: true,
      filter: (path) => !path.endsWith(".test.ts"),
    });
  }
  mkdirSync(join(folder, "src/protocols"));
  symlinkSync(`${ROOT}node_modules`, join(folder, "node_modules"));
  return folder;
}

/** A compiler may take long where others compile too: the suite's limit is the only one. */
async function done(program: Program): Promise<void> {
  const { code } = await program.exited;
  assert.equal(code, 0, program.out.text + program.err.text);
}

/** What a guest of this program is told. */
async function said(program: Program): Promise<string> {
  const guest = connect(await listeningPort(program), "127.0.0.1");
  const [data] = await once(guest, "data");
  guest.destroy();
  return String(data);
}

const TSC = `${ROOT}node_modules/typescript/bin/tsc`;
