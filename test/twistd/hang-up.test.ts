/** SIGHUP: reload without a terminal, and the end with one. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { lacks, start } from "../interop/support/program.ts";
import { isAlive, pidIn, textIn, until } from "./daemon-support.ts";
import { TWISTD, twistd } from "./support.ts";

describe("SIGHUP", () => {
  test("reloads each service, and one that cannot keeps neither the others nor itself from going on", async (t) => {
    const program = twistd(t, [
      "-f",
      moduleIn(
        temporaryFolder(t),
        `const one = (name, reloadService) => ({ name, startService() {}, stopService() {}, reloadService });
        let n = 0;
        export default new MultiService({ name: "all", services: [
          one("bad", () => { throw new Error("no such file") }),
          one("good", async () => { console.log("reloaded", ++n) }),
        ] });`,
      ),
    ]);
    await program.err.until("Started ");
    program.kill("SIGHUP");
    await program.out.until("reloaded 1\n");
    await program.err.until("Cannot reload service bad: it goes on as before");
    program.kill("SIGHUP");
    await program.out.until("reloaded 2\n");
    program.kill("SIGTERM");
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
  });

  test("during the start reloads after it", async (t) => {
    const file = moduleIn(
      temporaryFolder(t),
      `export default {
        startService: () => new Promise((done) => {
          console.log("starting");
          process.once("SIGUSR2", done);
        }),
        stopService() {},
        reloadService() { console.log("reloaded") },
      };`,
    );
    const program = twistd(t, ["-f", file]);
    await program.out.until("starting\n");
    program.kill("SIGHUP");
    await program.err.until("Received SIGHUP");
    assert.equal(program.out.text, "starting\n");
    program.kill("SIGUSR2");
    await program.out.until("starting\nreloaded\n");
  });

  test("of a terminal that goes away stops in order, with the pidfile removed", {
    skip: lacks("script"),
  }, async (t) => {
    const folder = temporaryFolder(t);
    const file = moduleIn(
      folder,
      `import { writeFileSync } from "node:fs";
      export default { startService() {}, stopService() { writeFileSync("${folder}/stopped", "") } };`,
    );
    const command = `exec '${process.execPath}' '${TWISTD}' --pidfile p.pid --logfile l.log -f '${file}'`;
    const terminal = start(t, "script", ["-qfec", command, "/dev/null"], { cwd: folder });
    const log = join(folder, "l.log");
    await until("it has started", () => textIn(log).includes("Started "));
    const pid = pidIn(t, folder, "p.pid");
    terminal.kill("SIGKILL");
    await until("it is gone", () => !isAlive(pid));
    assert.deepEqual([existsSync(join(folder, "stopped")), existsSync(join(folder, "p.pid"))], [true, false]);
    assert.match(readFileSync(log, "utf8"), /Received SIGHUP: the terminal is gone, shutting down/);
  });
});

function moduleIn(folder: string, text: string): string {
  const file = join(folder, "app.mjs");
  writeFileSync(file, `import { MultiService } from "${ROOT}dist/app/index.js";\n${text}`);
  return file;
}
