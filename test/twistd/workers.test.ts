import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { temporaryFolder } from "../interop/support/places.ts";
import { twistd } from "./support.ts";
import {
  ask,
  Client,
  ECHO,
  EchoClient,
  nthPid,
  pidsOf,
  restart,
  servingPids,
  startWorkforce,
  WEB,
  type Workforce,
  workforce,
} from "./workforce.ts";

describe("twistd --workers", () => {
  test("runs as many processes as were asked for, which share their port, and the primary serves nobody", async (t) => {
    const force = await workforce(t, 3, [WEB]);
    const pids = servingPids(force);
    assert.equal(new Set(pids).size, 3);
    assert.ok(!pids.includes(force.program.pid));
    for (const [index, pid] of pids.entries()) assert.deepEqual(await askOnly(force, pid), [pid, `${index + 1}/3`]);
  });

  test("auto is one for each processor", async (t) => {
    const program = twistd(t, ["--workers", "auto", "echo", "--listen", "tcp:0:interface=127.0.0.1"]);
    const [, count] = await program.err.until(/Started .*, with (\d+) workers/);
    assert.equal(Number(count), availableParallelism());
  });

  test("one that cannot start ends the start of all, with its words and exit status 1", async (t) => {
    const file = join(temporaryFolder(t), "broken");
    writeFileSync(file, "");
    const program = startWorkforce(t, 3, [WEB, `broken=${file}`]);
    assert.deepEqual(await program.finished(), { code: 1, signal: null });
    assert.match(program.err.text, /^twistd: Cannot start ".*": the rope is broken$/m);
    assert.equal(program.err.text.match(/the rope is broken/g)?.length, 1);
  });

  test("a signal ends them: exit status 0, what is under way is completed first, and nobody is left", async (t) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const force = await workforce(t, 2, [WEB, ECHO]);
      const file = join(temporaryFolder(t), "go");
      const held = ask(force.port, { path: `/hold?${file}` });
      await force.program.err.until("holding in");
      force.program.kill(signal);
      await force.program.err.until(`Received ${signal}`);
      writeFileSync(file, "");
      assert.equal((await held).isLast, true);
      // It has their standard error: its end is that of all of them.
      assert.deepEqual(await force.program.finished(), { code: 0, signal: null });
      await assert.rejects(ask(force.port), /ECONNREFUSED/);
    }
  });

  test("a signal during the start ends that too", async (t) => {
    const program = startWorkforce(t, 2, [WEB]);
    await program.err.until("Listening on");
    program.kill("SIGTERM");
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
  });

  test("a worker that does not stop is killed", async (t) => {
    const force = await workforce(t, 2, [WEB], ["--stop-timeout", "100ms"]);
    const blocked = ask(force.port, { path: "/block" }).catch((error: Error) => error);
    const [, pid] = await force.program.err.until(/blocked in (\d+)/);
    force.program.kill("SIGTERM");
    assert.deepEqual(await force.program.finished(), { code: 0, signal: null });
    assert.match(force.program.err.text, new RegExp(`Killed worker \\d, process ${pid}: it did not stop within`));
    assert.ok((await blocked) instanceof Error);
  });

  test("the workers hear SIGHUP, and live on", async (t) => {
    const force = await workforce(t, 2, [WEB]);
    force.program.kill("SIGHUP");
    for (const pid of servingPids(force)) await force.program.err.until(`hangup in ${pid}\n`);
    assert.equal((await ask(force.port)).status, 200);
  });

  test("none outlives a primary that was killed, and what is under way is completed", async (t) => {
    const force = await workforce(t, 3, [WEB]);
    const file = join(temporaryFolder(t), "go");
    const held = ask(force.port, { path: `/hold?${file}` });
    await force.program.err.until("holding in");
    force.program.kill("SIGKILL");
    await force.program.err.until(/(?:The primary process is gone[\s\S]*){3}/);
    writeFileSync(file, "");
    assert.equal((await held).status, 200);
    assert.deepEqual(await force.program.finished().catch((error: Error) => error.name), "Error");
  });
});

describe("a worker that crashes", () => {
  test("is replaced, and the others go on", async (t) => {
    const force = await workforce(t, 2, [ECHO]);
    const [first, second] = servingPids(force) as [number, number];
    const client = await echoAt(t, force, second);
    process.kill(first, "SIGKILL");
    const next = await nthPid(force, 1, 2);
    assert.match(force.program.err.text, new RegExp(`Worker 1, process ${first}, ended after \\d+ s: SIGKILL`));
    assert.ok(next !== first);
    assert.equal(await client.says("still here?"), "still here?");
    assert.deepEqual(pidsOf(force, 2), [second]);
    await echoAt(t, force, next);
  });

  test("waits longer for its replacement each time", async (t) => {
    const force = await workforce(t, 1, [ECHO]);
    for (let nth = 1; nth <= 4; nth++) process.kill(await nthPid(force, 1, nth), "SIGKILL");
    const [text] = await force.program.err.until(/(?:Worker 1 starts again in \d+ ms[\s\S]*){4}/);
    const delays = [...text.matchAll(/Worker 1 starts again in (\d+) ms/g)].map((match) => Number(match[1]));
    for (const [index, delay] of delays.entries())
      assert.ok(index === 0 || delay > (delays[index - 1] as number), text);
    force.program.kill("SIGTERM");
    assert.deepEqual(await force.program.finished(), { code: 0, signal: null });
  });

  test("whose replacement cannot start is tried again until it can", async (t) => {
    const file = join(temporaryFolder(t), "broken");
    const force = await workforce(t, 2, [WEB, `broken=${file}`]);
    const [first, second] = servingPids(force) as [number, number];
    writeFileSync(file, "");
    process.kill(first, "SIGKILL");
    await force.program.err.until(/Worker 1 cannot start: Cannot start ".*": the rope is broken/);
    assert.equal((await ask(force.port)).pid, second);
    rmSync(file);
    await nthPid(force, 1, 2);
  });
});

