/** `twistd --pidfile`: one process at a time, and no file that lies. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryFolder } from "../interop/support/places.ts";
import type { Program } from "../interop/support/program.ts";
import { isAlive, until } from "./daemon-support.ts";
import { listeningPort, twistd } from "./support.ts";

const ECHO = ["echo", "--listen", "tcp:0:interface=127.0.0.1"];

test("a pidfile holds the process id while it runs, and is gone after SIGTERM", async (t) => {
  const { path, start } = place(t);
  const program = start();
  await program.err.until("Started ");
  assert.equal(readFileSync(path, "utf8"), `${program.pid}\n`);
  program.kill("SIGTERM");
  await program.finished();
  assert.ok(!existsSync(path));
});

test("a second process is refused, is told which one the first is, and does it no harm", async (t) => {
  const { path, start } = place(t);
  const first = start();
  await listeningPort(first);
  const second = start();
  assert.equal((await second.finished()).code, 1);
  assert.match(
    second.err.text,
    new RegExp(`^twistd: Cannot write pidfile "[^"]*": process ${first.pid} holds it;[^\n]*\n$`),
  );
  assert.equal(readFileSync(path, "utf8"), `${first.pid}\n`);
  first.kill("SIGTERM");
  assert.equal((await first.finished()).code, 0);
});

test("what a killed process and a crash of the machine left is taken over", async (t) => {
  const { path, start } = place(t);
  const killed = start();
  await killed.err.until("Started ");
  killed.kill("SIGKILL");
  await killed.exited;
  assert.equal(readFileSync(path, "utf8"), `${killed.pid}\n`);
  for (const left of [undefined, "", `${spawnSync("true").pid}\n`]) {
    if (left !== undefined) writeFileSync(path, left);
    const next = start();
    await next.err.until("Started ");
    assert.equal(readFileSync(path, "utf8"), `${next.pid}\n`);
    next.kill("SIGTERM");
    await next.finished();
  }
});

test("of many that start at once over a stale file exactly one serves, and the others name it", async (t) => {
  const { folder, path, start } = place(t);
  writeFileSync(path, `${spawnSync("true").pid}\n`);
  const programs = Array.from({ length: 6 }, () => start());
  await Promise.all(
    programs.map((one) => Promise.race([one.exited, one.err.until("Started ").catch(() => undefined)])),
  );
  const serving = programs.filter((one) => one.err.text.includes("Started "));
  assert.equal(serving.length, 1);
  const [winner] = serving as [Program];
  for (const loser of programs.filter((one) => one !== winner)) {
    assert.equal((await loser.exited).code, 1);
    assert.match(loser.err.text, new RegExp(`process ${winner.pid} holds it`));
  }
  assert.deepEqual(readdirSync(folder), ["p.pid"]);
  assert.equal(readFileSync(path, "utf8"), `${winner.pid}\n`);
});

test("a file that another process has made meanwhile stays, and so does what is no pidfile", async (t) => {
  const { path, start } = place(t);
  const program = start();
  await program.err.until("Started ");
  rmSync(path);
  writeFileSync(path, "not ours\n");
  program.kill("SIGTERM");
  await program.finished();
  const next = start();
  assert.equal((await next.finished()).code, 1);
  assert.match(next.err.text, /what is there is no process id, so it stays/);
  assert.equal(readFileSync(path, "utf8"), "not ours\n");
});

test("a start that fails, an error that nobody catches and a second signal leave no pidfile", async (t) => {
  const { folder, path, start } = place(t);
  assert.equal((await start("echo", "--listen", "tcp:0:interface=192.0.2.1").finished()).code, 1);
  assert.ok(!existsSync(path));

  const module = join(folder, "crash.mjs");
  writeFileSync(
    module,
    `export default { startService() { setImmediate(() => { throw new Error("later") }) }, stopService() {} };`,
  );
  const crashed = start("-f", module);
  assert.notEqual((await crashed.finished()).code, 0);
  assert.match(crashed.err.text, /Error: later/);
  assert.ok(!existsSync(path));

  const stuck = join(folder, "stuck.mjs");
  writeFileSync(stuck, `export default { startService() {}, stopService: () => new Promise(() => {}) };`);
  const hanging = start("-f", stuck);
  await hanging.err.until("Started ");
  hanging.kill("SIGTERM");
  await hanging.err.until("Received SIGTERM");
  // Under a script runner the next one may pass for the first one's echo.
  await until("it is gone", () => {
    if (isAlive(hanging.pid)) hanging.kill("SIGTERM");
    return !isAlive(hanging.pid);
  });
  assert.deepEqual(await hanging.finished(), { code: 143, signal: null });
  assert.ok(!existsSync(path));
});

function place(t: TestContext) {
  const folder = temporaryFolder(t);
  const path = join(folder, "p.pid");
  const start = (...args: readonly string[]): Program => {
    return twistd(t, ["--pidfile", path, ...(args.length === 0 ? ECHO : args)]);
  };
  return { folder, path, start };
}
