import { type Factory, Protocol } from "ropewalk";
import { type SimHost, Simulation, sequenceSvg } from "ropewalk/sim";
import { notesOnly } from "./lib/notes-only.ts";

/** One for the port: it outlives the connections and holds what they share. */
class Counter implements Factory {
  made = 0;
  readonly host: SimHost;

  constructor(host: SimHost) {
    this.host = host;
  }

  buildProtocol(): Protocol {
    this.made += 1;
    this.host.note(`makes protocol ${this.made}`);
    return new Numbered(this.made, this);
  }
}

/** One for each connection. */
class Numbered extends Protocol {
  readonly #number: number;
  readonly #factory: Counter;

  constructor(number: number, factory: Counter) {
    super();
    this.#number = number;
    this.#factory = factory;
  }

  override connectionMade(): void {
    this.transport.write(`${this.#number} of ${this.#factory.made}`);
  }
}

/** Three connections to one port. */
export default async function picture(): Promise<string> {
  const sim = new Simulation({ seed: 1 });
  const [ann, server, bob, cid] = ["ann", "server", "bob", "cid"].map((name) => sim.host(name)) as [
    SimHost,
    SimHost,
    SimHost,
    SimHost,
  ];
  sim.link("*", "server", { latencyMs: 6 });
  const trace = sim.trace();
  await sim.run(() => server.reactor.listenTcp({ port: 7 }, new Counter(server)));
  for (const [at, { reactor }] of [ann, bob, cid].entries()) {
    reactor.callLater(30 * at, () => void reactor.connectTcp({ host: "server", port: 7 }, () => new Protocol()));
  }
  await sim.advance(100);
  return sequenceSvg(notesOnly(trace), { title: "Three connections, one factory", untilMs: 84 });
}
