/** The little services on a simulated network that loses, delays and breaks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LinkOptions, Simulation } from "../../sim/index.ts";
import { isSameBytes, patterned } from "../../testing/conformance/world.ts";
import { HalfCloseRecorder } from "../../testing/recorder.ts";
import { askEcho, askTime } from "./client.ts";
import { echoServer, timeServer } from "./server.ts";

for (const link of [{ loss: 0.1 }, { jitterMs: 40, loss: 0.05 }, { bytesPerSecond: 50_000, queueBytes: 20_000 }]) {
  test(`an echo brings everything back in order over ${JSON.stringify(link)}`, async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { sim, client } = await meet(link, seed);
      const guest = new HalfCloseRecorder();
      const sent = patterned(60_000);
      await sim.run(async () => {
        await client.reactor.connectTcp({ host: "server", port: 7, timeoutMs: 60_000 }, () => guest);
        guest.transport.write(sent);
        guest.transport.loseWriteConnection();
      });
      await sim.until(() => guest.reason !== undefined);
      assert.deepEqual([guest.reason?.name, isSameBytes(guest.bytes, sent)], ["ConnectionDone", true], `seed ${seed}`);
    }
  });
}

test("a question whose connection is reset at any moment fails, and its failure says so", async () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const { sim, client } = await meet({}, seed);
    let segments = 0;
    sim.rule(() => {
      segments += 1;
      return segments === seed + 3 ? { reset: true } : undefined;
    });
    const asked = sim.run(async () => await askEcho(client.reactor, "tcp:server:7", patterned(300_000)));
    await assert.rejects(asked, { name: "ConnectionLost" });
  }
});

test("over UDP a lost datagram is a timeout, and the next question is answered", async () => {
  const { sim, client } = await meet({}, 1);
  {
    using _cut = sim.rule(({ from }) => (from.name === "server" ? { lose: "cut" } : undefined));
    const asked = sim.run(async () => await askTime(client.reactor, "udp:server:37", { timeoutMs: 1_000 }));
    await assert.rejects(asked, { name: "TimeoutError" });
  }
  const timeMs = await sim.run(async () => await askTime(client.reactor, "udp:server:37"));
  assert.ok(Math.abs(timeMs - client.reactor.wallTimeMs()) < 2_000);
});

async function meet(link: LinkOptions, seed: number) {
  const sim = new Simulation({ seed });
  const [client, server] = [sim.host("client"), sim.host("server")];
  sim.link("client", "server", { latencyMs: 5, ...link });
  await sim.run(async () => {
    await server.reactor.listenTcp({ port: 7 }, echoServer(server.reactor));
    await server.reactor.listenUdp({ port: 37 }, timeServer(server.reactor).datagrams());
  });
  return { sim, client };
}
