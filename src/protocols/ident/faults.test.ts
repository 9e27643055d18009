/** Ident on a simulated network that loses, delays and breaks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TcpAddress } from "../../core/address.ts";
import { type LinkOptions, Simulation } from "../../sim/index.ts";
import { askIdent } from "./client.ts";
import { identServer } from "./server.ts";

for (const link of [{ loss: 0.1 }, { jitterMs: 40, loss: 0.05 }, { bytesPerSecond: 500 }]) {
  test(`every question is answered over ${JSON.stringify(link)}`, async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { sim, ask } = await meet(link, seed);
      for (let port = 1; port <= 5; port += 1) {
        const answer = await sim.run(async () => await ask(port, 60_000));
        assert.deepEqual(
          answer,
          { kind: "user", system: "UNIX", charset: undefined, user: `u${port}` },
          `seed ${seed}`,
        );
      }
    }
  });
}

test("a reset or a cut at any moment fails the question, and the next one is answered", async () => {
  for (const verdict of [{ reset: true }, { lose: "cut" }] as const) {
    for (let seed = 1; seed <= 6; seed += 1) {
      const { sim, ask } = await meet({}, seed);
      let segments = 0;
      const rule = sim.rule(() => {
        segments += 1;
        return segments === seed || ("lose" in verdict && segments > seed) ? verdict : undefined;
      });
      const failure = await sim.run(async () => {
        try {
          return (await ask(7, 5_000)).kind;
        } catch (error) {
          return (error as Error).name;
        }
      });
      // A segment after the answer breaks nothing any more.
      assert.match(failure, /^(user|ConnectError|ConnectionLost|TimeoutError|RemoteIdentError)$/, `seed ${seed}`);
      rule[Symbol.dispose]();
      assert.equal((await sim.run(async () => await ask(8, 60_000))).kind, "user");
    }
  }
});

async function meet(link: LinkOptions, seed: number) {
  const sim = new Simulation({ seed });
  const [asker, host] = [sim.host("asker"), sim.host("host")];
  sim.link("asker", "host", { latencyMs: 5, ...link });
  const server = identServer(({ serverPort }) => ({ kind: "user", system: "UNIX", user: `u${serverPort}` }), {
    clock: host.reactor,
  });
  await sim.run(async () => await host.reactor.listenTcp({ port: 113 }, server));
  const end = (name: string, port: number): TcpAddress => ({ kind: "tcp", host: name, port, family: 4 });
  const ask = (port: number, timeoutMs: number) =>
    askIdent(asker.reactor, { peer: end(host.address, port), local: end(asker.address, 25) }, { timeoutMs });
  return { sim, ask };
}
