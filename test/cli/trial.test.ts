/** `trial` as people run it: a process, its output and its exit status. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";

const folder = mkdtempSync(join(tmpdir(), "ropewalk-trial-"));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(`${folder}/node_modules`);
symlinkSync(ROOT, `${folder}/node_modules/ropewalk`);

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

describe("the examples of docs/trial.md", () => {
  const shown = shownIn(readFileSync(`${ROOT}docs/trial.md`, "utf8"));
  const kinds = ["dirty-timer", "dirty-port", "dirty-connection", "dirty-process", "dirty-worker", "logged-error"];

  test("there is one for each thing that makes a test fail", () => {
    const files = [...kinds, "unhandled-deferred"].map((kind) => `examples/trial/${kind}.test.ts`);
    assert.deepEqual([...shown.keys()].sort(), files.sort());
  });

  for (const [file, lines] of shown) {
    test(`${file} fails, with the message that the page shows`, async () => {
      const { status, out, err } = await trial(ROOT, file);
      assert.equal(status, 1, err);
      const seen = out.split("\n").map(withoutChance);
      const missing = lines.map(withoutChance).filter((line) => !seen.includes(line));
      assert.deepEqual(missing, [], out);
      assert.ok(new RegExp(`made at ${file}:\\d+:\\d+`).test(out), out);
    });
  }

  test("examples/trial/clean.test.ts passes", async () => {
    const { status, out } = await trial(ROOT, "examples/trial/clean.test.ts");
    assert.equal(status, 0, out);
    assert.match(out, /^ℹ pass 8$/m);
  });
});

describe("what trial runs", () => {
  test("files, whole folders, and of them the tests of a name", async () => {
    const place = files({
      "a.test.ts": says("apple", "pear"),
      "deep/b.test.mjs": says("plum"),
      "deep/c.ts": "throw new Error('no test file')",
      "node_modules/d.test.js": "throw new Error('of another package')",
    });
    assert.deepEqual(await saidIn(place), ["apple", "pear", "plum"]);
    assert.deepEqual(await saidIn(place, "a.test.ts"), ["apple", "pear"]);
    assert.deepEqual(await saidIn(place, "deep"), ["plum"]);
    assert.deepEqual(await saidIn(place, "pea", "plu"), ["pear", "plum"]);
    assert.deepEqual(await saidIn(place, "a.test.ts", "pea"), ["pear"]);
  });

  test("TypeScript without a build, with its imports", async () => {
    const place = files({
      "a.test.ts": `import { value } from "./value.ts";\n${says("apple")}\nconst n: number = value;\nif (n !== 42) throw n;`,
      "value.ts": "export const value: number = 42;",
    });
    assert.deepEqual(await saidIn(place), ["apple"]);
  });

  test("a file that cannot be loaded fails", async () => {
    const place = files({ "a.test.ts": "throw new Error('no such luck');" });
    const { status, out } = await trial(place);
    assert.equal(status, 1);
    assert.match(out, /no such luck/);
  });

  test("what is not there: exit status 2, and which it was", async () => {
    const place = files({ "a.test.ts": says("apple") });
    const noFile = await trial(place, "b.test.ts");
    assert.deepEqual([noFile.status, noFile.err], [2, 'trial: Cannot find test file or folder "b.test.ts"\n']);
    const noName = await trial(place, "cherry");
    assert.equal(noName.status, 2);
    assert.match(noName.err, /^trial: Cannot find a test whose name contains "cherry"/);
    const noTests = await trial(files({ "a.ts": "" }));
    assert.equal(noTests.status, 2);
    assert.match(
      noTests.err,
      /^trial: Cannot find a test file in the working directory: their names end in \.test\.ts,/,
    );
    for (const args of [["--nonsense"], ["--shard", "3/2"], ["-j", "0"], ["--timeout", "soon"]]) {
      assert.equal((await trial(place, ...args)).status, 2, args.join(" "));
    }
  });

  test("one of several parts of the files", async () => {
    const place = files({ "a.test.ts": says("a"), "b.test.ts": says("b"), "c.test.ts": says("c") });
    const parts = [await saidIn(place, "--shard", "1/2"), await saidIn(place, "--shard", "2/2")];
    assert.deepEqual(parts.flat().sort(), ["a", "b", "c"]);
    assert.ok(parts.every((part) => part.length > 0));
  });
});

describe("how trial runs them", () => {
  const many = ["a", "b", "c", "d", "e", "f", "g", "h"];

  test("in a random order, the same for the same seed, groups shuffled in themselves", async () => {
    const inGroup = `import { describe } from "ropewalk/trial";\ndescribe("group", () => { ${saying("1", "2", "3", "4")} });`;
    const place = files({ "a.test.ts": `${says(...many)}\n${inGroup}` });
    const order = await saidIn(place, "--random", "7");
    assert.notDeepEqual(order, [...many, "1", "2", "3", "4"]);
    assert.deepEqual(order, await saidIn(place, "--random", "7"));
    assert.notDeepEqual(order, await saidIn(place, "--random", "8"));
    assert.deepEqual([...order].sort(), ["1", "2", "3", "4", ...many]);
    const at = order.findIndex((name) => /\d/.test(name));
    assert.deepEqual(order.slice(at, at + 4).sort(), ["1", "2", "3", "4"]);
  });

  test("files in a random order too", async () => {
    const few = many.slice(0, 4);
    const place = files(Object.fromEntries(few.map((name) => [`${name}.test.ts`, says(name)])));
    const order = await saidIn(place, "-j", "1", "--random", "7");
    assert.notDeepEqual(order, few);
    assert.deepEqual([...order].sort(), few);
    assert.deepEqual(await saidIn(place, "-j", "1", "--random", "7"), order);
  });

  test("a random order that fails prints the command that repeats it", async () => {
    const place = files({
      "order.test.ts": `import { test } from "ropewalk/trial";
        let first;
        for (const name of ${JSON.stringify(many)}) test(name, () => { first ??= name; console.log("said " + name); });
        test("a comes first", () => { if (first !== "a") throw new Error("it was " + first); });`,
    });
    const { status, out } = await untilFails(() => trial(place, "order.test.ts", "--random"));
    assert.equal(status, 1);
    const [, args = ""] = /^trial: repeat this order with npx trial (--random \d+ order\.test\.ts)$/m.exec(out) ?? [];
    const again = await trial(place, ...args.split(" "));
    assert.equal(again.status, 1, args);
    assert.deepEqual(said(again.out), said(out));
  });

  test("a simulation that fails prints the command that repeats it", async () => {
    const place = files({
      "dice.test.ts": `import { test } from "ropewalk/trial";
        test("the dice are kind", (t) => {
          const drawn = t.sim.random("dice")();
          throw new Error("drawn " + drawn);
        });`,
    });
    const drawn = (out: string) => /drawn ([\d.e-]+)/.exec(out)?.[1] ?? assert.fail(out);
    const { out } = await trial(place);
    const command = /seed \d+: repeat it with npx (trial --seed \d+ dice\.test\.ts 'the dice are kind')$/m.exec(
      out,
    )?.[1];
    const again = await shell(
      place,
      (command ?? assert.fail(out)).replace(/^trial/, `"${process.execPath}" "${TRIAL}"`),
    );
    assert.equal(drawn(again.out), drawn(out));
    assert.notEqual(drawn((await trial(place, "--seed", "3")).out), drawn((await trial(place, "--seed", "4")).out));
  });

  test("until a test fails", async () => {
    const place = files({
      "count.test.ts": `import { appendFileSync, readFileSync } from "node:fs";
        import { test } from "ropewalk/trial";
        test("three times", () => {
          appendFileSync("runs", "x");
          if (readFileSync("runs", "utf8").length === 3) throw new Error("that is enough");
        });`,
    });
    const { status, out } = await trial(place, "--until-failure");
    assert.equal(status, 1);
    assert.deepEqual(out.match(/^trial: run \d passed$/gm), ["trial: run 1 passed", "trial: run 2 passed"]);
  });

  test("with a timeout for tests that do not say", async () => {
    const place = files({
      "hang.test.ts": `import { test } from "ropewalk/trial";
        test("hangs", () => new Promise(() => {}));`,
    });
    const { status, out } = await trial(place, "--timeout", "50");
    assert.equal(status, 1);
    assert.match(out, /Test is not done within 50 ms; nothing is known that it waits for/);
  });

  test("with reporters, several at once, into files, and of one's own", async () => {
    const place = files({
      "a.test.ts": says("apple"),
      "own.mjs": "export default async function* (events) { for await (const { type } of events) yield String(type); }",
      "bad.mjs": "export default async function* () { yield ''; throw new Error('no ink'); }",
    });
    const tap = await trial(place, "--reporter", "tap");
    assert.match(tap.out, /^TAP version 13\n[\s\S]*^ok 1 - apple$/m);
    const two = await trial(place, "--reporter", "dot", "--reporter", "junit=report.xml");
    assert.match(two.out, /^\.\n/);
    assert.match(readFileSync(`${place}/report.xml`, "utf8"), /<testcase name="apple"/);
    assert.match((await trial(place, "--reporter", "./own.mjs")).out, /test:pass/);
    const none = await trial(place, "--reporter", "smoke-signals");
    assert.equal(none.status, 2);
    assert.match(none.err, /^trial: Cannot load reporter "smoke-signals": /);
    const bad = await trial(place, "--reporter", "./bad.mjs");
    assert.deepEqual([bad.status, bad.err], [1, 'trial: Reporter "./bad.mjs" failed: no ink\n']);
  });

  test("with a report of which lines were run", async () => {
    const place = files({
      "a.test.mjs": `import { test } from "node:test"; import { half } from "./half.mjs"; test("half", () => half(true));`,
      "half.mjs": "export function half(yes) {\n  if (yes) return 1;\n  return 2;\n}\n",
    });
    const { status, out } = await trial(place, "--coverage");
    assert.equal(status, 0);
    assert.match(out, /half\.mjs +\| +\d+\.\d+ \|/);
    assert.match((await trial(place, "--coverage", "--reporter", "lcov")).out, /^SF:half\.mjs$/m);
  });

  test("again when a file changes, if asked to watch", async () => {
    const place = files({ "a.test.mjs": says("apple") });
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
    const child = spawn(process.execPath, [TRIAL, "--watch"], { cwd: place, env, stdio: ["ignore", "pipe", "ignore"] });
    let heard = "";
    const ended = new Promise((resolve) => child.once("close", resolve));
    const hears = (name: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (said(heard).includes(name)) resolve();
        };
        child.stdout.on("data", look);
        void ended.then(() => resolve());
        look();
      });
    child.stdout.on("data", (data) => {
      heard += data;
    });
    await hears("apple");
    // A change that came before the watcher saw is made again, ever later: a run that is under way is ended by one.
    let timer: NodeJS.Timeout | undefined;
    const change = (nextMs: number): void => {
      writeFileSync(`${place}/a.test.mjs`, says("pear"));
      timer = setTimeout(change, nextMs, 2 * nextMs);
    };
    change(2_000);
    await hears("pear");
    clearTimeout(timer);
    child.kill("SIGTERM");
    await ended;
    assert.ok(said(heard).includes("pear"), heard);
  });

  test("waiting for a debugger", async () => {
    const place = files({ "a.test.ts": says("apple") });
    const child = spawn(process.execPath, [TRIAL, "--debug"], {
      cwd: place,
      // Somebody else may be at the debugger's usual port.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: "--inspect-port=0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let heard = "";
    const ended = new Promise((resolve) => child.once("close", resolve));
    await new Promise<void>((resolve) => {
      child.stderr.on("data", (data) => {
        heard += data;
        if (/Debugger listening on ws:/.test(heard)) resolve();
      });
      void ended.then(() => resolve());
    });
    child.kill("SIGTERM");
    await ended;
    assert.match(heard, /Debugger listening on ws:\/\/127\.0\.0\.1/);
  });

  test("without a trace in the environment of what tests start", async () => {
    const place = files({
      "a.test.ts": `import { execFileSync } from "node:child_process"; import { test } from "ropewalk/trial";
        test("env", () => console.log("said " + execFileSync(process.execPath, ["-p", "process.env.NODE_OPTIONS"], { encoding: "utf8" }).trim()));`,
    });
    assert.deepEqual(await saidIn(place), ["undefined"]);
  });

  test("plain node --test runs the same file", async () => {
    const place = files({ "a.test.mjs": says("apple") });
    const { status, out } = await run(place, process.execPath, ["--test", "a.test.mjs"]);
    assert.equal(status, 0, out);
  });

  test("ropewalk test is trial", async () => {
    const place = files({ "a.test.ts": says("apple") });
    const { status, out } = await run(place, process.execPath, [`${ROOT}bin/ropewalk.js`, "test", "a.test.ts"]);
    assert.deepEqual([status, said(out)], [0, ["apple"]]);
  });
});

const TRIAL = `${ROOT}bin/trial.js`;
let places = 0;

/** A folder with these files. */
function files(contents: Readonly<Record<string, string>>): string {
  places += 1;
  const place = `${folder}/${places}`;
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(join(place, name, ".."), { recursive: true });
    writeFileSync(join(place, name), text);
  }
  return place;
}

