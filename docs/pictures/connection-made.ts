import { Protocol } from "ropewalk";
import { type SimHost, Simulation, sequenceSvg } from "ropewalk/sim";
import { notesOnly } from "./lib/notes-only.ts";

class Side extends Protocol {
  readonly #host: SimHost;

  constructor(host: SimHost) {
    super();
    this.#host = host;
    host.note("new Side()");
  }

  override connectionMade(): void {
    this.#host.note("connectionMade()");
  }
}

/** When each side's protocol is made, and told. */
export default async function picture(): Promise<string> {
  const sim = new Simulation({ seed: 1 });
  const [client, server] = [sim.host("client"), sim.host("server")];
  sim.link("client", "server", { latencyMs: 10 });
  const trace = sim.trace();
  await sim.run(async () => {
    server.note("listen()");
    await server.reactor.listenTcp({ port: 8000 }, () => new Side(server));
    client.note("connect()");
    await client.reactor.connectTcp({ host: "server", port: 8000 }, () => new Side(client));
    client.note("connect has fired");
  });
  await sim.advance(15);
  return sequenceSvg(notesOnly(trace), { title: "One connection, on both sides", untilMs: 31 });
}
