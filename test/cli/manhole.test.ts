/** Manholes as people enter them: a real `twistd --manhole`, and `ropewalk manhole` on a real terminal, `nc` and `socat`. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "../interop/support/program.ts";
import { Terminal } from "./terminal.ts";

const LIMIT = { timeout: 2 * FILE_LIMIT_MS };
const TWISTD = `${ROOT}bin/twistd.js`;
const ROPEWALK = `${ROOT}bin/ropewalk.js`;
const SHOP = fileURLToPath(new URL("shop.js", import.meta.url));
const NOBODY = 65_534;
const ESCAPE = String.fromCharCode(27);
const isRoot = process.geteuid?.() === 0;

interface Shop {
  readonly path: string;
  readonly process: Program;
}

async function openShop(t: TestContext, options: readonly string[] = []): Promise<Shop> {
  const path = join(temporaryFolder(t), "manhole");
  const twistd = start(t, process.execPath, [TWISTD, "--manhole", path, ...options, "-f", SHOP]);
  await twistd.err.until("Started");
  return { path, process: twistd };
}

/** What `ropewalk manhole` prints when these lines are its standard input. */
async function ask(t: TestContext, path: string, ...lines: readonly string[]): Promise<string> {
  const client = start(t, process.execPath, [ROPEWALK, "manhole", path]);
  client.write(lines.join("\n"));
  client.endInput();
  assert.deepEqual(await client.finished(), { code: 0, signal: null }, client.err.text);
  return client.out.text;
}

describe("ropewalk manhole without a terminal", LIMIT, () => {
  test("answers standard input line by line, without greeting and prompts", async (t) => {
    const { path } = await openShop(t);
    const out = await ask(t, path, "services", "services.till.taken = 3", "await Promise.resolve('late')", "let x");
    assert.equal(out, "till (running)\n3\n'late'\n");
  });

  test("changes what lives in the process", async (t) => {
    const shop = await openShop(t);
    await ask(t, shop.path, "services.till.taken = 42");
    shop.process.kill("SIGTERM");
    assert.deepEqual(await shop.process.finished(), { code: 0, signal: null });
    assert.equal(shop.process.out.text, "open\ntaken: 42\n");
  });

  test("takes a script that is longer than what anybody queues", async (t) => {
    const { path } = await openShop(t);
    const line = `void (services.till.taken += 1) // ${"x".repeat(1_000)}`;
    assert.equal(await ask(t, path, ...Array(500).fill(line), "services.till.taken"), "500\n");
  });

  for (const [name, make, why] of [
    ["where nothing is", (path: string) => `${path}.not`, /there is no such file/],
    ["where there is no socket", () => SHOP, /it is no socket/],
  ] as const) {
    test(`says what is wrong ${name}`, async (t) => {
      const { path } = await openShop(t);
      const client = start(t, process.execPath, [ROPEWALK, "manhole", make(path)]);
      assert.equal((await client.finished()).code, 1);
      assert.match(client.err.text, why);
    });
  }

  test("says that nobody listens any more", async (t) => {
    const shop = await openShop(t);
    shop.process.kill("SIGKILL");
    await shop.process.exited;
    const client = start(t, process.execPath, [ROPEWALK, "manhole", shop.path]);
    assert.equal((await client.finished()).code, 1);
    assert.match(client.err.text, /Cannot enter the manhole ".*": nobody listens there any more/);
    // The next process has the path again.
    const next = start(t, process.execPath, [TWISTD, "--manhole", shop.path, "-f", SHOP]);
    await next.err.until("Started");
  });
});

