/** What docs/primer/ says of programs that serve until Ctrl-C, or that another command than `node` runs. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { FILE_LIMIT_MS, lacks, start } from "../interop/support/program.ts";
import { twistd } from "../twistd/support.ts";
import { interrupt, portOf, run } from "./running.ts";
import { userFolder } from "./user-folder.ts";

/** Lines of code: what is neither blank nor a comment. */
const LONGEST = 25;

describe("the primer", { timeout: FILE_LIMIT_MS }, () => {
  for (const name of readdirSync(`${ROOT}examples/primer`)) {
    test(`${name} has at most ${LONGEST} lines of code`, () => {
      const lines = readFileSync(`${ROOT}examples/primer/${name}`, "utf8").split("\n");
      const code = lines.filter((line) => !/^\s*(\/\/.*|\/?\*.*)?$/.test(line));
      assert.ok(code.length <= LONGEST, `it has ${code.length}`);
    });
  }

  test("its pages show every program of examples/primer", () => {
    const pages = readdirSync(`${ROOT}docs/primer`).map((name) => readFileSync(`${ROOT}docs/primer/${name}`, "utf8"));
    const shown = new Set(
      pages.flatMap((page) => page.match(/(?<=\]\(.*)examples\/primer\/[\w-]+\.ts(?=\)$)/gm) ?? []),
    );
    assert.deepEqual(
      [...shown].sort(),
      readdirSync(`${ROOT}examples/primer`)
        .map((name) => `examples/primer/${name}`)
        .sort(),
    );
  });
});

describe("the first server", { skip: lacks("nc"), timeout: FILE_LIMIT_MS }, () => {
  test("says back over TCP what nc says", async (t) => {
    const server = run(t, "primer/echo", "tcp:0:interface=127.0.0.1");
    const nc = start(t, "nc", ["127.0.0.1", await portOf(server)]);
    nc.write("good morning\n");
    await nc.out.until("good morning\n");
    await interrupt(server);
  });

  test("does so over a UNIX socket, too", async (t) => {
    const socket = `${temporaryFolder(t)}/echo.sock`;
    const server = run(t, "primer/echo", `unix:${socket}`);
    await server.out.until("Listening on");
    const nc = start(t, "nc", ["-U", socket]);
    nc.write("good morning\n");
    await nc.out.until("good morning\n");
    await interrupt(server);
  });
});

describe("the shop of services", { skip: lacks("nc"), timeout: FILE_LIMIT_MS }, () => {
  test("is opened in order, sells, and is closed in reverse", async (t) => {
    const folder = userFolder(t, "primer/shop.ts");
    const program = twistd(t, ["-f", "shop.ts"], { cwd: folder });
    await program.err.until("Started shop.ts");
    const nc = start(t, "nc", ["-U", `${folder}/till.sock`]);
    await nc.finished();
    assert.equal(nc.out.text, "That is 7 euros\n");
    await interrupt(program);
    assert.equal(program.out.text, "cellar is open\nshop is open\nshop is closed\ncellar is closed\n");
  });
});

describe("the door of Trial", { timeout: FILE_LIMIT_MS }, () => {
  test("passes one test and fails the other, for what it left", async (t) => {
    // Node's runner would take a run within a run for a part of its own.
    const words = ["-u", "NODE_TEST_CONTEXT", process.execPath, `${ROOT}bin/trial.js`, "--reporter", "spec", "door.ts"];
    const trial = start(t, "env", words, { cwd: userFolder(t, "primer/door.ts") });
    assert.equal((await trial.finished()).code, 1);
    const said = Buffer.from(trial.out.text, "latin1").toString();
    assert.match(said, /^✔ a door locks itself after a minute .*\n✖ a new door is open/m);
    const leftovers = [
      "  Error [DirtyReactorError]: Test left 1 thing behind in its reactor:",
      "    delayed call, due in 60000 ms",
      "      made at door.ts:9:11",
    ];
    assert.ok(said.includes(`\n${leftovers.join("\n")}\n`), said);
  });
});
