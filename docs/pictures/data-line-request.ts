import { Protocol } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { type SimHost, Simulation, sequenceSvg } from "ropewalk/sim";
import { notesOnly } from "./lib/notes-only.ts";

/** Bytes become lines, and lines up to an empty one become a request. */
class Requests extends LineProtocol {
  readonly #host: SimHost;
  #lines: string[] = [];

  constructor(host: SimHost) {
    super();
    this.#host = host;
  }

  override dataReceived(data: Uint8Array): void {
    this.#host.note(`data: ${data.length} B`);
    super.dataReceived(data);
  }

  override lineReceived(line: string): void {
    this.#host.note(`line: ${line === "" ? "(empty)" : line}`);
    if (line !== "") {
      this.#lines.push(line);
      return;
    }
    this.#host.note(`request: ${this.#lines.join(" + ")}`);
    this.#lines = [];
    this.sendLine("OK");
  }
}

/** The same request in three packets, cut where it hurts. */
export default async function picture(): Promise<string> {
  const sim = new Simulation({ seed: 1 });
  const [client, server] = [sim.host("client"), sim.host("server")];
  sim.link("client", "server", { latencyMs: 8 });
  const trace = sim.trace();
  await sim.run(async () => {
    await server.reactor.listenTcp({ port: 7 }, () => new Requests(server));
    const { transport } = await client.reactor.connectTcp({ host: "server", port: 7 }, () => new Protocol());
    for (const [at, part] of ["GET ro", "pe\r\nlength 20 m\r", "\n\r\n"].entries()) {
      client.reactor.callLater(20 * at + 20, () => transport.write(part));
    }
  });
  const fromMs = sim.nowMs;
  await sim.advance(100);
  return sequenceSvg(notesOnly(trace), { title: "From bytes to lines to a request", fromMs, untilMs: fromMs + 76 });
}