describe("ropewalk manhole on a terminal", { ...LIMIT, skip: lacks("tmux") }, () => {
  test("completes names and parts of living things", async (t) => {
    const { terminal } = await enter(t);
    terminal.press("servi", "Tab");
    await terminal.until(/> services$/m);
    terminal.press(".till.tak", "Tab");
    await terminal.until(/> services\.till\.taken$/m);
    terminal.press(" = 7", "Enter");
    await terminal.until(/^7$/m);
  });

  test("remembers lines, in other sessions too", async (t) => {
    const { terminal, shop } = await enter(t);
    terminal.press("20 + 1", "Enter");
    await terminal.until(/^21$/m);
    terminal.press("Up", "BSpace", "2", "Enter");
    await terminal.until(/^22$/m);
    const other = await visit(t, shop);
    other.press("Up", "Up");
    await other.until(/> 20 \+ 1$/m);
  });

  test("shows colours, and errors without ending", async (t) => {
    const { terminal } = await enter(t);
    terminal.press("({ n: 42 })", "Enter");
    await terminal.until(/^\{ n: 42 \}$/m);
    assert.match(terminal.screen({ colors: true }), new RegExp(`${ESCAPE}\\[33m42`));
    terminal.press("nothing.here", "Enter");
    await terminal.until(/Uncaught ReferenceError: nothing is not defined/);
    terminal.press("'goes' + ' on'", "Enter");
    await terminal.until(/^'goes on'$/m);
  });

  test("waits with await, and stops waiting at Ctrl-C", async (t) => {
    const { terminal } = await enter(t);
    terminal.press("await new Promise((done) => setTimeout(done, 10, 'waited'))", "Enter");
    await terminal.until(/^'waited'$/m);
    terminal.press("await new Promise(() => {})", "Enter");
    await terminal.until(/\(\) => \{\}\)$/m);
    terminal.press("C-c");
    await terminal.until(/Script execution was interrupted/);
    terminal.press("5 * 5", "Enter");
    await terminal.until(/^25$/m);
  });

  test("drops a line at Ctrl-C, and leaves at Ctrl-D with the process alive", async (t) => {
    const { terminal, shop } = await enter(t);
    terminal.press("process.exit(", "C-c", "6 * 7", "Enter");
    await terminal.until(/^42$/m);
    terminal.press("C-d");
    await terminal.until(/^status 0$/m);
    assert.equal(await ask(t, shop.path, "'alive'"), "'alive'\n");
  });

  test("shows what fits the window, also when it changes", async (t) => {
    const { terminal } = await enter(t);
    terminal.press("({ a: 'x'.repeat(30), b: 'x'.repeat(30) })", "Enter");
    await terminal.until(/^\{ a: 'x{30}', b: 'x{30}' \}$/m);
    terminal.resize(60, 30);
    // Nobody says when the manhole has heard of it.
    await terminal.until(/^\{\n {2}a: 'x{30}',\n {2}b: 'x{30}'\n\}$/m, ["Up", "Enter"]);
  });

  test("keeps Ctrl-Z to itself: the shell has the terminal, the process goes on", async (t) => {
    const { terminal, shop } = await enter(t);
    terminal.press("1 +");
    await terminal.until(/^> 1 \+$/m);
    terminal.press("C-z");
    await terminal.until(/Stopped/);
    assert.equal(await ask(t, shop.path, "'goes on'"), "'goes on'\n");
    terminal.press("fg", "Enter");
    await terminal.until(/\$ fg\n(?:.*\n)*> 1 \+$/m);
    terminal.press(" 1", "Enter");
    await terminal.until(/^2$/m);
  });

  test("hangs up at Ctrl-], even if there is no answer", async (t) => {
    const { terminal, shop } = await enter(t);
    shop.process.kill("SIGSTOP");
    terminal.press("C-]");
    await terminal.until(/^status 0$/m);
  });

  test("is told when the process stops, and leaves the terminal as it was", async (t) => {
    const { terminal, shop } = await enter(t);
    shop.process.kill("SIGTERM");
    await terminal.until(/^status 0$/m);
    assert.equal((await shop.process.finished()).code, 0);
    terminal.press("echo hel''lo", "Enter");
    await terminal.until(/^hello$/m);
  });
});

