/** `ropewalk sim` as people run it: a process, its output and its exit status. */
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";

const COUNTING = "test/cli/counting.sim.ts";
const MAIN = `${ROOT}bin/ropewalk.js`;
const folder = mkdtempSync(join(tmpdir(), "ropewalk-cli-"));
after(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function ropewalk(...args: readonly string[]): Promise<Ended> {
  return run(process.execPath, [MAIN, ...args]);
}

function run(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd: ROOT, encoding: "utf8" }, (_error, out, err) => {
      resolve({ status: child.exitCode ?? -1, out, err });
    });
  });
}

describe("ropewalk sim explores", () => {
  test("a scenario that holds: exit status 0, and what was done", async () => {
    const { status, out, err } = await ropewalk("sim", COUNTING, "--seeds", "20");
    assert.equal(status, 0, err);
    assert.match(out, /^"counting" holds: 20 seeds, \d+ events, .* seeds\/s\n$/);
    assert.match(err, /^20\/20 seeds, .*, 0 failed$/m);
  });

  test("a planted bug: exit status 1, the seed, the shortest schedule, and a command that shows it again", async () => {
    const { status, out } = await ropewalk("sim", COUNTING, "--seeds", "100", "--plant", "amnesia");
    assert.equal(status, 1);
    assert.match(out, /^Seed \d+ fails "each number once, in order" at \d/m);
    assert.match(out, /^Shortest schedule \(1 of \d faults, found in \d+ runs\):\n {2}(at|from) \d+ ms/m);
    const [, command = ""] = /Replay:\n {2}npx ropewalk (.*)\n/.exec(out) ?? [];
    const again = await run("sh", ["-c", `"${process.execPath}" "${MAIN}" ${command} --hash`]);
    assert.equal(again.status, 1);
    assert.match(again.out, /^Seed \d+ fails "each number once, in order" at \d/m);
    assert.match(again.out, /^hash [0-9a-f]{16}$/m);
  });

  test("worker processes find the same lowest seed as one process does", async () => {
    const seedOf = ({ out }: Ended): string => /^Seed (\d+) fails/m.exec(out)?.[1] ?? assert.fail(out);
    const alone = await ropewalk("sim", COUNTING, "--seeds", "100", "--plant", "amnesia");
    const together = await ropewalk("sim", COUNTING, "--seeds", "100", "--plant", "amnesia", "--jobs", "3");
    assert.equal(together.status, 1);
    assert.equal(seedOf(together), seedOf(alone));
    assert.match((await ropewalk("sim", COUNTING, "--seeds", "30", "--jobs", "2")).out, /holds: 30 seeds/);
  });

  test("until so many seeds have failed", async () => {
    const { out } = await ropewalk("sim", COUNTING, "--seeds", "100", "--plant", "amnesia", "--stop-after", "2");
    assert.equal(out.match(/^Seed /gm)?.length, 2);
  });

  test("from another first seed", async () => {
    const { out } = await ropewalk("sim", COUNTING, "--first-seed", "50", "--seeds", "100", "--plant", "amnesia");
    assert.ok(Number(/^Seed (\d+) fails/m.exec(out)?.[1]) >= 50);
  });

  test("and ends at SIGINT, with what it has", async () => {
    const child = spawn(process.execPath, [MAIN, "sim", COUNTING, "--seeds", "1000000"], { cwd: ROOT });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    // It has begun when it says how far it is.
    while (!err.includes("seeds")) await once(child.stderr, "data");
    child.kill("SIGINT");
    const [status] = (await once(child, "exit")) as [number];
    assert.equal(status, 130);
    assert.match(err, /Interrupted after \d+ seeds, of which 0 failed/);
  });
});

