import { Protocol } from "ropewalk";
import { type SimHost, Simulation, sequenceSvg } from "ropewalk/sim";
import { notesOnly } from "./lib/notes-only.ts";

class Told extends Protocol {
  readonly #host: SimHost;
  #bytes = 0;

  constructor(host: SimHost) {
    super();
    this.#host = host;
  }

  override dataReceived(data: Uint8Array): void {
    this.#bytes += data.length;
  }

  override connectionLost(reason: Error): void {
    this.#host.note(`${this.#bytes} B, ${reason.constructor.name}`);
  }
}

/** The same 1 000 bytes: `loseConnection` lets them out first, `abortConnection` drops them. */
export default async function picture(): Promise<string> {
  const sim = new Simulation({ seed: 1 });
  const [one, server, other] = [sim.host("loses"), sim.host("server"), sim.host("aborts")];
  sim.link("*", "server", { latencyMs: 10 });
  await sim.run(() => server.reactor.listenTcp({ port: 7 }, () => new Told(server)));
  const dial = (host: SimHost) => host.reactor.connectTcp({ host: "server", port: 7 }, () => new Protocol());
  const [polite, rude] = await sim.run(async () => [await dial(one), await dial(other)] as const);
  const trace = sim.trace();
  const fromMs = sim.nowMs;
  one.reactor.callLater(1, () => {
    one.note("loseConnection()");
    polite.transport.write("x".repeat(1_000));
    polite.transport.loseConnection();
  });
  other.reactor.callLater(61, () => {
    other.note("abortConnection()");
    rude.transport.write("x".repeat(1_000));
    rude.transport.abortConnection();
  });
  await sim.advance(200);
  const label = ({ bytes }: { readonly bytes: number }) => (bytes > 0 ? `${bytes} bytes` : undefined);
  return sequenceSvg(notesOnly(trace), {
    title: "loseConnection and abortConnection",
    fromMs,
    untilMs: fromMs + 71,
    hosts: ["loses", "server", "aborts"],
    label,
  });
}