/** A test file whose tests say their names. */
function says(...names: readonly string[]): string {
  return `import { test } from "ropewalk/trial";\n${saying(...names)}`;
}

function saying(...names: readonly string[]): string {
  return names.map((name) => `test("${name}", () => console.log("said ${name}"));`).join("\n");
}

function said(out: string): string[] {
  return [...out.matchAll(/^said (.*)$/gm)].map(([, name = ""]) => name);
}

async function saidIn(place: string, ...args: readonly string[]): Promise<string[]> {
  const { status, out, err } = await trial(place, ...args);
  assert.equal(status, 0, out + err);
  return said(out);
}

/** What is different in each run, and how Node shows the class of an error that comes from another process. */
function withoutChance(line: string): string {
  return line
    .trim()
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
    .replace(/pid \d+/, "pid N")
    .replace(/ \([\d.]+ms\)$/, "")
    .replace(/^(\w+ \[)?(\w+Error)\]?: /, "$2: ");
}

/** The lines that a page shows for each file: those below `$ npx trial FILE`. */
function shownIn(page: string): Map<string, string[]> {
  const shown = new Map<string, string[]>();
  for (const [, file = "", text = ""] of page.matchAll(/^\$ npx trial (\S+)\n([\s\S]*?)(?=\n\n|\n```)/gm)) {
    shown.set(file, text.split("\n"));
  }
  return shown;
}

async function untilFails(once: () => Promise<Ended>): Promise<Ended> {
  for (;;) {
    const ended = await once();
    if (ended.status !== 0) return ended;
  }
}

function trial(place: string, ...args: readonly string[]): Promise<Ended> {
  return run(place, process.execPath, [TRIAL, ...args]);
}

function shell(place: string, command: string): Promise<Ended> {
  return run(place, "sh", ["-c", command]);
}

function run(place: string, program: string, args: readonly string[]): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd: place, env, encoding: "utf8" }, (_error, out, err) => {
      resolve({ status: child.exitCode ?? -1, out, err });
    });
  });
}