describe("ropewalk sim replays", () => {
  test("one seed, with the same hash every time", async () => {
    const [one, other] = [
      await ropewalk("sim", COUNTING, "--seed", "7", "--hash"),
      await ropewalk("sim", COUNTING, "--seed", "7", "--hash"),
    ];
    assert.equal(one.status, 0);
    assert.match(one.out, /^Seed 7 of "counting" holds: \d+ events in 5000 ms of virtual time\nFaults:\n {2}from /);
    assert.match(one.out, /^hash [0-9a-f]{16}$/m);
    assert.equal(one.out, other.out);
  });

  test("packet by packet", async () => {
    const { out } = await ropewalk("sim", COUNTING, "--seed", "7", "--trace");
    assert.match(out, /#1 tcp client:\d+ > server:7 SYN, 0 bytes$/m);
    assert.match(out, /#1 arrives at server$/m);
    assert.match(out, /fault begins: /);
  });

  test("with a capture and a diagram, which do not change the run", async () => {
    const [capture, diagram] = [join(folder, "run.pcapng"), join(folder, "run.html")];
    const plain = await ropewalk("sim", COUNTING, "--seed", "7", "--hash");
    const recorded = await ropewalk(
      "sim",
      COUNTING,
      "--seed",
      "7",
      "--capture",
      capture,
      "--diagram",
      diagram,
      "--hash",
    );
    assert.equal(recorded.status, 0, recorded.err);
    assert.equal(recorded.out, plain.out);
    // The section header block of pcapng.
    assert.equal(readFileSync(capture).readUInt32LE(0), 0x0a0d0d0a);
    assert.match(readFileSync(diagram, "utf8"), /^<!doctype html>.*<svg/is);
  });

  test("faults that are given, as JSON or in a file, in place of its own", async () => {
    const faults = '[{"kind":"pause","host":"client","atMs":10,"forMs":5}]';
    const path = join(folder, "faults.json");
    writeFileSync(path, faults);
    for (const given of [faults, path]) {
      const { out } = await ropewalk("sim", COUNTING, "--seed", "7", "--faults", given);
      assert.match(out, /Faults:\n {2}from 10 ms, for 5 ms: pause of client\n$/);
    }
  });
});

test("a worker that is killed ends it with exit status 70, and says so", async () => {
  const child = spawn(process.execPath, [MAIN, "sim", COUNTING, "--seeds", "1000000", "--jobs", "2"], { cwd: ROOT });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  while (!err.includes("seeds")) await once(child.stderr, "data");
  const [victim] = execFileSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" }).split("\n");
  process.kill(Number(victim), "SIGKILL");
  const [status] = (await once(child, "exit")) as [number];
  assert.equal(status, 70);
  assert.match(err, /Worker ended by itself with SIGKILL/);
});

describe("ropewalk sim refuses, with exit status 2", () => {
  const refused = (name: string, args: readonly string[], message: RegExp): void => {
    test(name, async () => {
      const { status, err, out } = await ropewalk(...args);
      assert.match(err, message);
      assert.equal(status, 2);
      assert.equal(out, "");
    });
  };
  refused("no file", ["sim"], /missing required argument 'FILE'/);
  refused("a file that is not there", ["sim", "nowhere.ts"], /Cannot load "nowhere\.ts": there is no such file/);
  refused("a file without a scenario", ["sim", "test/cli/broken.sim.ts"], /its default export is no scenario/);
  refused("a file that cannot be loaded", ["sim", "README.md"], /Cannot load "README\.md": /);
  refused("a plant that there is not", ["sim", COUNTING, "--plant", "rose"], /Cannot plant "rose".*it has amnesia/);
  refused("a number that is none", ["sim", COUNTING, "--seeds", "many"], /'many' is invalid.*no whole number/);
  refused("no seeds", ["sim", COUNTING, "--seeds", "0"], /It is 1 or more/);
  refused("one seed and many", ["sim", COUNTING, "--seed", "1", "--seeds", "2"], /cannot be used with option/);
  refused("a trace of many seeds", ["sim", COUNTING, "--trace"], /--trace is of one run: say which with --seed/);
  refused("an option that there is not", ["sim", COUNTING, "--sedes", "1"], /unknown option '--sedes'/);
  refused(
    "faults that are no JSON",
    ["sim", COUNTING, "--seed", "1", "--faults", "[{"],
    /Cannot read faults from \[\{/,
  );
  refused(
    "faults that cannot be",
    ["sim", COUNTING, "--seed", "1", "--faults", '[{"kind":"flood"}]'],
    /kind "flood": kinds are partition/,
  );
  refused(
    "faults of hosts that there are not",
    ["sim", COUNTING, "--seed", "1", "--faults", '[{"kind":"crash","host":"moon"}]'],
    /Cannot find "moon"/,
  );
  const withEnum = join(folder, "enum.ts");
  writeFileSync(withEnum, "enum Colour { Red }\nexport default Colour;\n");
  refused("TypeScript that is more than types", ["sim", withEnum], /enum\.ts": .*enum is not supported/s);
  const nowhere = join(folder, "nowhere", "run");
  refused("a capture that cannot be written", ["sim", COUNTING, "--seed", "1", "--capture", nowhere], /nowhere/);
  refused("a diagram that cannot be written", ["sim", COUNTING, "--seed", "1", "--diagram", nowhere], /nowhere/);
  refused("a plant that workers have not", ["sim", COUNTING, "--plant", "rose", "--jobs", "2"], /Cannot plant "rose"/);
});
