/** `twistd` in the foreground: starts, serves, stops; and says in a line what keeps it from that. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ROOT, readProjectFile } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { start } from "../interop/support/program.ts";
import { listeningPort, ROPEWALK, twistd } from "./support.ts";

test("a plug-in serves until SIGTERM, and the exit status is 0", async (t) => {
  const echo = twistd(t, ["-n", "echo", "--listen", "tcp:0:interface=127.0.0.1"]);
  const port = await listeningPort(echo);
  const guest = connect(port, "127.0.0.1");
  guest.write("hello");
  const [heard] = await once(guest, "data");
  assert.equal(String(heard), "hello");
  echo.kill("SIGTERM");
  assert.deepEqual(await echo.finished(), { code: 0, signal: null });
  guest.destroy();
});

test("a start that fails is one line that names the service, and exit status 1", async (t) => {
  const echo = twistd(t, ["echo", "--listen", "tcp:0:interface=192.0.2.1"]);
  assert.equal((await echo.finished()).code, 1);
  assert.equal(
    echo.err.text,
    'twistd: Cannot start service "echo/tcp:0:interface=192.0.2.1": ' +
      "Cannot listen on 192.0.2.1:0: it is not an address of this machine\n",
  );
});

test("each command tells the version of the package", async (t) => {
  const { version } = JSON.parse(readProjectFile("package.json").text) as { readonly version: string };
  for (const command of ["ropewalk", "trial", "twistd"]) {
    for (const flag of ["--version", "-V"]) {
      const program = start(t, process.execPath, [`${ROOT}bin/${command}.js`, flag]);
      assert.deepEqual(await program.finished(), { code: 0, signal: null });
      assert.equal(program.out.text, `${version}\n`);
    }
  }
});

test("what the command line says wrong is exit status 2, and where to find help", async (t) => {
  for (const [args, words] of [
    [[], "twistd: Cannot run nothing: name a plug-in, or a module with -f (--help tells more)\n"],
    [["--damon"], "error: unknown option '--damon'\n(Did you mean --daemon?)\n(twistd --help tells more)\n"],
    [["ecko"], 'twistd: Cannot run "ecko": there is no plug-in of that name; known ones are '],
    [["echo", "--listen", "tcp:=1"], "error: option '--listen <endpoint>' argument 'tcp:=1' is invalid."],
    [["echo", "more"], "error: too many arguments"],
    [["--daemon", "-n", "echo"], "error: option '-n, --nodaemon' cannot be used with option '--daemon'\n"],
    [["--umask", "99", "echo"], "error: option '--umask <octal>' argument '99' is invalid. It is no umask"],
    [["--log-level", "loud", "echo"], "error: option '--log-level <[ns=]level>' argument 'loud' is invalid."],
  ] as const) {
    const program = twistd(t, args);
    assert.equal((await program.finished()).code, 2, `${args}: ${program.err.text}`);
    assert.ok(program.err.text.startsWith(words), program.err.text);
    assert.equal(program.out.text, "");
  }
});

test("SIGTERM during the start ends it in order: what has started is stopped, and what hangs is given up", async (t) => {
  const file = moduleOf(
    t,
    `const note = (text) => process.stdout.write(text + "\\n");
    export default { name: "slow",
      startService: () => { note("starting"); return new Promise((resolve) => setTimeout(() => { note("started"); resolve() }, 200)); },
      stopService: () => note("stopped") };`,
  );
  const program = twistd(t, ["-f", file]);
  await program.out.until("starting\n");
  program.kill("SIGTERM");
  assert.deepEqual(await program.finished(), { code: 0, signal: null });
  assert.equal(program.out.text, "starting\nstarted\nstopped\n");
});

test("SIGTERM while a module is loading ends it, though nothing can cancel an import", async (t) => {
  const file = moduleOf(t, `process.stdout.write("loading\\n"); await new Promise(() => setInterval(() => {}, 1000));`);
  const program = twistd(t, ["-f", file]);
  await program.out.until("loading\n");
  program.kill("SIGTERM");
  assert.deepEqual(await program.finished(), { code: 0, signal: null });
});

test("a service that hangs in its stop is named, and the exit status is 1", async (t) => {
  const file = moduleOf(
    t,
    `export default { name: "stuck", startService() {}, stopService: () => new Promise(() => {}) };`,
  );
  const program = twistd(t, ["--stop-timeout", "50ms", "-f", file]);
  await program.err.until("Started ");
  program.kill("SIGTERM");
  assert.deepEqual(await program.finished(), { code: 1, signal: null });
  assert.match(program.err.text, /^twistd: Cannot stop service "stuck": it did not stop within 50 ms$/m);
});

test("--rundir and --umask hold for what runs, and a folder that is not there is an error", async (t) => {
  const folder = temporaryFolder(t);
  const file = moduleOf(t, `export default () => void console.log(process.cwd(), process.umask().toString(8));`);
  const program = twistd(t, ["--rundir", folder, "--umask", "027", "-f", file]);
  await program.out.until(`${folder} 27\n`);
  const lost = twistd(t, ["--rundir", join(folder, "none"), "-f", file]);
  assert.equal((await lost.finished()).code, 1);
  assert.match(lost.err.text, /^twistd: Cannot use the folder ".*none": ENOENT.*\n$/);
});

test("the log is text or JSON lines, with levels by namespace", async (t) => {
  const args = ["echo", "--listen", "tcp:0:interface=127.0.0.1"];
  const json = twistd(t, ["--log-format", "json", ...args]);
  await json.err.until("Started ");
  const [first = ""] = json.err.text.split("\n");
  assert.equal((JSON.parse(first) as { namespace: string }).namespace, "ropewalk.app");
  const quiet = twistd(t, ["--log-level", "warn", "--log-level", "ropewalk.twistd=info", ...args]);
  await quiet.err.until("Started ");
  assert.doesNotMatch(quiet.err.text, /Listening/);
});

for (const reactor of ["node", "node-streams"]) {
  test(`--reactor ${reactor} serves`, async (t) => {
    const echo = twistd(t, ["--reactor", reactor, "echo", "--listen", "tcp:0:interface=127.0.0.1"]);
    const guest = connect(await listeningPort(echo), "127.0.0.1");
    guest.write("hello");
    assert.equal(String((await once(guest, "data"))[0]), "hello");
    guest.destroy();
  });
}

test("`ropewalk run` is the same command", async (t) => {
  const echo = start(t, process.execPath, [ROPEWALK, "run", "-n", "echo", "--listen", "tcp:0:interface=127.0.0.1"]);
  assert.ok((await listeningPort(echo)) > 0);
});

/** A module of JavaScript. */
function moduleOf(t: TestContext, text: string): string {
  const file = join(temporaryFolder(t), "app.mjs");
  writeFileSync(file, text);
  return file;
}
