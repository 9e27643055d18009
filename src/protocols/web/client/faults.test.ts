/** The client on a simulated network: segments that are lost, connections that are reset at any moment or cut, servers that crash. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deferLater } from "../../../core/time/defer-later.ts";
import { type LinkOptions, type Program, Simulation } from "../../../sim/index.ts";
import { Response } from "../message/response.ts";
import { serve } from "../server/server.ts";
import { Agent, type AgentOptions } from "./agent/client.ts";
import { RequestError } from "./errors.ts";
import type { RequestOptions } from "./options.ts";

const REQUESTS = 60;

describe("a client on a bad network", () => {
  for (const link of [
    { loss: 0.05 },
    { loss: 0.02, jitterMs: 40 },
    { mtuBytes: 200, bytesPerSecond: 50_000, loss: 0.02 },
  ]) {
    test(`gets every answer, each to its request, over ${JSON.stringify(link)}`, async () => {
      for (let seed = 1; seed <= 4; seed += 1) {
        const { sim, ask, ended, agent } = meet(link, seed, { maxConnectionsPerHost: 4 });
        for (let n = 0; n < REQUESTS; n += 1) ask(n, PATIENT);
        await sim.until(() => ended.size === REQUESTS, { withinMs: 600_000 });
        for (const [n, outcome] of ended) assert.equal(outcome, expected(n));
        await allGone(sim, agent);
      }
    });
  }

  test("whose connections are reset at whatever moment: each answer is right or fails, and nothing is left", async () => {
    let answered = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      const { sim, ask, ended, agent } = meet({}, seed, { maxConnectionsPerHost: 3 });
      let segments = 0;
      sim.rule(() => {
        segments += 1;
        return segments % (seed + 3) === 0 ? { reset: true } : undefined;
      });
      // Who was reset is told, and the other side may never hear of it: patience is what ends that.
      for (let n = 0; n < REQUESTS; n += 1) ask(n, { queueTimeoutMs: 600_000 });
      await sim.until(() => ended.size === REQUESTS, { withinMs: 600_000 });
      for (const [n, outcome] of ended) {
        if (typeof outcome !== "string") assert.ok(outcome instanceof RequestError, String(outcome));
        else if (outcome === expected(n)) answered += 1;
        else assert.fail(`${n} was answered ${outcome}`);
      }
      await allGone(sim, agent);
    }
    assert.ok(answered > 10 * REQUESTS, `${answered} were answered`);
  });

  test("that is cut: each request fails when its patience ends, and says in which phase", async () => {
    const { sim, ask, ended, agent } = meet({}, 1, { maxConnectionsPerHost: 2 });
    ask(0);
    await sim.until(() => ended.size === 1);
    sim.rule(() => ({ lose: "cut" }));
    for (let n = 1; n <= 3; n += 1) {
      ask(n, { connectTimeoutMs: 4_000, answerTimeoutMs: 2_000, queueTimeoutMs: 1_000 });
    }
    await sim.until(() => ended.size === 4, { withinMs: 10_000 });
    const phases = [...ended.values()].map((outcome) => (outcome instanceof RequestError ? outcome.phase : "answered"));
    assert.deepEqual(phases.toSorted(), ["answered", "connecting", "queued", "waiting"]);
    await allGone(sim, agent);
  });

  test("asks a server again that crashed and came back, over new connections", async () => {
    const { sim, ask, ended, agent, server } = meet({}, 1, { idleTimeoutMs: 600_000 });
    for (let round = 0; round < 5; round += 1) {
      ask(round, PATIENT);
      await sim.until(() => ended.size === round + 1, { withinMs: 60_000 });
      assert.equal(ended.get(round), expected(round));
      server.crash();
      await sim.advance(1_000);
      server.restart();
      await sim.advance(1_000);
    }
    await allGone(sim, agent);
  });

  test("cancels at whatever moment, and nothing is left", async () => {
    for (let atMs = 0; atMs <= 120; atMs += 3) {
      const { sim, reactor, ask, ended, agent } = meet({ mtuBytes: 500, bytesPerSecond: 100_000 }, 1, {
        maxConnectionsPerHost: 2,
      });
      const hurry = new AbortController();
      for (let n = 0; n < 6; n += 1) ask(n, { signal: hurry.signal });
      reactor.callLater(atMs, () => hurry.abort());
      await sim.until(() => ended.size === 6, { withinMs: 60_000 });
      for (const [n, outcome] of ended) {
        if (typeof outcome === "string") assert.equal(outcome, expected(n));
        else assert.equal((outcome as Error).name, "AbortError");
      }
      await allGone(sim, agent);
    }
  });
});

/** Odd requests are uploads; every third is answered late, and bodies are longer than a segment. */
function meet(link: LinkOptions, seed: number, options: AgentOptions) {
  const sim = new Simulation({ seed });
  const program: Program = async (reactor) => {
    await serve(reactor, "tcp:80", async (request) => {
      const n = Number(request.path.slice(1));
      const sent = await request.text();
      if (n % 3 === 0) await deferLater(reactor, 20);
      return new Response(`${request.method} ${n} ${sent.length} ${"x".repeat(n * 50)}`);
    });
  };
  const server = sim.host("server", { program });
  const { reactor } = sim.host("app");
  sim.link("app", "server", { latencyMs: 5, ...link });
  const agent = new Agent(reactor, options);
  const ended = new Map<number, unknown>();
  const ask = (n: number, more?: RequestOptions): void => {
    const asked =
      n % 2 === 0
        ? agent.get(`http://server/${n}`, more)
        : agent.request("PUT", `http://server/${n}`, { ...more, body: "y".repeat(n * 30) });
    asked
      .addCallback((response) => response.text())
      .addBoth((outcome: unknown) => {
        ended.set(n, outcome);
      });
  };
  return { sim, reactor, agent, server, ended, ask };
}

function expected(n: number): string {
  return `${n % 2 === 0 ? "GET" : "PUT"} ${n} ${n % 2 === 0 ? 0 : n * 30} ${"x".repeat(n * 50)}`;
}

/** No connection, and nobody in the queue: what ends, ends for good. */
async function allGone(sim: Simulation, agent: Agent): Promise<void> {
  let isClosed = false;
  agent.close().addCallback(() => {
    isClosed = true;
  });
  await sim.until(() => isClosed, { withinMs: 60_000 });
  assert.deepEqual([agent.connections, agent.queued], [0, 0]);
}

const PATIENT: RequestOptions = { queueTimeoutMs: 600_000, answerTimeoutMs: 600_000, silenceTimeoutMs: 600_000 };
