/** Finger on a simulated network that loses, delays and breaks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LinkOptions, Simulation } from "../../sim/index.ts";
import { finger } from "./client.ts";
import { fingerServer } from "./server.ts";

const PLAN = Array.from({ length: 500 }, (_, n) => `line ${n} of the plan\n`).join("");

for (const link of [{ loss: 0.1 }, { jitterMs: 40, loss: 0.05 }, { bytesPerSecond: 20_000 }]) {
  test(`a long answer comes whole over ${JSON.stringify(link)}`, async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { sim, ask } = await meet(link, seed);
      assert.equal(await sim.run(async () => await ask(600_000)), PLAN, `seed ${seed}`);
    }
  });
}

test("a reset at any moment fails the question: half an answer is none", async () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const { sim, ask } = await meet({}, seed);
    let segments = 0;
    sim.rule(() => {
      segments += 1;
      return segments === seed ? { reset: true } : undefined;
    });
    const seen = await sim.run(async () => {
      try {
        return await ask(5_000);
      } catch (error) {
        return (error as Error).name;
      }
    });
    assert.ok(seen === PLAN || /^(ConnectError|ConnectionLost)$/.test(seen), `seed ${seed}: ${seen.slice(0, 80)}`);
  }
});

test("a server that is cut off is a timeout", async () => {
  const { sim, ask } = await meet({}, 1);
  let segments = 0;
  sim.rule(() => {
    segments += 1;
    return segments > 8 ? { lose: "cut" } : undefined;
  });
  await assert.rejects(
    sim.run(async () => await ask(5_000)),
    { name: "TimeoutError" },
  );
});

async function meet(link: LinkOptions, seed: number) {
  const sim = new Simulation({ seed });
  const [asker, host] = [sim.host("asker"), sim.host("host")];
  sim.link("asker", "host", { latencyMs: 5, ...link });
  const server = fingerServer(() => PLAN, { clock: host.reactor });
  await sim.run(async () => await host.reactor.listenTcp({ port: 79 }, server));
  return { sim, ask: (timeoutMs: number) => finger(asker.reactor, "tcp:host:79", { user: "ann" }, { timeoutMs }) };
}
