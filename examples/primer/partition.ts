/** A network that breaks and heals; each run is the same. */
import { connect, listen, Protocol } from "ropewalk";
import { Simulation } from "ropewalk/sim";

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

const sim = new Simulation({ seed: 7 });
sim.host("server", { program: (reactor) => listen(reactor, "tcp:8000", () => new Echo()) });
const { reactor } = sim.host("client");
sim.link("server", "client", { latencyMs: 50 });

const guest = await sim.run(() => connect(reactor, "tcp:server:8000", () => new Guest()));
console.log(`connected at ${sim.nowMs} ms`);
sim.inject({ kind: "partition", between: ["server", "client"], forMs: 60_000 });
guest.transport.write("hello");
await sim.until(() => guest.heard === 5);
const { connected } = guest.transport;
console.log(`answered at ${sim.nowMs} ms, still connected: ${connected}`);
