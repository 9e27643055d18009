import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
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
import { describe, type TestContext, test } from "node:test";
import { PidFile, PidFileError } from "./pid-file.ts";

const HAS_PROC = existsSync("/proc/self/fd");

describe("PidFile", () => {
  test("holds the number of this process and nothing else, for all to read, and is removed", (t) => {
    const { folder, path } = place(t);
    const former = process.umask(0o077);
    t.after(() => process.umask(former));
    const file = new PidFile(path);
    assert.equal(readFileSync(path, "utf8"), `${process.pid}\n`);
    assert.equal(statSync(path).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(folder), ["p.pid"]);
    assert.equal(file.remove(), true);
    file[Symbol.dispose]();
    assert.deepEqual(readdirSync(folder), []);
  });

  test("is not removed when another one lies in its place", (t) => {
    const { path } = place(t);
    const file = new PidFile(path);
    rmSync(path);
    writeFileSync(path, "1\n");
    file.remove();
    assert.equal(readFileSync(path, "utf8"), "1\n");
  });

  test("takes over what a dead process left, what a crash of the machine left empty, and its own number", (t) => {
    const { folder, path } = place(t);
    for (const left of [`${deadPid()}\n`, "", "\0\0\0\0", ` ${process.pid}`]) {
      writeFileSync(path, left);
      using _file = new PidFile(path);
      assert.equal(readFileSync(path, "utf8"), `${process.pid}\n`);
      assert.deepEqual(readdirSync(folder), ["p.pid"]);
    }
  });

  test("leaves alone what is no pidfile, and a file that is not there to be made says so", (t) => {
    const { folder, path } = place(t);
    for (const text of ["important\n", "12 13\n", "-1\n", "0\n", "1".repeat(100)]) {
      writeFileSync(path, text);
      assert.throws(() => new PidFile(path), /Cannot write pidfile ".*p\.pid": what is there is no process id/);
      assert.equal(readFileSync(path, "utf8"), text);
    }
    assert.throws(() => new PidFile(join(folder, "none", "p.pid")), { code: "ENOENT" });
    assert.deepEqual(readdirSync(folder), ["p.pid"]);
  });

  test("is refused while another process holds it, whose number the error has", async (t) => {
    const { path } = place(t);
    const holder = await holding(t, path);
    assert.throws(
      () => new PidFile(path),
      (error: PidFileError) =>
        error instanceof PidFileError && error.pid === holder && error.message.includes(`${holder}`),
    );
    assert.equal(readFileSync(path, "utf8"), `${holder}\n`);
  });

  test("is refused to the process that holds it already", { skip: !HAS_PROC && "this system has no /proc" }, (t) => {
    const { path } = place(t);
    using _file = new PidFile(path);
    assert.throws(() => new PidFile(path), PidFileError);
  });

  test("is refused to whoever started before it was written, even if it was renamed and its time is wrong", {
    skip: !HAS_PROC && "this system has no /proc",
  }, async (t) => {
    const { path } = place(t);
    await holding(t, path);
    // As after a clock that was set: the holder seems to have started long after it wrote the file.
    utimesSync(path, 0, 0);
    renameSync(path, `${path}.moved`);
    assert.throws(() => new PidFile(`${path}.moved`), PidFileError);
  });

  test("is taken over from a process that started after it was written: the number was given out again", {
    skip: !HAS_PROC && "this system has no /proc",
  }, async (t) => {
    const { path } = place(t);
    const pid = await sleeping(t);
    writeFileSync(path, `${pid}\n`);
    assert.throws(() => new PidFile(path), PidFileError);
    utimesSync(path, 0, Date.now() / 1_000 - 3_600);
    using _file = new PidFile(path);
    assert.equal(readFileSync(path, "utf8"), `${process.pid}\n`);
  });

  test("goes to exactly one of many that start at once, over a stale file or none, again and again", async (t) => {
    for (const stale of [undefined, `${deadPid()}\n`, undefined, `${deadPid()}\n`]) {
      const { folder, path } = place(t);
      if (stale !== undefined) writeFileSync(path, stale);
      const starters = Array.from({ length: 12 }, () => starter(t, path));
      await Promise.all(starters.map(({ said }) => said("loaded\n")));
      for (const { child } of starters) child.stdin.write("go\n");
      const answers = await Promise.all(starters.map(({ said }) => said(/(held|refused) .*\n/)));
      const winners = starters.filter((_, n) => answers[n]?.startsWith("held"));
      assert.equal(winners.length, 1, answers.join(""));
      const [winner] = winners;
      assert.equal(readFileSync(path, "utf8"), `${winner?.child.pid}\n`);
      for (const answer of answers) assert.match(answer, new RegExp(`^(held|refused) ${winner?.child.pid}\n$`));
      assert.deepEqual(readdirSync(folder), ["p.pid"]);
    }
  });

  test("is written through no link", (t) => {
    const { folder, path } = place(t);
    symlinkSync(join(folder, "elsewhere"), path);
    assert.throws(() => new PidFile(path), /symbolic link/);
    writeFileSync(join(folder, "elsewhere"), `${deadPid()}\n`);
    assert.throws(() => new PidFile(path), /symbolic link/);
    assert.deepEqual(readdirSync(folder).sort(), ["elsewhere", "p.pid"]);
  });

  test("is emptied where its folder was taken away from its process, and the next one takes it over", {
    skip: !mayBecomeNobody() && "needs root",
  }, async (t) => {
    const { path } = place(t);
    const { child, said } = starter(t, path, "nobody");
    child.stdin.write("go\n");
    await said("held");
    child.stdin.end();
    await said("removed false\n");
    assert.equal(readFileSync(path, "utf8"), "");
    using _file = new PidFile(path);
    assert.equal(readFileSync(path, "utf8"), `${process.pid}\n`);
  });
});

function place(t: TestContext): { folder: string; path: string } {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, path: join(folder, "p.pid") };
}

/** Was a process a moment ago. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

async function sleeping(t: TestContext): Promise<number> {
  const child = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1e6)"]);
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child.pid as number;
}

async function holding(t: TestContext, path: string): Promise<number> {
  const { child, said } = starter(t, path);
  child.stdin.write("go\n");
  await said("held");
  return child.pid as number;
}

/** A process that takes the file when it is told to, says what came of it, and holds it until its input ends. */
function starter(t: TestContext, path: string, user = "") {
  const script = `
    const { PidFile } = await import(${JSON.stringify(new URL("./pid-file.js", import.meta.url).href)});
    console.log("loaded");
    let file;
    process.stdin.once("data", () => {
      try {
        file = new PidFile(${JSON.stringify(path)});
        if (${JSON.stringify(user)} !== "") process.setuid(${JSON.stringify(user)});
        console.log("held " + process.pid);
      } catch (error) {
        console.log("refused " + (error.pid ?? error.stack));
      }
    });
    process.stdin.on("end", () => console.log("removed " + file?.remove()));
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  let look = (): void => {};
  child.stdout.on("data", (chunk) => {
    text += chunk;
    look();
  });
  const said = (pattern: string | RegExp): Promise<string> =>
    new Promise((resolve) => {
      look = () => {
        const found =
          typeof pattern === "string" ? (text.includes(pattern) ? pattern : undefined) : pattern.exec(text)?.[0];
        if (found !== undefined) resolve(found);
      };
      look();
    });
  return { child, said };
}

function mayBecomeNobody(): boolean {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) console.error("!!! SKIPPED: a test of pidfiles needs root");
  return isRoot;
}
