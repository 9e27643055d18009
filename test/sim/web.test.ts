/** HTTP over simulated networks: nothing hangs, nothing leaks, and no answer reaches another request than its own. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect, deferLater } from "ropewalk";
import { type Http1Event, Http1Protocol } from "ropewalk/http1";
import { explore, runScenario, Simulation } from "ropewalk/sim";
import { Agent, Response, serve } from "ropewalk/web";
import { ask, KINDS, newWorld, server, web } from "./web-scenario.ts";

describe("a web server and an agent", { timeout: 120_000 }, () => {
  test("go on through whatever a network does", async () => {
    const seeds = Number(process.env["WEB_SIM_SEEDS"] ?? 10);
    const { failures, report } = await explore(web, { seeds });
    assert.deepEqual(failures.length, 0, report);
  });

  test("would not, if answers could be mixed up: that is found", async () => {
    const [plant = ""] = web.plants ?? [];
    const { failure } = await runScenario(web, { seed: 1, faults: [], plant });
    assert.match(String(failure?.invariant), /its own answer/);
  });

  for (const kind of Object.keys(KINDS)) {
    test(`come to an end whenever the connection is reset during "${kind}"`, async () => {
      const calm = await exchange(kind, undefined);
      assert.equal(calm.answered, 2);
      let broken = 0;
      for (let atMs = 0; atMs <= calm.tookMs; atMs += 1) {
        const { answered, failed } = await exchange(kind, atMs);
        broken += failed;
        assert.equal(answered + failed, 2, `reset at ${atMs} ms`);
      }
      assert.ok(broken > 0, "no reset did any harm");
    });
  }
});

describe("requests sent ahead of the answers", { timeout: 120_000 }, () => {
  test("are answered in their order, and after a reset at any instant by a beginning of that order", async () => {
    const calm = await pipeline(undefined);
    assert.deepEqual(calm.heard, PATHS);
    const lengths = new Set<number>();
    for (let atMs = 0; atMs <= calm.tookMs; atMs += 3) {
      const { heard, unanswered } = await pipeline(atMs);
      assert.deepEqual(heard, PATHS.slice(0, heard.length), `reset at ${atMs} ms`);
      assert.equal(heard.length + unanswered, PATHS.length);
      lengths.add(heard.length);
    }
    assert.ok(lengths.size > PATHS.length / 2, `resets came too much alike: ${[...lengths]}`);
  });
});

/** Eight requests at once, over a line that loses; the answers take longer the earlier they are. */
async function pipeline(
  resetAtMs: number | undefined,
): Promise<{ readonly heard: readonly string[]; readonly unanswered: number; readonly tookMs: number }> {
  const sim = new Simulation({ seed: 3 });
  sim.host("server", {
    program: (reactor) =>
      serve(reactor, "tcp:80", async ({ path }) => {
        await deferLater(reactor, 40 - 5 * PATHS.indexOf(path));
        return new Response(path);
      }),
  });
  const { reactor } = sim.host("client");
  sim.link("server", "client", { latencyMs: 5, jitterMs: 5, loss: 0.1, mtuBytes: 120 });
  if (resetAtMs !== undefined) sim.inject({ kind: "reset", between: ["client", "server"], atMs: resetAtMs });
  const client = new Ahead("client", reactor);
  await sim.run(() => connect(reactor, "tcp:server:80", () => client).addErrback(() => undefined));
  await sim.until(() => client.heard.length === PATHS.length || client.isLost || !client.hasBegun);
  return {
    heard: client.heard,
    unanswered: client.hasBegun ? client.http.unanswered : PATHS.length,
    tookMs: sim.nowMs,
  };
}

class Ahead extends Http1Protocol {
  readonly heard: string[] = [];
  hasBegun = false;
  isLost = false;
  #body = "";

  override connectionMade(): void {
    this.hasBegun = true;
    for (const target of PATHS) this.sendWhole({ type: "request", method: "GET", target, headers: { Host: "server" } });
  }

  override eventReceived(event: Http1Event): void {
    if (event.type === "data") this.#body += Buffer.from(event.data).toString();
    if (event.type !== "end") return;
    this.heard.push(this.#body);
    this.#body = "";
  }

  override connectionLost(reason: Error): void {
    super.connectionLost(reason);
    this.isLost = true;
  }
}

const PATHS = ["/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8"];

/** A request that is disturbed at one instant, and another one, which is not. */
async function exchange(
  kind: string,
  resetAtMs: number | undefined,
): Promise<{ readonly answered: number; readonly failed: number; readonly tookMs: number }> {
  const sim = new Simulation({ seed: 1 });
  const world = newWorld();
  sim.host("server", { program: server(world) });
  const { reactor } = sim.host("client");
  sim.link("server", "client", { latencyMs: 5 });
  world.agent = new Agent(reactor, { maxConnectionsPerHost: 1 });
  if (resetAtMs !== undefined) sim.inject({ kind: "reset", between: ["client", "server"], atMs: resetAtMs });
  await sim.run(() => ask(world, reactor, kind, 5_000));
  const tookMs = sim.nowMs;
  await sim.run(() => ask(world, reactor, "plain", 0));
  await sim.run(() => world.agent?.close());
  // As long as a server waits for another request on a connection that nobody told it is gone.
  await sim.advance(120_000);
  assert.deepEqual(world.wrong, []);
  assert.deepEqual([world.inside.size, world.connections.size, world.agent.connections], [0, 0, 0]);
  return { answered: world.answered, failed: world.settled - world.answered, tookMs };
}
