/** `twistd` under systemd: what it tells on NOTIFY_SOCKET, and sockets that it is given. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { freePort, temporaryFolder } from "../interop/support/places.ts";
import { lacks, type Program, PYTHON, start } from "../interop/support/program.ts";
import { pidIn } from "./daemon-support.ts";
import { TWISTD, twistd } from "./support.ts";

const ECHO = ["echo", "--listen", "tcp:0:interface=127.0.0.1"];

describe("twistd tells systemd", { skip: lacks("systemd-notify", PYTHON) }, () => {
  for (const kind of ["a path", "an abstract name"]) {
    test(`when it is ready, reloads and stops, in this order, on ${kind}`, async (t) => {
      const { heard, env } = await systemd(t, kind === "a path" ? undefined : `@ropewalk-${process.pid}`);
      const program = twistd(t, ["-n", ...ECHO], { env });
      await heard.out.until(`READY=1|MAINPID=${program.pid}|STATUS=Serving\n`);
      assert.match(program.err.text, /Listening on /);
      program.kill("SIGHUP");
      await heard.out.until(/RELOADING=1\|MONOTONIC_USEC=\d+\n(?:.*\n)*READY=1\|/);
      program.kill("SIGTERM");
      assert.equal((await program.finished()).code, 0);
      await heard.out.until("STOPPING=1|STATUS=Stopping\n");
      const words = heard.out.text.match(/^(?:READY|RELOADING|STOPPING)/gm);
      assert.deepEqual(words, ["READY", "RELOADING", "READY", "STOPPING"]);
    });
  }

  test("why it cannot start, and never that it is ready", async (t) => {
    const { heard, env } = await systemd(t);
    const program = twistd(t, ["echo", "--listen", "tcp:0:interface=192.0.2.1"], { env });
    assert.equal((await program.finished()).code, 1);
    await heard.out.until(/^STATUS=Cannot start service "echo\/tcp:0:interface=192.0.2.1": Cannot listen on [^\n]*\n/m);
    assert.doesNotMatch(heard.out.text, /READY/);
  });

  test("which process a daemon is", async (t) => {
    const { heard, env, folder } = await systemd(t);
    const command = start(t, process.execPath, [TWISTD, "--daemon", ...ECHO], { cwd: folder, env });
    assert.deepEqual([(await command.finished()).code, command.err.text], [0, ""]);
    const pid = pidIn(t, folder, "twistd.pid");
    await heard.out.until(`READY=1|MAINPID=${pid}|STATUS=Serving\n`);
    assert.notEqual(pid, command.pid);
  });

  test("which process the primary of several is, once", async (t) => {
    const { heard, env } = await systemd(t);
    const program = twistd(t, ["--workers", "2", ...ECHO], { env });
    await heard.out.until(`READY=1|MAINPID=${program.pid}|`);
    program.kill("SIGTERM");
    await program.finished();
    await heard.out.until("STOPPING=1|");
    assert.equal(heard.out.text.match(/READY=1/g)?.length, 1);
  });

  test("that it is alive, as long as the service tree is well", async (t) => {
    const { heard, env, folder } = await systemd(t);
    const file = join(folder, "app.mjs");
    writeFileSync(
      file,
      `import { MultiService } from "${ROOT}dist/app/index.js";
      let ok = true;
      process.on("SIGUSR2", () => { ok = !ok; });
      const service = { name: "db", startService() {}, stopService() {}, health: () => ({ ok, detail: ok ? undefined : "no disk" }) };
      export default new MultiService({ name: "all", services: [service] });`,
    );
    // The first pid is another process's, so nothing is asked of this one.
    const spared = twistd(t, ["-f", file], { env: { ...env, WATCHDOG_USEC: "1000", WATCHDOG_PID: "1" } });
    await heard.out.until(`READY=1|MAINPID=${spared.pid}|`);
    spared.kill("SIGTERM");
    await heard.out.until("STOPPING=1|");
    assert.doesNotMatch(heard.out.text, /WATCHDOG/);

    const program = twistd(t, ["-f", file], { env: { ...env, WATCHDOG_USEC: "200000" } });
    await heard.out.until(/(?:WATCHDOG=1\n[\s\S]*){3}/);
    program.kill("SIGUSR2");
    await heard.out.until("STATUS=Not well: db (no disk)\n");
    assert.match(program.err.text, /Not well, so systemd is told nothing until it is: db \(no disk\)/);
    program.kill("SIGUSR2");
    await heard.out.until(/Not well: db \(no disk\)\nWATCHDOG=1\|STATUS=Serving\n/);
  });

  test("nothing that keeps it from serving, if nobody listens", async (t) => {
    const env = { NOTIFY_SOCKET: join(temporaryFolder(t), "nobody") };
    const program = twistd(t, ECHO, { env });
    await program.err.until("Started ");
    await program.err.until("Cannot tell systemd READY=1");
    program.kill("SIGTERM");
    assert.equal((await program.finished()).code, 0);
    assert.equal(program.err.text.match(/Cannot tell systemd/g)?.length, 1);
  });

  test("and its children are told of neither", async (t) => {
    const { env, folder, heard } = await systemd(t);
    const file = join(folder, "app.mjs");
    writeFileSync(
      file,
      "export default () => void console.log(Object.keys(process.env).filter((name) => /NOTIFY|WATCHDOG/.test(name)).join());",
    );
    const program = twistd(t, ["-f", file], { env: { ...env, WATCHDOG_USEC: "10000000" } });
    await program.out.until("\n");
    assert.equal(program.out.text, "\n");
    await heard.out.until("READY=1");
  });
});

describe("systemd-socket-activate", { skip: lacks("systemd-socket-activate", "systemd-notify", PYTHON) }, () => {
  for (const workers of [[], ["--workers", "2"]]) {
    const name = workers.length === 0 ? "twistd" : "twistd with workers";
    test(`starts ${name} at the first connection, which is served, and hears that it is ready`, async (t) => {
      const { heard, env } = await systemd(t);
      const port = await freePort();
      const command = [process.execPath, TWISTD, ...workers, "echo", "--listen", "systemd:index=0"];
      // It passes nothing on of its own environment but what it is told to.
      const passed = ["-E", `NOTIFY_SOCKET=${env.NOTIFY_SOCKET}`];
      const service = start(t, "systemd-socket-activate", ["-l", `127.0.0.1:${port}`, ...passed, ...command]);
      await service.err.until(/as 3/);
      const guest = connect(port, "127.0.0.1");
      guest.write("hello");
      assert.equal(String((await once(guest, "data"))[0]), "hello");
      guest.destroy();
      await heard.out.until(`READY=1|MAINPID=${service.pid}|`);
      service.kill("SIGTERM");
      assert.deepEqual(await service.finished(), { code: 0, signal: null });
    });
  }
});

async function systemd(
  t: TestContext,
  name?: string,
): Promise<{ heard: Program; env: { NOTIFY_SOCKET: string }; folder: string }> {
  const folder = temporaryFolder(t);
  const socket = name ?? join(folder, "notify");
  const heard = start(t, PYTHON, [`${ROOT}test/twistd/notify_receiver.py`, socket]);
  await heard.out.until("bound\n");
  return { heard, env: { NOTIFY_SOCKET: socket }, folder };
}
