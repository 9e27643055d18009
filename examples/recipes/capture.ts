/** Writes a simulated conversation for Wireshark: `node capture.ts run.pcapng`. */
import { connect, listen, Protocol } from "ropewalk";
import { Simulation } from "ropewalk/sim";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

class Counter extends Protocol {
  heard = 0;
  override dataReceived(data: Uint8Array): void {
    this.heard += data.length;
  }
}

const [path = "run.pcapng"] = process.argv.slice(2);
const sim = new Simulation({ seed: 7 });
sim.host("server", { program: (reactor) => listen(reactor, "tcp:8000", () => new Echo()) });
const client = sim.host("client");
sim.link("server", "client", { latencyMs: 40, loss: 0.1 });
const capture = sim.capture(path, { hosts: "client" }); // as tcpdump there would see it

const counter = await sim.run(() => connect(client.reactor, "tcp:server:8000", () => new Counter()));
counter.transport.write("rope ".repeat(2_000));
await sim.until(() => counter.heard === 10_000);
counter.transport.loseConnection();
await sim.run(() => counter.transport.whenClosed());
await capture[Symbol.asyncDispose]();
console.log(`10000 bytes there and back in ${sim.nowMs} ms of virtual time: look at ${path}`);