describe("SIGUSR2", () => {
  test("replaces all workers, and no client notices", async (t) => {
    const force = await workforce(t, 3, [WEB]);
    const before = servingPids(force);
    const clients = Array.from({ length: 4 }, () => new Client(force.port));
    await restart(force);
    const after = servingPids(force);
    for (const client of clients) await client.seen(after);
    for (const client of clients) assert.deepEqual(await client.stop(), []);
    assert.equal(new Set([...before, ...after]).size, 6);
  });

  test("lets the former worker complete what is under way, as the last answer of its connection", async (t) => {
    const force = await workforce(t, 1, [WEB]);
    const [former] = servingPids(force);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const file = join(temporaryFolder(t), "go");
    const held = ask(force.port, { path: `/hold?${file}`, agent });
    await force.program.err.until("holding in");
    force.program.kill("SIGUSR2");
    const next = await nthPid(force, 1, 2);
    while ((await ask(force.port)).pid !== next);
    writeFileSync(file, "");
    const { pid, isLast } = await held;
    assert.deepEqual([pid, isLast], [former, true]);
    assert.equal((await ask(force.port, { agent })).pid, next);
    await force.program.err.until("All 1 workers are new");
  });

  test("lets other connections live until they end by themselves", async (t) => {
    const force = await workforce(t, 1, [ECHO]);
    const [former] = servingPids(force) as [number];
    const client = await echoAt(t, force, former);
    force.program.kill("SIGUSR2");
    const next = await nthPid(force, 1, 2);
    // Until it hears that it is replaced, the former one accepts as well.
    for (let pid = ""; pid !== String(next); ) {
      const other = new EchoClient(t, force.port);
      pid = await other.line();
      other.socket.end();
    }
    assert.equal(await client.says("still here?"), "still here?");
    client.socket.end();
    await force.program.err.until("All 1 workers are new");
  });

  test("closes what has not ended within the limit", async (t) => {
    const force = await workforce(t, 1, [ECHO], ["--drain-timeout", "100ms"]);
    const client = await echoAt(t, force, servingPids(force)[0] as number);
    await restart(force);
    await client.closed;
  });

  test("leaves those that are there alone if a new one cannot start", async (t) => {
    const file = join(temporaryFolder(t), "broken");
    const force = await workforce(t, 2, [WEB, `broken=${file}`]);
    const before = servingPids(force);
    writeFileSync(file, "");
    force.program.kill("SIGUSR2");
    await force.program.err.until(/The restart ends at worker 1, which cannot start: .*the rope is broken/);
    assert.ok(before.includes((await ask(force.port)).pid));
    assert.deepEqual(servingPids(force), before);
    rmSync(file);
    await restart(force);
    assert.equal(new Set([...before, ...servingPids(force)]).size, 4);
  });

  test("twice is done twice, and a stop in its midst ends it", async (t) => {
    const force = await workforce(t, 1, [WEB]);
    force.program.kill("SIGUSR2");
    await force.program.err.until("Restarting 1 workers");
    force.program.kill("SIGUSR2");
    await nthPid(force, 1, 3);
    force.program.kill("SIGUSR2");
    await force.program.err.until(/(?:Restarting 1 workers[\s\S]*){3}/);
    force.program.kill("SIGTERM");
    assert.deepEqual(await force.program.finished(), { code: 0, signal: null });
  });
});

/** What one worker answers: the others are held still meanwhile, so that it is the one that accepts. */
async function askOnly(force: Workforce, pid: number): Promise<[number, string]> {
  return holdingOthers(force, pid, async () => {
    const { pid: answered, worker } = await ask(force.port);
    return [answered, worker];
  });
}

/** An echo connection of this worker's. */
async function echoAt(t: TestContext, force: Workforce, pid: number): Promise<EchoClient> {
  return holdingOthers(force, pid, async () => {
    const client = new EchoClient(t, force.port);
    await once(client.socket, "connect");
    assert.equal(await client.line(), String(pid));
    return client;
  });
}

async function holdingOthers<T>(force: Workforce, pid: number, act: () => Promise<T>): Promise<T> {
  const others = servingPids(force).filter((other) => other !== pid);
  for (const other of others) process.kill(other, "SIGSTOP");
  try {
    return await act();
  } finally {
    for (const other of others) process.kill(other, "SIGCONT");
  }
}
