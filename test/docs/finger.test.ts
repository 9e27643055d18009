/** What docs/finger/ says: the one service with the clients that people have, under twistd, and in the simulator. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { FILE_LIMIT_MS, lacks, type Program, PYTHON, start } from "../interop/support/program.ts";
import { twistedAbsence } from "../oracle/twisted.ts";
import { ANYWHERE, ROPEWALK, serving } from "../twistd/support.ts";
import { interrupt, run } from "./running.ts";
import { userFolder } from "./user-folder.ts";

describe("the service in one file", { skip: lacks("nc", "curl"), timeout: 5 * FILE_LIMIT_MS }, () => {
  test("tells finger and HTTP what was said in the chat", async (t) => {
    const { program, finger, web, chat } = await serve(t);
    const ann = await enter(t, chat, "ann");
    ann.write("back at two\n");
    // Whoever says something hears nothing of it; the answer to /who tells that the line before it has come.
    ann.write("/who\n");
    await ann.out.until("* Here: ann");
    await until(async () => (await ask(t, finger, "ann")) === "back at two\r\n");
    assert.equal(await curl(t, `${web}ann`), `{"name":"ann","status":"back at two"}`);
    assert.equal(await curl(t, web), `["ann"]`);
    await interrupt(program);
  });

  test("tells the chat what comes over HTTP, and every client who is not here", async (t) => {
    const { program, finger, web, chat } = await serve(t);
    const ann = await enter(t, chat, "ann");
    assert.equal(await curl(t, "-X", "PUT", "-d", "at lunch", `${web}bob`), `{"name":"bob","status":"at lunch"}`);
    await ann.out.until("* The house: bob: at lunch\r\n");
    assert.equal(await ask(t, finger, "eve"), "eve is not here\r\n");
    assert.match(await curl(t, "-i", `${web}eve`), /^HTTP\/1\.1 404 [\s\S]*eve is not here/);
    await interrupt(program);
  });

  test("writes no file but those of users", async (t) => {
    const { program, web } = await serve(t);
    for (const name of ["..%2Fservice.ts", "users/x", "%2e%2e/x", "a b"]) {
      const answer = await curl(t, "-i", "--path-as-is", "-X", "PUT", "-d", "gone", web + encodeURI(name));
      assert.match(answer, /^HTTP\/1\.1 404 /, name);
    }
    assert.equal(await curl(t, web), "[]");
    await interrupt(program);
  });

  test("hears AMP from set-status, and tells finger", async (t) => {
    const { program, finger, amp } = await serve(t);
    const caller = run(t, "finger/set-status", "ann", "at sea", `tcp:127.0.0.1:${amp}`);
    assert.equal((await caller.finished()).code, 0);
    assert.equal(caller.out.text, "ann: at sea\n");
    assert.equal(await ask(t, finger, "ann"), "at sea\r\n");
    await interrupt(program);
  });

  test("answers Twisted's AMP", { skip: lacks(PYTHON) || twistedAbsence() }, async (t) => {
    const { program, web, amp } = await serve(t);
    await curl(t, "-X", "PUT", "-d", "at lunch", `${web}bob`);
    for (const [name, answer] of [
      ["bob", "at lunch\n"],
      ["eve", "eve is not here\n"],
    ] as const) {
      const python = start(t, PYTHON, [`${ROOT}examples/finger/where_is.py`, String(amp), name]);
      assert.deepEqual([(await python.finished()).code, python.out.text], [0, answer], python.err.text);
    }
    await interrupt(program);
  });
});

describe("the service deployed", { skip: lacks("nc", "curl"), timeout: 5 * FILE_LIMIT_MS }, () => {
  test("as its unit starts it, is replaced on SIGUSR2, and knows what the users said", async (t) => {
    const unit = readFileSync(`${ROOT}examples/finger/finger.service`, "utf8");
    const [, words = ""] = /^ExecStart=\/usr\/bin\/npx twistd (.*)$/m.exec(unit) ?? [];
    const { program, web } = await serve(t, words.split(" "));
    await curl(t, "-X", "PUT", "-d", "at lunch", `${web}bob`);
    program.kill("SIGUSR2");
    await program.err.until(/Started service\.ts[\s\S]*Started service\.ts/);
    assert.equal(await curl(t, `${web}bob`), `{"name":"bob","status":"at lunch"}`);
    await interrupt(program);
  });
});

describe("the service simulated", { timeout: 5 * FILE_LIMIT_MS }, () => {
  test("lets Ann back in, whatever happened to the network", async (t) => {
    const { code, out } = await simulate(t);
    assert.equal(code, 0, out);
    assert.match(out, /^"finger" holds: 50 seeds/);
  });

  test("with a patient server keeps her out, for one short partition", async (t) => {
    const { code, out } = await simulate(t, "--plant", "patient");
    assert.equal(code, 1, out);
    assert.match(out, /^Seed \d+ fails "Ann is in the room" at 120000 ms: /m);
    assert.match(
      out,
      /^Shortest schedule \(1 of \d faults, found in \d+ runs\):\n {2}from \d+ ms, for \d+ ms: partition of /m,
    );
  });
});

interface Served {
  readonly program: Program;
  readonly finger: number;
  readonly web: string;
  readonly chat: number;
  readonly amp: number;
}

async function serve(t: TestContext, words: readonly string[] = ["-f", "service.ts"]): Promise<Served> {
  const where = ["--", ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE];
  const cwd = userFolder(t, "finger/service.ts");
  const { program, ports } = await serving(t, [...words, ...where], { cwd });
  const [finger = 0, web = 0, chat = 0, amp = 0] = ports;
  return { program, finger, web: `http://127.0.0.1:${web}/`, chat, amp };
}

async function enter(t: TestContext, port: number, name: string): Promise<Program> {
  const nc = start(t, "nc", ["127.0.0.1", String(port)]);
  nc.write(`${name}\n`);
  await nc.out.until(`Hello, ${name}.`);
  return nc;
}

/** The answer of the finger server. */
async function ask(t: TestContext, port: number, name: string): Promise<string> {
  const nc = start(t, "nc", ["127.0.0.1", String(port)]);
  nc.write(`${name}\n`);
  nc.endInput();
  await nc.finished();
  return nc.out.text;
}

async function curl(t: TestContext, ...words: readonly string[]): Promise<string> {
  const program = start(t, "curl", ["-s", ...words]);
  assert.equal((await program.finished()).code, 0);
  return program.out.text;
}

/** Asks until it is so; the limit of the suite is the limit. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}

async function simulate(t: TestContext, ...words: readonly string[]): Promise<{ code: number | null; out: string }> {
  const cwd = userFolder(t, "finger/service.ts", "finger/partition.sim.ts");
  const program = start(t, process.execPath, [ROPEWALK, "sim", "partition.sim.ts", "--seeds", "50", ...words], { cwd });
  const { code } = await program.finished();
  return { code, out: program.out.text };
}
