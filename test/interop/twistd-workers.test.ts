/** Workers that are replaced, killed and stopped while others' programs load them. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { listeningPort, twistd } from "../twistd/support.ts";
import { nthPid, restart, servingPids, WEB, type Workforce, workforce } from "../twistd/workforce.ts";
import { temporaryFolder } from "./support/places.ts";
import { lacks, type Program, start } from "./support/program.ts";

describe("a rolling restart of four workers", () => {
  test("fails no request of wrk, on connections that it keeps", { skip: lacks("wrk") }, async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "rope.txt"), "hemp\n");
    const words = ["web", "--listen", "tcp:0:interface=127.0.0.1", "--path", folder];
    const program = twistd(t, ["--workers", "4", ...words]);
    await program.err.until("with 4 workers");
    const force = { program, port: await listeningPort(program), count: 4 };
    await underLoad(t, force, () => wrk(t, force, "rope.txt"), unfailing);
  });

  test("fails no request of ab, with a connection for each", { skip: lacks("ab") }, async (t) => {
    const force = await workforce(t, 4, [WEB]);
    await underLoad(t, force, () => ab(t, force), unfailing);
  });

  test("fails none if they are sticky, either", { skip: lacks("ab") }, async (t) => {
    const force = await workforce(t, 4, [WEB], ["--sticky"]);
    await underLoad(t, force, () => ab(t, force), unfailing);
  });
});

describe("under load", { skip: lacks("wrk") }, () => {
  test("a worker that is killed fails its own connections only, and nobody is refused", async (t) => {
    const force = await workforce(t, 4, [WEB]);
    const load = wrk(t, force);
    process.kill(servingPids(force)[1] as number, "SIGKILL");
    await nthPid(force, 2, 2);
    await load.finished();
    const [, connect = "0", read = "0"] = /Socket errors: connect (\d+), read (\d+)/.exec(load.out.text) ?? [];
    assert.equal(connect, "0", load.out.text);
    assert.ok(Number(read) <= CONNECTIONS, load.out.text);
    assert.doesNotMatch(load.out.text, /Non-2xx/);
    const next = wrk(t, force);
    await next.finished();
    unfailing(next);
  });

  test("a stop ends all of them, with exit status 0", async (t) => {
    const force = await workforce(t, 4, [WEB]);
    const load = wrk(t, force);
    force.program.kill("SIGTERM");
    assert.deepEqual(await force.program.finished(), { code: 0, signal: null });
    assert.doesNotMatch(force.program.err.text, /Killed worker/);
    await load.finished();
  });
});

/** Restarts all workers while one load follows another, and looks at each of those. */
async function underLoad(
  t: TestContext,
  force: Workforce,
  load: () => Program,
  look: (load: Program) => void,
): Promise<void> {
  const before = servingPids(force);
  let isDone = false;
  const first = load();
  const restarted = restart(force).then(() => {
    isDone = true;
  });
  for (let running = first; ; running = load()) {
    await running.finished();
    look(running);
    if (isDone) break;
  }
  await restarted;
  assert.equal(new Set([...before, ...servingPids(force)]).size, 2 * force.count);
  t.diagnostic(`${force.count} workers replaced under load`);
}

function wrk(t: TestContext, { port }: Workforce, path = ""): Program {
  const settings = ["-t1", `-c${CONNECTIONS}`, "-d2s", "--timeout", "60s"];
  return start(t, "wrk", [...settings, `http://127.0.0.1:${port}/${path}`]);
}

function ab(t: TestContext, { port }: Workforce): Program {
  return start(t, "ab", ["-q", "-l", "-s", "60", "-c", "16", "-n", "3000", `http://127.0.0.1:${port}/`]);
}

function unfailing({ out, err }: Program): void {
  assert.match(out.text, /\d{2,} requests in|Complete requests: +3000/, err.text);
  assert.doesNotMatch(out.text, /Non-2xx|Socket errors|Failed requests: +[1-9]/);
}

const CONNECTIONS = 32;
