/** `twistd --syslog`: rsyslog as the machine's own, on a socket of its own, and on the network. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { accepting, freePort, temporaryFolder } from "../interop/support/places.ts";
import { lacks, type Program, start } from "../interop/support/program.ts";
import { statFields, statusLine, until } from "./daemon-support.ts";
import { twistd } from "./support.ts";

/** Debian puts it where a user's PATH does not look. */
const RSYSLOGD = "/usr/sbin/rsyslogd";
const ECHO = ["echo", "--listen", "tcp:0:interface=127.0.0.1"];

describe("twistd --syslog-to", { skip: lacks(RSYSLOGD, "logger") }, () => {
  test("a socket of datagrams: facility, severity, name and process id of each event, and no line that a peer makes", async (t) => {
    const { out, socket } = await rsyslog(t);
    const program = twistd(t, ["--syslog-to", socket, "-f", talking(t)]);
    await out.out.until(`daemon|info|twistd|${program.pid}| [talk#info] two\\nlines <0>forged\n`);
    await out.out.until(`daemon|err|twistd|${program.pid}| [talk#error] it failed\n`);
    await out.out.until(`daemon|err|twistd|${program.pid}| Error: because\\n<0>\n`);
    await out.out.until(/daemon\|debug\|twistd\|\d+\| \[talk#debug\] x{2500}[^ x\n]+ 17500 more\n/);
    program.kill("SIGTERM");
    assert.equal((await program.finished()).code, 0);
    await out.out.until("Received SIGTERM: shutting down");
    assert.equal(program.err.text, "");
  });

  test("the same for a daemon, by another name; it has no log file then", async (t) => {
    const { out, socket } = await rsyslog(t);
    const folder = temporaryFolder(t);
    const args = ["--daemon", "--syslog-to", socket, "--prefix", "shop", "--pidfile", "p.pid", ...ECHO];
    const command = start(t, process.execPath, [`${ROOT}bin/twistd.js`, ...args], { cwd: folder });
    assert.deepEqual([(await command.finished()).code, command.err.text], [0, ""]);
    const pid = Number(readFileSync(join(folder, "p.pid"), "utf8"));
    t.after(() => process.kill(pid, "SIGKILL"));
    await out.out.until(`daemon|info|shop|${pid}| [ropewalk.twistd#info] Started echo, process ${pid}\n`);
    assert.deepEqual(readdirSync(folder), ["p.pid"]);
  });

  test("the same after its helper was killed, which standard error tells", async (t) => {
    const { out, socket } = await rsyslog(t);
    const program = twistd(t, ["--syslog-to", socket, ...ECHO]);
    await out.out.until("Started echo");
    const [helper] = helpersOf(program.pid) as [number];
    process.kill(helper, "SIGKILL");
    await program.err.until('Cannot log to syslog: "logger" ended with SIGKILL; it is started again\n');
    await until("there is another", () => helpersOf(program.pid).some((pid) => pid !== helper));
    program.kill("SIGHUP");
    await out.out.until("Received SIGHUP");
  });

  test("the same for a user, whose helper is no root either", {
    skip: process.getuid?.() !== 0 && "needs root",
  }, async (t) => {
    const { out, socket } = await rsyslog(t);
    const program = twistd(t, ["--syslog-to", socket, "--uid", "nobody", ...ECHO]);
    await out.out.until("Started echo");
    await until("one helper is left", () => helpersOf(program.pid).length === 1);
    assert.match(statusLine(helpersOf(program.pid)[0] as number, "Uid"), /^65534\t65534/);
  });

  for (const scheme of ["udp", "tcp"] as const) {
    test(`${scheme}, and to a log file as well`, async (t) => {
      const { out, port } = await rsyslog(t);
      const log = join(temporaryFolder(t), "l.log");
      const program = twistd(t, ["--syslog-to", `${scheme}:127.0.0.1:${port}`, "--logfile", log, ...ECHO]);
      await out.out.until(`daemon|info|twistd|${program.pid}|Started echo, process ${program.pid}\n`);
      program.kill("SIGTERM");
      assert.equal((await program.finished()).code, 0);
      await out.out.until("Received SIGTERM: shutting down");
      assert.match(readFileSync(log, "utf8"), /Started echo[\s\S]*Received SIGTERM/);
    });
  }

  test("nowhere is an error that says what to do", async (t) => {
    for (const [where, words] of [
      [
        join(temporaryFolder(t), "none"),
        /Cannot log to syslog ".*none": there is no such socket; where a syslog listens/,
      ],
      ["nonsense:1", /Cannot log to syslog "nonsense:1": /],
      ["udp:host", /Cannot log to syslog "udp:host": /],
    ] as const) {
      const program = twistd(t, ["--syslog-to", where, ...ECHO]);
      assert.equal((await program.finished()).code, 1);
      assert.match(program.err.text, words);
    }
  });

  test("and --syslog alone is the machine's own", {
    skip: existsSync("/dev/log") && "this machine has one",
  }, async (t) => {
    const program = twistd(t, ["--syslog", ...ECHO]);
    assert.equal((await program.finished()).code, 1);
    assert.match(program.err.text, /Cannot log to syslog "\/dev\/log": there is no such socket/);
  });
});

/** Its children that are `logger`. */
function helpersOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isHelper(Number(name), parent))
    .map(Number);
}

function isHelper(pid: number, parent: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, "latin1") === "logger\n" && statFields(pid)[1] === String(parent);
  } catch (error) {
    // It went between the listing and the look.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

function talking(t: TestContext): string {
  const file = join(temporaryFolder(t), "app.mjs");
  writeFileSync(
    file,
    `import { Logger, logPublisher } from "${ROOT}dist/core/log/index.js";
    const log = new Logger("talk");
    export default {
      startService() {
        logPublisher.levels.configure("talk=debug");
        log.info("{text}", { text: "two\\nlines <0>forged" });
        log.error("it failed", { error: new Error("because\\n<0>") });
        log.debug("{text}", { text: "x".repeat(20_000) });
      },
      stopService() {},
    };`,
  );
  return file;
}

/** What it takes comes as the output of `out`. It listens on a UNIX socket, and on a TCP and UDP port. */
async function rsyslog(t: TestContext): Promise<{ out: Program; socket: string; port: number }> {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  const port = await freePort();
  const socket = join(folder, "log");
  const config = `global(workDirectory="${folder}" maxMessageSize="16k" net.enableDNS="off" parser.escapeControlCharactersOnReceive="on")
module(load="imuxsock" SysSock.Use="off")
module(load="imtcp")
module(load="imudp")
input(type="imuxsock" Socket="${socket}" RateLimit.Interval="0")
input(type="imtcp" port="${port}" address="127.0.0.1")
input(type="imudp" port="${port}" address="127.0.0.1")
template(name="all" type="string" string="%syslogfacility-text%|%syslogseverity-text%|%app-name%|%procid%|%msg%\\n")
action(type="omfile" file="${folder}/out" template="all")
`;
  writeFileSync(join(folder, "rsyslog.conf"), config);
  writeFileSync(join(folder, "out"), "");
  start(t, RSYSLOGD, ["-n", "-f", join(folder, "rsyslog.conf"), "-i", join(folder, "pid")]);
  await accepting(port);
  await until("it has its socket", () => existsSync(socket));
  return { out: start(t, "tail", ["-n", "+1", "-f", join(folder, "out")]), socket, port };
}
