/** `twistd --daemon`: what it leaves running, and what it tells whoever started it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { start } from "../interop/support/program.ts";
import { daemon, end, isAlive, linkOf, pidIn, portIn, statFields, statusLine, until } from "./daemon-support.ts";
import { TWISTD } from "./support.ts";

const ECHO = ["echo", "--listen", "tcp:0:interface=127.0.0.1"];
const HAS_PROC = existsSync("/proc/self/stat");

describe("twistd --daemon", { skip: !HAS_PROC && "this system has no /proc" }, () => {
  test("returns with status 0 and without a word when the port is open, and stops at SIGTERM", async (t) => {
    const folder = temporaryFolder(t);
    assert.deepEqual(await daemon(t, folder, "--pidfile", "p.pid", "--logfile", "l.log", ...ECHO), {
      code: 0,
      out: "",
      err: "",
    });
    const pid = pidIn(t, folder, "p.pid");
    const log = join(folder, "l.log");
    const guest = connect(portIn(log), "127.0.0.1");
    guest.write("hello");
    assert.equal(String((await once(guest, "data"))[0]), "hello");
    guest.destroy();
    await end(pid);
    assert.deepEqual(readdirSync(folder), ["l.log"]);
    assert.match(readFileSync(log, "utf8"), /Received SIGTERM: shutting down/);
  });

  test("is in a session of its own without a terminal, and holds no lock of a script that started it", async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, "run"));
    const script = `exec 7>lock 9>lock; exec "$@"`;
    const args = [TWISTD, "--daemon", "--rundir", "run", ...ECHO];
    const command = start(t, "bash", ["-c", script, "sh", process.execPath, ...args], { cwd: folder });
    assert.deepEqual([(await command.finished()).code, command.err.text], [0, ""]);
    const pid = pidIn(t, folder, "run", "twistd.pid");
    const [, parent, group, session, terminal] = statFields(pid);
    assert.notEqual(Number(parent), command.pid);
    assert.deepEqual([group, session, terminal], [String(pid), String(pid), "0"]);
    const run = realpathSync(join(folder, "run"));
    assert.deepEqual(
      ["cwd", "fd/0", "fd/1", "fd/2"].map((name) => linkOf(pid, name)),
      [run, "/dev/null", "/dev/null", `${run}/twistd.log`],
    );
    const open = readdirSync(`/proc/${pid}/fd`).map((name) => linkOf(pid, `fd/${name}`));
    assert.deepEqual(
      open.filter((path) => path.endsWith("/lock")),
      [],
    );
    assert.equal(statusLine(pid, "Umask"), "0077");
  });

  test("writes what the program prints into its log, as events", async (t) => {
    const folder = temporaryFolder(t);
    const file = moduleIn(
      folder,
      `console.log("loading"); process.stdout.write("half a "); process.stdout.write(new TextEncoder().encode("line\\n"));
      export default { startService() { console.error("to standard error\\ntwice") }, stopService() {} };`,
    );
    assert.equal((await daemon(t, folder, "-f", file)).code, 0);
    await end(pidIn(t, folder, "twistd.pid"));
    const lines = readFileSync(join(folder, "twistd.log"), "utf8").replace(/^\S+ /gm, "").split("\n");
    assert.deepEqual(lines.slice(0, 4), [
      "[stdout#info] loading",
      "[stdout#info] half a line",
      "[stderr#error] to standard error",
      "[stderr#error] twice",
    ]);
  });

  test("returns when all its workers serve", async (t) => {
    const folder = temporaryFolder(t);
    const { code, err } = await daemon(t, folder, "--workers", "2", ...ECHO);
    assert.deepEqual([code, err], [0, ""]);
    const pid = pidIn(t, folder, "twistd.pid");
    const log = readFileSync(join(folder, "twistd.log"), "utf8");
    assert.match(log, /Worker 1 serves[\s\S]*Worker 2 serves/);
    assert.match(log, /Listening on 127/);
    assert.match(log, new RegExp(`process ${pid}, with 2 workers`));
    await end(pid);
  });
});

describe("twistd --daemon whose start fails", { skip: !HAS_PROC && "this system has no /proc" }, () => {
  test("says what the daemon says, has status 1, and leaves nothing running", async (t) => {
    const folder = temporaryFolder(t);
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    t.after(() => taken.close());
    const { port } = taken.address() as { port: number };
    const { code, err } = await daemon(t, folder, "echo", "--listen", `tcp:${port}:interface=127.0.0.1`);
    assert.equal(code, 1);
    assert.match(err, new RegExp(`^twistd: Cannot start service "echo/tcp:${port}[^\n]*Cannot listen on [^\n]*\n$`));
    assert.deepEqual(readdirSync(folder), ["twistd.log"]);
    assert.match(readFileSync(join(folder, "twistd.log"), "utf8"), /twistd#critical\] Cannot start service/);
  });

  test("has undone what had started, before the command returns", async (t) => {
    const folder = temporaryFolder(t);
    const file = moduleIn(
      folder,
      `import { writeFileSync } from "node:fs";
      import { MultiService } from "${ROOT}dist/app/index.js";
      const note = (text) => writeFileSync("notes", text + "\\n", { flag: "a" });
      const good = { startService() { note(String(process.pid)) }, stopService() { note("stopped") } };
      const bad = { name: "bad", startService() { throw new Error("no luck") }, stopService() {} };
      export default new MultiService({ name: "both", services: [good, bad] });`,
    );
    const { code, err } = await daemon(t, folder, "-f", file);
    assert.deepEqual([code, /no luck/.test(err)], [1, true], err);
    const [pid, stopped] = readFileSync(join(folder, "notes"), "utf8").split("\n");
    assert.deepEqual([isAlive(Number(pid)), stopped], [false, "stopped"]);
  });

  for (const [what, source, words] of [
    ["cannot be read", "export default {", /Cannot load/],
    ["throws", `throw new Error("at once")`, /Cannot load .*at once/],
    ["ends the process", `process.exit(3)`, /the daemon ended with status 3 before it was ready/],
    ["kills the process", `process.kill(process.pid, "SIGKILL")`, /the daemon ended by SIGKILL before it was ready/],
    ["crashes", `setTimeout(() => { throw new Error("later") }); await new Promise(() => {})`, /Error: later/],
  ] as const) {
    test(`tells of a module that ${what}`, async (t) => {
      const folder = temporaryFolder(t);
      const { code, err } = await daemon(t, folder, "-f", moduleIn(folder, source));
      assert.equal(code, 1, err);
      assert.match(err, words);
    });
  }

  test("tells of a log and a folder that are not there, and of an option that is wrong", async (t) => {
    const folder = temporaryFolder(t);
    for (const [args, status, words] of [
      [["--logfile", "none/l.log"], 1, /^twistd: Cannot open log file ".*\/none\/l.log": ENOENT[^\n]*\n$/],
      [["--rundir", "none", "--logfile", "/dev/null"], 1, /^twistd: Cannot use the folder "none": ENOENT[^\n]*\n$/],
      [["--pidfile", "none/p.pid"], 1, /^twistd: Cannot write pidfile "none\/p.pid": ENOENT[^\n]*\n$/],
      [["--log-keep", "many"], 2, /--log-keep/],
    ] as const) {
      const { code, err } = await daemon(t, folder, ...args, ...ECHO);
      assert.equal(code, status, err);
      assert.match(err, words);
    }
  });

  test("is stopped by a signal to the daemon, and says so", async (t) => {
    const folder = temporaryFolder(t);
    const command = start(t, process.execPath, [TWISTD, "--daemon", "-f", hangingIn(folder)], { cwd: folder });
    const pid = await hangingPid(t, folder);
    process.kill(pid, "SIGTERM");
    assert.equal((await command.finished()).code, 1);
    assert.match(command.err.text, /Cannot start: [\s\S]*Received SIGTERM/);
    assert.deepEqual([isAlive(pid), existsSync(join(folder, "twistd.pid"))], [false, false]);
  });
});

describe("a command that is killed while it waits for its daemon", {
  skip: !HAS_PROC && "this system has no /proc",
}, () => {
  for (const signal of ["SIGKILL", "SIGINT", "SIGHUP"] as const) {
    test(`by ${signal} leaves none behind`, async (t) => {
      const folder = temporaryFolder(t);
      const command = start(t, process.execPath, [TWISTD, "--daemon", "-f", hangingIn(folder)], { cwd: folder });
      const pid = await hangingPid(t, folder);
      command.kill(signal);
      assert.deepEqual(await command.exited, { code: null, signal });
      await until("the daemon is gone", () => !isAlive(pid));
      assert.ok(!existsSync(join(folder, "twistd.pid")));
      assert.match(readFileSync(join(folder, "notes"), "utf8"), /stopped/);
    });
  }
});

/** A module that takes for ever over its start, and says which process it is. */
function hangingIn(folder: string): string {
  return moduleIn(
    folder,
    `import { renameSync, writeFileSync } from "node:fs";
    import { MultiService } from "${ROOT}dist/app/index.js";
    const good = { startService() {}, stopService() { writeFileSync("notes", "stopped") } };
    const hanging = {
      startService() {
        writeFileSync("hanging.new", String(process.pid));
        renameSync("hanging.new", "hanging");
        return new Promise(() => {});
      },
      stopService() {},
    };
    export default new MultiService({ name: "both", stopTimeoutMs: 100, services: [good, hanging] });`,
  );
}

async function hangingPid(t: TestContext, folder: string): Promise<number> {
  await until(
    "its start hangs",
    () => existsSync(join(folder, "hanging")) && statSync(join(folder, "hanging")).size > 0,
  );
  return pidIn(t, folder, "hanging");
}

function moduleIn(folder: string, source: string): string {
  const file = join(folder, "app.mjs");
  writeFileSync(file, source);
  return file;
}
