import { connect, listen, Protocol } from "ropewalk";
import { Simulation, sequenceSvg } from "ropewalk/sim";
import { notesOnly } from "./lib/notes-only.ts";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

class Guest extends Protocol {
  heard = 0;

  override dataReceived(data: Uint8Array): void {
    this.heard += data.length;
  }
}

/** A message, a network that is cut in two for a minute, and the answer. */
export default async function picture(): Promise<string> {
  const sim = new Simulation({ seed: 7 });
  sim.host("server", { program: (reactor) => listen(reactor, "tcp:8000", () => new Echo()) });
  const client = sim.host("client");
  sim.link("server", "client", { latencyMs: 50 });
  const guest = await sim.run(() => connect(client.reactor, "tcp:server:8000", () => new Guest()));
  const trace = sim.trace();
  sim.inject({ kind: "partition", between: ["server", "client"], forMs: 60_000 });
  guest.transport.write("hello");
  await sim.until(() => guest.heard === 5);
  client.note("the answer is here");
  return sequenceSvg(notesOnly(trace), { title: "A partition of a minute", hosts: ["client", "server"] });
}
