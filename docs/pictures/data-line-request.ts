import { Protocol } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { type SimHost, Simulation, sequenceSvg } from "ropewalk/sim";
import { notesOnly } from "./lib/notes-only.ts";

class Sum extends LineProtocol {
  readonly #host: SimHost;

  constructor(host: SimHost) {
    super();
    this.#host = host;
  }

  override dataReceived(data: Uint8Array): void {
    this.#host.note(`data ${JSON.stringify(new TextDecoder().decode(data))}`);
    super.dataReceived(data);
  }

  override lineReceived(line: string): void {
    const [a, b] = line.split("+").map(Number);
    const answer = a === undefined || b === undefined ? "Say a sum" : String(a + b);
    this.#host.note(`line ${JSON.stringify(line)}`);
    this.sendLine(answer);
  }
}

/** Pieces of data, the lines in them, and the answers. The network cuts where it likes. */
export default async function picture(): Promise<string> {
  const sim = new Simulation({ seed: 1 });
  const [client, server] = [sim.host("client"), sim.host("server")];
  sim.link("client", "server", { latencyMs: 8 });
  const trace = sim.trace();
  await sim.run(async () => {
    await server.reactor.listenTcp({ port: 7 }, () => new Sum(server));
    const { transport } = await client.reactor.connectTcp({ host: "server", port: 7 }, () => new Protocol());
    for (const [at, piece] of ["1+", "2\r\n3", "0+12\r", "\nhi\r\n"].entries()) {
      client.reactor.callLater(24 * at + 24, () => transport.write(piece));
    }
  });
  const fromMs = sim.nowMs;
  await sim.advance(200);
  return sequenceSvg(notesOnly(trace), {
    title: "From bytes to lines to answers",
    fromMs: fromMs + 20,
    untilMs: fromMs + 112,
  });
}
