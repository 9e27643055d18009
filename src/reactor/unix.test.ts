import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { Port } from "../core/reactor.ts";
import { Recorder } from "../testing/recorder.ts";
import { NodeReactor } from "./node-reactor.ts";
import { temporaryFolder } from "./pair.fixture.test.ts";

const folder = temporaryFolder();
const reactor = new NodeReactor();
const nothing = () => new Recorder();

describe("the file of a UNIX port", () => {
  test("has the mode that is asked for, whatever the umask, and the umask stays", async (t) => {
    const former = process.umask(0o077);
    t.after(() => process.umask(former));
    const port = await listen(t, { path: join(folder, "mode.sock"), mode: 0o666 });
    assert.equal(permissions(port.path), 0o666);
    assert.equal(process.umask(0o077), 0o077);
  });

  test("never has a permission more than was asked for", async (t) => {
    const former = process.umask(0);
    t.after(() => process.umask(former));
    const asked = reactor.listenUnix({ path: join(folder, "narrow.sock"), mode: 0o600 }, nothing);
    // It exists before its Deferred fires.
    const seen: number[] = [];
    for (let fired = false; !fired; ) {
      if (existsSync(join(folder, "narrow.sock"))) seen.push(permissions(join(folder, "narrow.sock")));
      fired = await Promise.race([asked.then(() => true), new Promise<false>((next) => setImmediate(next, false))]);
    }
    t.after(() => asked.then((port) => port.stopListening()));
    assert.deepEqual(
      seen.filter((mode) => (mode & ~0o600) !== 0),
      [],
    );
    assert.equal(permissions(join(folder, "narrow.sock")), 0o600);
  });

  test("is gone when the port is closed", async () => {
    const path = join(folder, "gone.sock");
    const port = await reactor.listenUnix({ path }, nothing);
    assert.ok(statSync(path).isSocket());
    await port.stopListening();
    assert.equal(existsSync(path), false);
  });

  test("is taken over if it was left behind by a process that is gone", async (t) => {
    const path = join(folder, "left.sock");
    leaveSocket(path);
    assert.ok(statSync(path).isSocket());
    await listen(t, { path });
    const client = await reactor.connectUnix({ path }, nothing);
    assert.equal(client.transport.connected, true);
    client.transport.abortConnection();
  });
});

describe("a lock file", () => {
  test("names this process while the port is open, and goes with it", async (t) => {
    const path = join(folder, "locked.sock");
    const port = await listen(t, { path, lockfile: true });
    assert.equal(readlinkSync(`${path}.lock`), String(process.pid));
    await port.port.stopListening();
    assert.equal(linkExists(`${path}.lock`), false);
  });

  test("of a live process refuses the port, and stays", async () => {
    const path = join(folder, "busy.sock");
    symlinkSync(String(process.ppid), `${path}.lock`);
    await refused({ path, lockfile: true }, `process ${process.ppid} holds ${path}.lock`);
    assert.equal(readlinkSync(`${path}.lock`), String(process.ppid));
    assert.equal(existsSync(path), false);
  });

  test("of this process's other port refuses the second one, by whatever name of the folder, and stays", async (t) => {
    const path = join(folder, "twice.sock");
    symlinkSync(folder, join(folder, "alias"));
    await listen(t, { path, lockfile: true });
    await refused({ path: join(folder, "alias", "twice.sock"), lockfile: true }, `process ${process.pid} holds`);
    assert.equal(readlinkSync(`${path}.lock`), String(process.pid));
  });

  for (const [of, holder] of [
    ["a process that is gone", () => String(goneProcess())],
    ["a former life of ours with the same number, as containers have", () => String(process.pid)],
    ["nobody that makes sense", () => "-1"],
  ] as const) {
    test(`of ${of} is taken over, and leaves nothing else in the folder`, async (t) => {
      const inside = join(folder, of.replaceAll(" ", "-"));
      mkdirSync(inside);
      const path = join(inside, "s");
      symlinkSync(holder(), `${path}.lock`);
      await listen(t, { path, lockfile: true });
      assert.deepEqual(readdirSync(inside).sort(), ["s", "s.lock"]);
    });
  }

  test("is not what stands in its way: a file of somebody else's is neither written to nor removed", async () => {
    const path = join(folder, "foreign.sock");
    const precious = join(folder, "precious");
    writeFileSync(precious, "data");
    writeFileSync(`${path}.lock`, "notes");
    symlinkSync(precious, `${path}.lock.${process.pid}`);
    await refused({ path, lockfile: true }, "EINVAL");
    assert.equal(readFileSync(precious, "utf8"), "data");
    assert.equal(readFileSync(`${path}.lock`, "utf8"), "notes");
  });

  test("that another process took over meanwhile stays that one's", async (t) => {
    const path = join(folder, "raced.sock");
    await listen(t, { path, lockfile: true });
    renameSync(`${path}.lock`, `${path}.aside`);
    symlinkSync(String(process.ppid), `${path}.lock`);
    await Promise.all([...opened].map((port) => port.stopListening()));
    assert.equal(readlinkSync(`${path}.lock`), String(process.ppid));
  });

  test("is given back if the port cannot be opened after all", async (t) => {
    const path = join(folder, "unopened.sock");
    await listen(t, { path });
    await refused({ path, lockfile: true }, "another program listens on it");
    assert.equal(linkExists(`${path}.lock`), false);
  });
});

const opened = new Set<Port>();

async function listen(
  t: TestContext,
  options: { path: string; mode?: number; lockfile?: boolean },
): Promise<{ port: Port; path: string }> {
  const port = await reactor.listenUnix(options, nothing);
  opened.add(port);
  t.after(() => port.stopListening());
  return { port, path: options.path };
}

async function refused(options: { path: string; lockfile: boolean }, why: string): Promise<void> {
  await assert.rejects(
    async () => await reactor.listenUnix(options, nothing),
    (error: Error) => error.name === "ListenError" && error.message.includes(why),
  );
}

function permissions(path: string): number {
  return statSync(path).mode & 0o777;
}

function linkExists(path: string): boolean {
  return readdirSync(join(path, "..")).includes(path.slice(path.lastIndexOf("/") + 1));
}

/** A process id that no process has any more. */
function goneProcess(): number {
  return spawnSync("true").pid;
}

/** A listening process that is killed leaves its socket behind. */
function leaveSocket(path: string): void {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["--eval", script]);
}