describe("other programs", { ...LIMIT, skip: lacks("nc", "socat") }, () => {
  for (const [name, program, args] of [
    ["nc", "nc", (path: string) => ["-NU", path]],
    ["socat", "socat", (path: string) => ["-t30", "-", `UNIX-CONNECT:${path}`]],
  ] as const) {
    test(`${name} gets a greeting, prompts and answers`, async (t) => {
      const { path } = await openShop(t);
      const client = start(t, program, args(path));
      await client.out.until(/^Manhole of shop, process \d+\..*\n> $/s);
      client.write("services.till.taken += 1\n");
      await client.out.until("> 1\n> ");
      client.write("await Promise.resolve('late')\n");
      await client.out.until("'late'\n> ");
      client.endInput();
      assert.equal((await client.finished()).code, 0);
    });
  }
});

describe("who may enter", { ...LIMIT, skip: !isRoot && "only root can become others" }, () => {
  const asNobody = ["--reuid", String(NOBODY), "--regid", String(NOBODY), "--clear-groups"];

  test("is the owner of the socket alone, though the folder is open to all", async (t) => {
    const folder = temporaryFolder(t);
    chmodSync(folder, 0o755);
    const path = join(folder, "manhole");
    const twistd = start(t, process.execPath, [TWISTD, "--umask", "0", "--manhole", path, "-f", SHOP]);
    await twistd.err.until("Started");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const nc = start(t, "setpriv", [...asNobody, "nc", "-NU", path]);
    assert.notEqual((await nc.finished()).code, 0);
    assert.match(nc.err.text, /Permission denied/);
    assert.equal(nc.out.text, "");
  });

  test("of another user's process is that user, and not root by mistake", async (t) => {
    const folder = temporaryFolder(t);
    chownSync(folder, NOBODY, NOBODY);
    const path = join(folder, "manhole");
    const args = [...asNobody, process.execPath, TWISTD, "--manhole", path, "-f", SHOP];
    const twistd = start(t, "setpriv", args);
    await twistd.err.until("Started");
    const client = start(t, process.execPath, [ROPEWALK, "manhole", path]);
    assert.equal((await client.finished()).code, 1);
    assert.match(
      client.err.text,
      /it belongs to user 65534, and you are user 0; become that user first, as with "setpriv/,
    );
    const theirs = start(t, "setpriv", [...asNobody, process.execPath, ROPEWALK, "manhole", path]);
    theirs.write("process.getuid()");
    theirs.endInput();
    assert.deepEqual(await theirs.finished(), { code: 0, signal: null });
    assert.equal(theirs.out.text, `${NOBODY}\n`);
  });

  test("is not asked of a root that would open one in another user's folder", async (t) => {
    const folder = join(temporaryFolder(t), "theirs");
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, NOBODY, NOBODY);
    const twistd = start(t, process.execPath, [TWISTD, "--manhole", join(folder, "manhole"), "-f", SHOP]);
    assert.equal((await twistd.finished()).code, 1);
    assert.match(twistd.err.text, /Cannot open a manhole at ".*": its folder belongs to user 65534/);
  });
});

