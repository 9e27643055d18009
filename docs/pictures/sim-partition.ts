import { Protocol } from "ropewalk";
import { ClientService } from "ropewalk/endpoints";
import { Simulation, sequenceSvg } from "ropewalk/sim";
import { notesOnly } from "./lib/notes-only.ts";

/** The network falls apart, the client tries again and again, the network heals. */
export default async function picture(): Promise<string> {
  const sim = new Simulation({ seed: 4 });
  const [client, server] = [sim.host("client"), sim.host("server")];
  sim.link("client", "server", { latencyMs: 20 });
  sim.inject({ kind: "partition", between: ["client", "server"], atMs: 10, forMs: 4_000 });
  const trace = sim.trace();
  await sim.run(() => server.reactor.listenTcp({ port: 7 }, () => new Protocol()));
  await sim.advance(50);
  const service = new ClientService(client.reactor, "tcp:server:7:timeoutMs=1000", () => new Protocol());
  service.startService();
  service.whenConnected().addCallback(() => client.note("connected"));
  await sim.advance(10_000);
  return sequenceSvg(notesOnly(trace), { title: "A partition, retries, and its end", untilMs: 8_000 });
}
