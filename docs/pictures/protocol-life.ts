import { Protocol } from "ropewalk";
import { type SimHost, Simulation, sequenceSvg } from "ropewalk/sim";
import { notesOnly } from "./lib/notes-only.ts";

/** Notes on its host's life what the reactor calls. */
class Told extends Protocol {
  readonly #host: SimHost;

  constructor(host: SimHost) {
    super();
    this.#host = host;
  }

  override connectionMade(): void {
    this.#host.note("connectionMade()");
  }

  override dataReceived(data: Uint8Array): void {
    this.#host.note(`dataReceived(${data.length} bytes)`);
    this.transport.write("pong");
  }

  override connectionLost(reason: Error): void {
    this.#host.note(`connectionLost(${reason.constructor.name})`);
  }
}

/** One connection from its beginning to its end, as the server's protocol sees it. */
export default async function picture(): Promise<string> {
  const sim = new Simulation({ seed: 1 });
  const [client, server] = [sim.host("client"), sim.host("server")];
  sim.link("client", "server", { latencyMs: 10 });
  const trace = sim.trace();
  await sim.run(async () => {
    await server.reactor.listenTcp({ port: 7 }, () => new Told(server));
    const { transport } = await client.reactor.connectTcp({ host: "server", port: 7 }, () => new Protocol());
    transport.write("ping");
    client.reactor.callLater(40, () => transport.loseConnection());
    await transport.whenClosed();
  });
  await sim.advance(100);
  return sequenceSvg(notesOnly(trace), { title: "The life of a protocol", untilMs: 80 });
}
