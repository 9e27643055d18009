/** A reverse proxy between simulated networks: whatever breaks on either side of it, nothing hangs, leaks or is mixed up. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Reactor } from "ropewalk";
import { Simulation } from "ropewalk/sim";
import { Agent, RequestError, type ReverseProxy, reverseProxy, serve } from "ropewalk/web";
import { KINDS, newWorld, server, type WebWorld } from "./web-scenario.ts";

describe("a reverse proxy", { timeout: 120_000 }, () => {
  for (const [side, between] of [
    ["in front of it", ["client", "server"]],
    ["behind it", ["server", "back"]],
  ] as const) {
    for (const kind of Object.keys(KINDS)) {
      test(`comes to an end whenever the connection ${side} is reset during "${kind}"`, async () => {
        const calm = await exchange(kind, between, undefined);
        assert.deepEqual(calm.outcomes, ["answered", "answered"]);
        const seen = new Set<string>();
        for (let atMs = 0; atMs <= calm.tookMs; atMs += 2) {
          const { outcomes } = await exchange(kind, between, atMs);
          assert.equal(outcomes[1], "answered", `the one after the reset at ${atMs} ms`);
          seen.add(outcomes[0] as string);
        }
        assert.ok(seen.has("failed"), "no reset did any harm");
      });
    }
  }

  test("brings big bodies both ways over lines that lose, jitter and crawl", async () => {
    for (const link of [
      { loss: 0.05 },
      { jitterMs: 30, loss: 0.02 },
      { bytesPerSecond: 200_000, queueBytes: 20_000 },
    ]) {
      const { outcomes } = await exchange("echo", undefined, undefined, { latencyMs: 5, ...link }, 100_000);
      assert.deepEqual(outcomes, ["answered", "answered"], JSON.stringify(link));
    }
  });
});

/** A request that is disturbed at one instant, and another one, which is not. */
async function exchange(
  kind: string,
  between: readonly [string, string] | undefined,
  resetAtMs: number | undefined,
  link: object = { latencyMs: 5 },
  bytes = 3_000,
): Promise<{ readonly outcomes: readonly string[]; readonly tookMs: number }> {
  const sim = new Simulation({ seed: 1 });
  const world = newWorld();
  let proxy: ReverseProxy | undefined;
  sim.host("back", { program: server(world) });
  sim.host("server", {
    program: (reactor) => {
      proxy = reverseProxy(reactor, "http://back", { silenceTimeoutMs: 20_000 });
      return serve(reactor, "tcp:80", proxy);
    },
  });
  const { reactor } = sim.host("client");
  sim.link("client", "server", link);
  sim.link("server", "back", link);
  world.agent = new Agent(reactor, { maxConnectionsPerHost: 1 });
  if (resetAtMs !== undefined && between !== undefined) sim.inject({ kind: "reset", between, atMs: resetAtMs });
  const outcomes: string[] = [];
  await sim.run(async () => outcomes.push(await outcome(world, reactor, kind, bytes)));
  const tookMs = sim.nowMs;
  await sim.run(async () => outcomes.push(await outcome(world, reactor, "plain", 0)));
  await sim.run(() => world.agent?.close());
  await sim.advance(120_000);
  assert.deepEqual(
    [world.inside.size, world.connections.size, proxy?.targets[0]?.active],
    [0, 0, 0],
    `at ${resetAtMs}`,
  );
  assert.ok(
    [...world.posted.values()].every((times) => times === 1),
    "a POST reached the server twice",
  );
  return { outcomes, tookMs };
}

/** What is answered is the right answer, or says that there is none. */
async function outcome(world: WebWorld, reactor: Reactor, kind: string, bytes: number): Promise<"answered" | "failed"> {
  const id = `${world.asked++}`;
  try {
    const [heard, expected] = (await KINDS[kind]?.({ world, reactor, id, bytes })) ?? ["", "no such kind"];
    if (/^(502|null) The server behind this proxy gave no answer\n$/.test(heard)) return "failed";
    assert.equal(heard, expected);
    return "answered";
  } catch (error) {
    if (error instanceof RequestError) return "failed";
    throw error;
  }
}
