import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, type TestContext, test } from "node:test";
import fc from "fast-check";
import { LogFile, type LogFileOptions } from "./log-file.ts";

describe("LogFile", () => {
  test("appends to what is there, and each text is in the file when write returns", (t) => {
    const { path, log } = opened(t, {}, "before\n");
    log.write("one\n");
    assert.equal(readFileSync(path, "utf8"), "before\none\n");
  });

  test("makes files that their group may read and nobody else, whatever the umask is", (t) => {
    for (const umask of [0o000, 0o077]) {
      const former = process.umask(umask);
      t.after(() => process.umask(former));
      const { path, log } = opened(t, { rotateBytes: 4 });
      log.write("one\n");
      log.write("two\n");
      assert.deepEqual([modeOf(path), modeOf(`${path}.1`)], [0o640, 0o640]);
    }
  });

  test("leaves the permissions of a file that is there", (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, "log");
    writeFileSync(path, "");
    chmodSync(path, 0o604);
    using _log = new LogFile(path);
    assert.equal(modeOf(path), 0o604);
  });

  test("begins a new file before one would be too long, and keeps as many as it was told", (t) => {
    const { path, log, names, read } = opened(t, { rotateBytes: 8, keep: 2 });
    for (const n of [1, 2, 3, 4, 5, 6, 7]) log.write(`${n}..\n`);
    assert.deepEqual(names(), ["log", "log.1", "log.2"]);
    assert.deepEqual([read("log.2"), read("log.1"), readFileSync(path, "utf8")], ["3..\n4..\n", "5..\n6..\n", "7..\n"]);
  });

  test("counts bytes, not characters, and what was there before", (t) => {
    const { log, names } = opened(t, { rotateBytes: 8 }, "1234\n");
    log.write("éé\n");
    assert.deepEqual(names(), ["log", "log.1"]);
  });

  test("gives a text that is longer than a file may be a file of its own", (t) => {
    const { log, read } = opened(t, { rotateBytes: 4 });
    log.write("much longer\n");
    log.write("b\n");
    assert.deepEqual([read("log.1"), read("log")], ["much longer\n", "b\n"]);
  });

  test("keeps none if it was told so, and removes what a longer memory has left", (t) => {
    const { folder, log, names } = opened(t, { rotateBytes: 4, keep: 1 });
    for (const name of ["log.3", "log.2", "log.old", "log.1.gz", "logs.1"]) writeFileSync(join(folder, name), name);
    log.write("one\n");
    log.write("two\n");
    assert.deepEqual(names(), ["log", "log.1", "log.1.gz", "log.old", "logs.1"]);
    const { log: forgetful, names: left } = opened(t, { rotateBytes: 4, keep: 0 });
    for (const text of ["one\n", "two\n"]) forgetful.write(text);
    assert.deepEqual(left(), ["log"]);
  });

  test("begins a new file with the first text of a day, named after the day that is over", (t) => {
    const clock = { ms: Date.UTC(2030, 0, 31, 23, 59, 59) };
    const { log, names, read } = opened(t, { rotateDaily: true, keep: 2, wallTimeMs: () => clock.ms });
    for (const day of [31, 32, 32, 35, 40]) {
      clock.ms = Date.UTC(2030, 0, day, 12);
      log.write(`${day}\n`);
    }
    assert.deepEqual(names(), ["log", "log.2030-02-01", "log.2030-02-04"]);
    assert.deepEqual([read("log.2030-02-01"), read("log")], ["32\n32\n", "40\n"]);
  });

  test("begins a new file for today in a program that starts after midnight", (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, "log");
    writeFileSync(path, "yesterday\n");
    utimesSync(path, 0, Date.UTC(2030, 0, 31, 23) / 1_000);
    using log = new LogFile(path, { rotateDaily: true, wallTimeMs: () => Date.UTC(2030, 1, 1, 1) });
    log.write("now\n");
    assert.deepEqual(readdirSync(folder).sort(), ["log", "log.2030-01-31"]);
    assert.equal(readFileSync(path, "utf8"), "now\n");
  });

  test("takes no clock that was set back for a new day", (t) => {
    const clock = { ms: Date.UTC(2030, 0, 31, 0, 1) };
    const { log, names } = opened(t, { rotateDaily: true, wallTimeMs: () => clock.ms });
    log.write("one\n");
    clock.ms -= 120_000;
    log.write("two\n");
    assert.deepEqual(names(), ["log"]);
  });

  test("numbers the files of one day, and keeps the last ones of all days", (t) => {
    const clock = { ms: Date.UTC(2030, 0, 31) };
    const { log, names } = opened(t, { rotateDaily: true, rotateBytes: 2, keep: 11, wallTimeMs: () => clock.ms });
    for (let n = 0; n < 13; n += 1) log.write("x\n");
    clock.ms += DAY_MS;
    log.write("y\n");
    const kept = Array.from({ length: 11 }, (_, n) => `log.2030-01-31.${n + 3}`);
    assert.deepEqual(new Set(names()), new Set(["log", ...kept]));
  });

  test("has each text once and in order over all its files, however long they are", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 60 }), fc.integer({ min: 1, max: 80 }), (lengths, rotateBytes) => {
        const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
        try {
          using log = new LogFile(join(folder, "log"), { rotateBytes, keep: 100 });
          const texts = lengths.map((length, n) => `${n}${"x".repeat(length)}\n`);
          for (const text of texts) log.write(text);
          const numbers = readdirSync(folder).map((name) => Number(name.split(".")[1] ?? 0));
          const files = numbers.sort((a, b) => b - a).map((n) => (n === 0 ? "log" : `log.${n}`));
          assert.equal(files.map((name) => readFileSync(join(folder, name), "utf8")).join(""), texts.join(""));
        } finally {
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("a LogFile that somebody else moves", () => {
  test("goes on in the moved file until it is told to reopen, and then writes to a new one", (t) => {
    const { path, log, read } = opened(t);
    log.write("one\n");
    renameSync(path, `${path}.moved`);
    log.write("two\n");
    log.reopen();
    log.write("three\n");
    assert.deepEqual([read("log.moved"), read("log")], ["one\ntwo\n", "three\n"]);
  });

  test("does not move what was put in its place when its own rotation is due", (t) => {
    const { path, log, names, read } = opened(t, { rotateBytes: 4 });
    log.write("one\n");
    renameSync(path, `${path}.moved`);
    writeFileSync(path, "x");
    log.write("two\n");
    assert.deepEqual([names(), read("log"), read("log.moved")], [["log", "log.moved"], "xtwo\n", "one\n"]);
  });

  test("makes a new one within a second after it was deleted", (t) => {
    const clock = { ms: 0 };
    const { path, log, read } = opened(t, { wallTimeMs: () => clock.ms });
    rmSync(path);
    clock.ms += 1_000;
    log.write("one\n");
    assert.equal(read("log"), "one\n");
  });
});

describe("a LogFile in trouble", () => {
  test("tells once that its folder is gone, counts what is lost, and says so where it goes on", (t) => {
    const clock = { ms: 0 };
    const { folder, log, read, told } = opened(t, { wallTimeMs: () => clock.ms, lossNote: (lost) => `lost ${lost}\n` });
    rmSync(folder, { recursive: true });
    for (let n = 0; n < 3; n += 1) {
      clock.ms += 1_000;
      log.write("nowhere\n");
    }
    assert.equal(told.length, 1);
    assert.match(told[0] as string, /^Cannot reopen log file ".*\/log": ENOENT.*; what is logged is lost$/);
    mkdirSync(folder);
    clock.ms += 1_000;
    log.write("back\n");
    assert.deepEqual([read("log"), log.lost, told.length], ["lost 3\nback\n", 3, 2]);
    assert.match(told[1] as string, /well again; 3 entries were lost$/);
  });

  test("goes on in the former file when no new one can be opened", (t) => {
    const { path, log, read, told } = opened(t);
    renameSync(path, `${path}.moved`);
    mkdirSync(path);
    log.reopen();
    log.write("one\n");
    assert.deepEqual([read("log.moved"), log.lost, told.length], ["one\n", 0, 1]);
  });

  test("goes on in the same file when it cannot be moved, and tries again a file's length later", (t) => {
    const { folder, log, read, told } = opened(t, { rotateBytes: 8, keep: 1 });
    // What cannot be removed, root or not.
    mkdirSync(join(folder, "log.1"));
    writeFileSync(join(folder, "log.1", "inside"), "");
    for (const n of [1, 2, 3, 4]) log.write(`${n}..\n`);
    assert.deepEqual([read("log"), told.length], ["1..\n2..\n3..\n4..\n", 1]);
    rmSync(join(folder, "log.1"), { recursive: true });
    log.write("5..\n");
    assert.deepEqual([read("log.1"), read("log")], ["1..\n2..\n3..\n4..\n", "5..\n"]);
  });

  test("outlives a full disk", { skip: !existsSync("/dev/full") && "this system has no /dev/full" }, () => {
    const told: string[] = [];
    using log = new LogFile("/dev/full", { onTrouble: (words) => told.push(words) });
    log.write("one\n");
    log.write("two\n");
    assert.equal(log.lost, 2);
    assert.match(told.join(), /^Cannot write to log file "\/dev\/full": ENOSPC[^,]*, write; what is logged is lost$/);
  });

  test("cannot be opened where there is no folder, and with options that make no sense", (t) => {
    const path = join(temporaryFolder(t), "none", "log");
    assert.throws(() => new LogFile(path), { code: "ENOENT" });
    for (const options of [{ rotateBytes: 0 }, { rotateBytes: Number.NaN }, { keep: -1 }, { keep: 1.5 }]) {
      assert.throws(() => new LogFile(path, options), RangeError);
    }
  });

  test("follows no link as root, and does as anybody else", (t) => {
    const folder = temporaryFolder(t);
    symlinkSync(join(folder, "elsewhere"), join(folder, "log"));
    if (process.geteuid?.() === 0) assert.throws(() => new LogFile(join(folder, "log")), { code: "ELOOP" });
    else new LogFile(join(folder, "log"))[Symbol.dispose]();
    assert.equal(existsSync(join(folder, "elsewhere")), process.geteuid?.() !== 0);
  });

  test("ignores what comes after it was closed", (t) => {
    const { path, log } = opened(t);
    log[Symbol.dispose]();
    log[Symbol.dispose]();
    log.write("late\n");
    log.reopen();
    assert.equal(readFileSync(path, "utf8"), "");
  });
});

const open: LogFile[] = [];
afterEach(() => {
  for (const log of open.splice(0)) log[Symbol.dispose]();
});

function opened(t: TestContext, options: LogFileOptions = {}, before?: string) {
  const folder = temporaryFolder(t);
  const path = join(folder, "log");
  if (before !== undefined) writeFileSync(path, before);
  const told: string[] = [];
  const log = new LogFile(path, { onTrouble: (words) => told.push(words), ...options });
  open.push(log);
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  return { folder, path, log, told, read, names: () => readdirSync(folder).sort() };
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

const DAY_MS = 86_400_000;