describe("a process with a manhole", LIMIT, () => {
  test("has none unless it is asked for one", async (t) => {
    const twistd = start(t, process.execPath, [TWISTD, "-f", SHOP], {
      env: { MANHOLE: "/tmp/m", ROPEWALK_MANHOLE: "/tmp/m" },
    });
    await twistd.err.until("Started");
    assert.doesNotMatch(twistd.err.text, /Manhole at/);
  });

  test("does not open one to a network", async (t) => {
    const twistd = start(t, process.execPath, [TWISTD, "--manhole", "tcp:0", "-f", SHOP]);
    assert.equal((await twistd.finished()).code, 1);
    assert.match(twistd.err.text, /want the path of a socket; a manhole is not opened to a network/);
  });

  test("outlives what its sessions throw and reject, now and after they have gone", async (t) => {
    const shop = await openShop(t);
    const out = await ask(
      t,
      shop.path,
      "void Promise.reject(new Error('rejected'))",
      "void setTimeout(() => { throw new Error('thrown') }, 1)",
      "void setTimeout(() => { throw new Error('when nobody is there') }, 3_000)",
      "await new Promise((done) => setTimeout(done, 200, 'goes on'))",
    );
    assert.match(out, /Uncaught Error: rejected.*Uncaught Error: thrown.*'goes on'\n$/s);
    await shop.process.err.until(/What session 1 had set going failed: Error: when nobody is there/);
    assert.equal(await ask(t, shop.path, "1"), "1\n");
  });

  test("ends with an error of its own as it would without one", async (t) => {
    const shop = await openShop(t);
    const client = start(t, process.execPath, [ROPEWALK, "manhole", shop.path]);
    client.write("services.till.isFalling = true\n");
    assert.deepEqual(await shop.process.exited, { code: 1, signal: null });
    assert.match(shop.process.err.text, /Error: The till falls/);
  });

  test("can be freed of a line that never ends, and still be stopped", async (t) => {
    const shop = await openShop(t);
    const client = start(t, process.execPath, [ROPEWALK, "manhole", shop.path]);
    client.write("process.stdout.write('running'); for (;;);\n'free'\n");
    await shop.process.out.until("running");
    // The first may come before the line has begun to listen for it.
    shop.process.kill("SIGINT");
    await client.out.until(/Script execution was interrupted.*'free'/s);
    shop.process.kill("SIGINT");
    assert.deepEqual(await shop.process.finished(), { code: 0, signal: null });
  });

  test("has one for each of its workers, made by the worker and not by the process that they share", async (t) => {
    const path = join(temporaryFolder(t), "manhole");
    const args = ["--workers", "2", "--umask", "0", "--manhole", path];
    const twistd = start(t, process.execPath, [TWISTD, ...args, "echo", "--listen", "tcp:0:interface=127.0.0.1"]);
    await twistd.err.until(/Manhole at .*Manhole at /s);
    const pids = await Promise.all([1, 2].map((worker) => ask(t, `${path}.${worker}`, "process.pid")));
    assert.equal(new Set(pids).size, 2);
    for (const worker of [1, 2]) {
      assert.equal(statSync(`${path}.${worker}`).mode & 0o777, 0o600);
      assert.ok(!holds(twistd.pid, `${path}.${worker}`));
      assert.ok(holds(Number(pids[worker - 1]), `${path}.${worker}`));
    }
  });

  test("logs who comes and goes, and what they enter, unless it is told not to", async (t) => {
    const loud = await openShop(t);
    await ask(t, loud.path, "'of interest'");
    await loud.process.err.until(
      /manhole#info\] Session 1 opened.*manhole\.lines#info\] Session 1: 'of interest'.*Session 1 closed/s,
    );
    const quiet = await openShop(t, ["--log-level", "ropewalk.manhole.lines=warn"]);
    await ask(t, quiet.path, "'a secret'");
    await quiet.process.err.until(/Session 1 closed/);
    assert.doesNotMatch(quiet.process.err.text, /a secret/);
  });
});

/** Whether a process has this UNIX socket open, as Linux tells it. */
function holds(pid: number, path: string): boolean {
  const line = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .find((one) => one.endsWith(` ${path}`));
  const inode = line?.trim().split(/\s+/)[6];
  const folder = `/proc/${pid}/fd/`;
  return readdirSync(folder).some((fd) => {
    try {
      return readlinkSync(folder + fd) === `socket:[${inode}]`;
    } catch {
      // It was closed meanwhile.
      return false;
    }
  });
}

/** A shop, and a terminal in its manhole; `status N` on the screen is how the client ended. */
async function enter(t: TestContext): Promise<{ terminal: Terminal; shop: Shop }> {
  const shop = await openShop(t);
  return { terminal: await visit(t, shop), shop };
}

async function visit(t: TestContext, { path }: Shop): Promise<Terminal> {
  const terminal = new Terminal(t);
  terminal.press(`"${process.execPath}" "${ROPEWALK}" manhole ${path}; echo status $?`, "Enter");
  await terminal.until(/^Manhole of shop.*\n(?:.*\n)*> $/m);
  return terminal;
}
