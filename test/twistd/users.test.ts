/** `twistd --uid`: bound as root, served as nobody. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryFolder } from "../interop/support/places.ts";
import { start } from "../interop/support/program.ts";
import { isAlive, statusLine, textIn, until } from "./daemon-support.ts";
import { TWISTD, twistd } from "./support.ts";

const NOBODY = 65_534;

// Whoever gives up root cannot write where root collects coverage, and says so on standard error.
process.env["NODE_V8_COVERAGE"] = "";

describe("twistd --uid", { skip: needsRoot() }, () => {
  for (const [how, ids] of [
    ["by name", ["--uid", "nobody"]],
    ["by number", ["--uid", `${NOBODY}`, "--gid", `${NOBODY}`]],
  ] as const) {
    test(`${how} binds a low port as root, and is nobody from then on, in every thread`, async (t) => {
      const port = await lowPort();
      const program = twistd(t, [...ids, "echo", "--listen", `tcp:${port}:interface=127.0.0.1`]);
      await program.err.until("Started ");
      assert.match(program.err.text, /Became user 65534 and group 65534 for good/);
      const four = Array.from({ length: 4 }, () => NOBODY).join("\t");
      for (const [name, value] of [
        ["Uid", four],
        ["Gid", four],
        ["Groups", `${NOBODY}`],
      ] as const) {
        assert.equal(statusLine(program.pid, name).trim(), value, name);
      }
      for (const name of ["CapPrm", "CapEff", "CapAmb"]) assert.match(statusLine(program.pid, name), /^0+$/);
      const guest = connect(port, "127.0.0.1");
      guest.write("hello");
      assert.equal(String((await once(guest, "data"))[0]), "hello");
      guest.destroy();
    });
  }

  test("gives services no way back, and the environment of the user", async (t) => {
    const file = join(temporaryFolder(t), "app.mjs");
    chmodSync(join(file, ".."), 0o755);
    writeFileSync(
      file,
      `const ways = { setuid: 0, seteuid: 0, setgid: 0, setegid: 0, setgroups: [0] };
      const back = () => Object.keys(ways).filter((way) => { try { process[way](ways[way]); return true } catch { return false } });
      let before;
      export default {
        privilegedStartService() { before = process.getuid() },
        startService() {
          const { USER, HOME } = process.env;
          console.log(JSON.stringify({ before, now: process.getuid(), groups: process.getgroups(), back: back(), USER, HOME }));
        },
        stopService() {},
      };`,
    );
    const program = twistd(t, ["--uid", "nobody", "-f", file]);
    const [line] = await program.out.until(/\{.*\}\n/);
    assert.deepEqual(JSON.parse(line), {
      before: 0,
      now: NOBODY,
      groups: [NOBODY],
      back: [],
      USER: "nobody",
      HOME: "/nonexistent",
    });
  });

  test("leaves the log file to the user, who can open it anew, and empties a pidfile that it cannot remove", async (t) => {
    const folder = temporaryFolder(t);
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "logs"));
    chownSync(join(folder, "logs"), NOBODY, NOBODY);
    const log = join(folder, "logs", "l.log");
    const pidfile = join(folder, "p.pid");
    const program = twistd(t, ["--uid", "nobody", "--logfile", log, "--pidfile", pidfile, ...echo()]);
    await until("it has started", () => textIn(log).includes("Started "));
    assert.deepEqual([statSync(log).uid, statSync(log).gid, statSync(log).mode & 0o777], [NOBODY, NOBODY, 0o640]);
    assert.deepEqual([statSync(pidfile).uid, readFileSync(pidfile, "utf8")], [0, `${program.pid}\n`]);
    renameSync(log, `${log}.moved`);
    program.kill("SIGHUP");
    await until("there is a new one", () => textIn(log).includes("SIGHUP"));
    program.kill("SIGTERM");
    assert.equal((await program.finished()).code, 0);
    assert.match(program.err.text, /^Cannot remove pidfile "[^"]*": [^\n]*; it was emptied instead\n$/);
    assert.equal(readFileSync(pidfile, "utf8"), "");
    const next = twistd(t, ["--pidfile", pidfile, ...echo()]);
    await next.err.until("Started ");
  });

  test("of an Application is shed too, and the command line wins over it", async (t) => {
    const folder = temporaryFolder(t);
    chmodSync(folder, 0o755);
    const file = join(folder, "app.mjs");
    writeFileSync(
      file,
      `export default { uid: "nobody", gid: "daemon", children: [], state: "running", name: "x",
        privilegedStartService() {}, startService() { console.log("as", process.getuid(), process.getgid()) }, stopService() {} };`,
    );
    await twistd(t, ["-f", file]).out.until(`as ${NOBODY} 1\n`);
    await twistd(t, ["--gid", "4242", "-f", file]).out.until(`as ${NOBODY} 4242\n`);
  });

  test("that is nobody here, or root, or a group alone ends the start, with nothing left open", async (t) => {
    for (const [args, words] of [
      [["--uid", "no-such-user"], /Cannot become user "no-such-user": this machine has no user of that name/],
      [["--uid", "nobody", "--gid", "no-such-group"], /Cannot become group "no-such-group": this machine has no group/],
      [["--uid", "root"], /Cannot become user "root": that is root/],
      [["--gid", "nogroup"], /Cannot become group "nogroup" as root: it would stay root; give --uid as well/],
    ] as const) {
      const program = twistd(t, [...args, ...echo()]);
      assert.equal((await program.finished()).code, 1);
      assert.match(program.err.text, words);
      assert.ok(!isAlive(program.pid));
    }
  });

  test("is refused to whoever is not root", { skip: unreadable() }, async (t) => {
    const ids = ["--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];
    const program = start(t, "setpriv", [...ids, process.execPath, TWISTD, "--uid", "daemon", ...echo()]);
    assert.equal((await program.finished()).code, 1);
    assert.match(
      program.err.text,
      /^twistd: Cannot become user "daemon": only root may, and this process is user 65534\n$/m,
    );
  });
});

function echo(): string[] {
  return ["echo", "--listen", "tcp:0:interface=127.0.0.1"];
}

/** A port that only root may open, and that nobody has. */
async function lowPort(): Promise<number> {
  for (let port = 1_023; port > 512; port -= 1) {
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error("No port below 1024 is free");
}

/** For the `skip` option: giving up root takes root. CI has it. */
function needsRoot(): string | false {
  if (process.getuid?.() === 0) return false;
  const reason = "giving up root needs root";
  console.error(`!!! SKIPPED: ${reason}`);
  return reason;
}

/** For the `skip` option: nobody may be kept from the checkout, or from Node. */
function unreadable(): string | false {
  const ids = ["--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];
  if (spawnSync("setpriv", [...ids, process.execPath, TWISTD, "--help"]).status === 0) return false;
  const reason = "user nobody cannot read this checkout";
  console.error(`!!! SKIPPED: ${reason}`);
  return reason;
}
