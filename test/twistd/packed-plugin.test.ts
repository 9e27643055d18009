/** A package of its own with a plug-in (examples/plugin-package), built and installed as its users get it, beside ours. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { pack, unpack } from "../../tools/package.ts";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { lacks, start } from "../interop/support/program.ts";
import { installPacked } from "./packed.ts";
import { listeningPort } from "./support.ts";

describe("a plug-in in a package of its own, installed with ropewalk from what npm packs", {
  skip: lacks("nc", "tar"),
  timeout: 240_000,
}, () => {
  const folder = temporaryFolder({ after });
  before(() => install(folder));
  const twistd = [`${folder}/node_modules/ropewalk/bin/twistd.js`];

  test("is listed with the package that it comes from, and tells its options", async (t) => {
    const list = start(t, process.execPath, [...twistd, "--help"], { cwd: folder });
    assert.deepEqual(await list.finished(), { code: 0, signal: null });
    assert.match(list.out.text, /^ {2}greet +asks for a name, and greets \(ropewalk-greet@1\.0\.0\)$/m);
    assert.match(list.out.text, /^ {2}echo +says back what it hears \(ropewalk\)$/m);
    const help = start(t, process.execPath, [...twistd, "greet", "--help"], { cwd: folder });
    assert.deepEqual(await help.finished(), { code: 0, signal: null });
    assert.match(help.out.text, /--max-guests <count> +at most so many at once \(default: 100\)/);
  });

  test("runs", async (t) => {
    const words = ["greet", "--listen", "tcp:0:interface=127.0.0.1", "--greeting", "Good morning"];
    const program = start(t, process.execPath, [...twistd, "-n", ...words], { cwd: folder });
    const nc = start(t, "nc", ["127.0.0.1", String(await listeningPort(program))]);
    nc.write("Ann\n");
    nc.endInput();
    await nc.finished();
    assert.equal(nc.out.text, "What is your name?\r\nGood morning, Ann!\r\n");
    program.kill("SIGTERM");
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
  });
});

/** As `npm install ropewalk.tgz ropewalk-greet.tgz` leaves it. */
async function install(folder: string): Promise<void> {
  await installPacked(folder);
  // Its types are checked against those that were packed.
  const source = `${folder}/source`;
  cpSync(`${ROOT}examples/plugin-package`, source, { recursive: true });
  execFileSync(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, "-p", source], { stdio: "inherit" });
  unpack(pack(source, folder), `${folder}/node_modules/ropewalk-greet`);
}
