/** `twistd --logfile`: no line is lost, whoever moves the file, and whatever the disk does. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { textIn, until } from "./daemon-support.ts";
import { twistd } from "./support.ts";

const LINES = 20_000;

describe("twistd --logfile", () => {
  for (const workers of [undefined, 2]) {
    const how = workers === undefined ? "" : " by several workers";
    test(`has every line once and in order, through rotations, moves and SIGHUPs under load${how}`, async (t) => {
      const folder = temporaryFolder(t);
      const log = join(folder, "l.log");
      const args = ["--logfile", log, "--log-rotate-bytes", "8k", "--log-keep", "999999"];
      const { file, isDone } = writerIn(t, workers ?? 1);
      const program = twistd(t, [...args, ...(workers === undefined ? [] : ["--workers", `${workers}`]), "-f", file]);
      for (let moved = 1; !isDone(); moved += 1) {
        await until("the log goes on", () => existsSync(log) || isDone());
        // Its own rotation may be faster.
        if (moved <= 40 && movedAway(log, `${log}.moved-${moved}`)) program.kill("SIGHUP");
      }
      program.kill("SIGTERM");
      assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
      assert.equal(program.err.text, "");
      const files = readdirSync(folder).map((name) => numbersOf(readFileSync(join(folder, name), "utf8")));
      for (let worker = 0; worker < (workers ?? 1); worker += 1) {
        const parts = files.map((lines) => lines.filter((line) => line.worker === worker).map((line) => line.n));
        // Each file in its own order, and the files by what they begin with: nothing is sorted within one.
        const all = parts
          .filter((part) => part.length > 0)
          .sort(([a = 0], [b = 0]) => a - b)
          .flat();
        assert.deepEqual(
          all,
          Array.from({ length: LINES }, (_, n) => n),
        );
      }
      assert.ok(files.length > 100, `${files.length} files`);
    });
  }

  test("is a file that only its group may read besides its owner, and goes on in what is there", async (t) => {
    const folder = temporaryFolder(t);
    const log = join(folder, "l.log");
    const echo = () => twistd(t, ["--logfile", log, "--umask", "0", "echo", "--listen", "tcp:0:interface=127.0.0.1"]);
    for (let runs = 1; runs <= 2; runs += 1) {
      const program = echo();
      await until("it has started", () => textIn(log).split("Started ").length > runs);
      program.kill("SIGTERM");
      assert.equal((await program.finished()).code, 0);
      assert.equal(program.err.text, "");
    }
    assert.equal(statSync(log).mode & 0o777, 0o640);
    assert.equal(readFileSync(log, "utf8").match(/Received SIGTERM/g)?.length, 2);
  });

  test("begins a new file with the day, and keeps as many as it is told to", async (t) => {
    const folder = temporaryFolder(t);
    const log = join(folder, "l.log");
    for (const day of ["2030-01-01", "2030-01-02", "2030-01-03"]) writeFileSync(`${log}.${day}`, day);
    writeFileSync(log, "the last of the year\n");
    utimesSync(log, 0, Date.UTC(2020, 11, 31, 12) / 1_000);
    const daily = ["--log-rotate", "daily", "--log-keep", "3"];
    const program = twistd(t, ["--logfile", log, ...daily, "echo", "--listen", "tcp:0:interface=127.0.0.1"]);
    await until("it has started", () => textIn(log).includes("Started "));
    program.kill("SIGTERM");
    await program.finished();
    // The one of 2020 is older than all that are kept.
    assert.deepEqual(readdirSync(folder).sort(), ["l.log", "l.log.2030-01-01", "l.log.2030-01-02", "l.log.2030-01-03"]);
    assert.doesNotMatch(readFileSync(log, "utf8"), /the last of the year/);
  });

  test("that is full is told on standard error, and the service goes on", {
    skip: !existsSync("/dev/full") && "this system has no /dev/full",
  }, async (t) => {
    const program = twistd(t, ["--logfile", "/dev/full", "-f", talkingIn(t)]);
    await program.out.until("10\n");
    program.kill("SIGTERM");
    assert.equal((await program.finished()).code, 0);
    assert.match(program.err.text, /^Cannot write to log file "\/dev\/full": ENOSPC[^\n]*; what is logged is lost\n$/);
  });

  test("goes on, and says what it lost, when a full disk has room again", { skip: noMounts() }, async (t) => {
    const folder = temporaryFolder(t);
    assert.equal(spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", folder]).status, 0);
    const filler = join(folder, "filler");
    const log = join(folder, "l.log");
    try {
      const program = twistd(t, ["--logfile", log, "-f", talkingIn(t)]);
      await program.out.until("3\n");
      // Whatever is left of the disk; the log fills its own last page first.
      spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k"]);
      await program.err.until("ENOSPC");
      rmSync(filler);
      await program.err.until("well again");
      await until("the note is there", () => /events were lost: the log file/.test(textIn(log)));
      program.kill("SIGTERM");
      assert.equal((await program.finished()).code, 0);
      const [, lost] = /(\d+) events were lost/.exec(readFileSync(log, "utf8")) ?? [];
      assert.ok(Number(lost) > 0);
      assert.match(
        program.err.text,
        new RegExp(`^Cannot write[^\n]*\nLog file [^\n]* is well again; ${lost} entries were lost\n$`),
      );
    } finally {
      spawnSync("umount", ["-l", folder]);
    }
  });

  test("whose folder went away is told on standard error, and is made again where the folder is", async (t) => {
    const folder = join(temporaryFolder(t), "logs");
    mkdirSync(folder);
    const log = join(folder, "l.log");
    const program = twistd(t, ["--logfile", log, "-f", talkingIn(t)]);
    await program.out.until("3\n");
    rmSync(folder, { recursive: true });
    await program.err.until("ENOENT");
    mkdirSync(folder);
    await program.err.until("well again");
    await until("it goes on", () => textIn(log).includes("event"));
    program.kill("SIGTERM");
    assert.equal((await program.finished()).code, 0);
  });

  test("is lines of JSON if asked for, which nothing that a peer sends can break or make long", async (t) => {
    const log = join(temporaryFolder(t), "l.log");
    const program = twistd(t, ["--logfile", log, "--log-format", "json", "-f", hostileIn(t)]);
    await program.out.until("said\n");
    program.kill("SIGTERM");
    await program.finished();
    const lines = readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok(lines.every((line) => typeof line.message === "string" && JSON.stringify(line).length < 70_000));
    assert.equal(lines.filter(({ namespace }) => namespace === "hostile").length, 2);
  });

  test("at levels that are wrong is refused with status 2", async (t) => {
    for (const level of ["", "loud", "a=", "=", "a=b=info", "info,", "x=info extra"]) {
      const program = twistd(t, ["--log-level", level, "echo"]);
      assert.equal((await program.finished()).code, 2, level);
      assert.match(program.err.text, /--log-level/);
    }
  });
});

interface Line {
  readonly worker: number;
  readonly n: number;
}

function numbersOf(text: string): Line[] {
  return [...text.matchAll(/^\S+ \[load#info\] (?:worker \d: )?worker (\d) line (\d+)$/gm)].map(([, worker, n]) => ({
    worker: Number(worker),
    n: Number(n),
  }));
}

/** False if there is none at the moment. */
function movedAway(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Numbers its lines, as fast as a program that does something else as well. */
function writerIn(t: TestContext, workers: number): { file: string; isDone(): boolean } {
  const done = temporaryFolder(t);
  const file = moduleOf(
    t,
    `import { writeFileSync } from "node:fs";
    const log = new Logger("load");
    const worker = Number((process.env.TWISTD_WORKER ?? "1").split("/")[0]) - 1;
    let n = 0;
    function more() {
      for (let i = 0; i < 50 && n < ${LINES}; i += 1) log.info("worker {worker} line {n}", { worker, n: n++ });
      if (n < ${LINES}) setImmediate(more);
      else writeFileSync("${done}/" + worker, "");
    }
    export default { startService: () => void setImmediate(more), stopService() {} };`,
  );
  return { file, isDone: () => readdirSync(done).length === workers };
}

/** Logs an event and says so on standard output, ten times a second. */
function talkingIn(t: TestContext): string {
  return moduleOf(
    t,
    `const log = new Logger("talk");
    let n = 0;
    export default new TimerService(100, () => {
      log.info("event {n} {filler}", { n: n++, filler: "x".repeat(2000) });
      process.stdout.write(n + "\\n");
    });`,
  );
}

function hostileIn(t: TestContext): string {
  return moduleOf(
    t,
    `const log = new Logger("hostile");
    export default {
      startService() {
        log.info("{line}", { line: 'x"}\\r\\n{"level":"critical","namespace":"hostile"}\\u2028' });
        log.error("{line}", { line: "y".repeat(5_000_000), error: new Error("\\0".repeat(5_000_000)) });
        process.stdout.write("said\\n");
      },
      stopService() {},
    };`,
  );
}

function moduleOf(t: TestContext, text: string): string {
  const file = join(temporaryFolder(t), "app.mjs");
  const imports = `import { Logger } from "${ROOT}dist/core/log/index.js"; import { TimerService } from "${ROOT}dist/app/index.js";`;
  writeFileSync(file, `${imports}\n${text}`);
  return file;
}

/** For the `skip` option: a disk that is full and then is not takes a file system of its own. */
function noMounts(): string | false {
  if (process.platform === "linux" && process.getuid?.() === 0) {
    const probe = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
    if (probe.status === 0) return false;
  }
  const reason = "mounting a small file system needs root, and a container that lets it";
  console.error(`!!! SKIPPED: ${reason}`);
  return reason;
}
