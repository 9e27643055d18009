/** A client comes back after a cut of a minute: `node --test partition.test.ts`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listen } from "ropewalk";
import { ClientService } from "ropewalk/endpoints";
import { Simulation } from "ropewalk/sim";
import { Heartbeat } from "./heartbeat.ts";

test("a client notices that it is cut off, and is back soon after the network is", async () => {
  const sim = new Simulation({ seed: 1 });
  sim.host("server", { program: (reactor) => listen(reactor, "tcp:7000", () => new Heartbeat(reactor)) });
  const { reactor } = sim.host("client");
  sim.link("server", "client", { latencyMs: 50, jitterMs: 20, loss: 0.01 });
  const service = new ClientService(reactor, "tcp:server:7000", () => new Heartbeat(reactor));
  service.startService();
  const first = await sim.run(() => service.whenConnected());

  await sim.advance(600_000); // ten quiet minutes: the heartbeats keep it
  assert.equal(first.transport.connected, true);

  sim.inject({ kind: "partition", between: ["server", "client"], forMs: 60_000 });
  await sim.advance(45_000); // nobody told it, and yet
  assert.equal(first.transport.connected, false);

  const second = await sim.run(() => service.whenConnected());
  assert.equal(second.transport.connected, true);
  assert.ok(sim.nowMs < 600_000 + 60_000 + 60_000, `only after ${sim.nowMs} ms`);
});
