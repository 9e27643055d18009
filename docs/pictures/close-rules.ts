import { Protocol } from "ropewalk";
import { type SimHost, Simulation, sequenceSvg } from "ropewalk/sim";
import { notesOnly } from "./lib/notes-only.ts";

/** The other side: it thanks for what it got, as long as it may. */
class Peer extends Protocol {
  readonly #host: SimHost;
  #text = "";

  constructor(host: SimHost) {
    super();
    this.#host = host;
  }

  override dataReceived(data: Uint8Array): void {
    this.#text += new TextDecoder().decode(data);
  }

  override readConnectionLost(): void {
    this.#host.note(`got "${this.#text}", end`);
    this.transport.write("thanks");
    this.transport.loseConnection();
  }

  override connectionLost(reason: Error): void {
    if (reason.name !== "ConnectionDone") this.#host.note(`got "${this.#text}", ${reason.name}`);
  }
}

/** Says what it hears, which turns half-close on. */
class Speaker extends Protocol {
  readonly #host: SimHost;

  constructor(host: SimHost) {
    super();
    this.#host = host;
  }

  override dataReceived(data: Uint8Array): void {
    this.#host.note(`hears "${new TextDecoder().decode(data)}"`);
  }

  override connectionLost(reason: Error): void {
    this.#host.note(reason.name);
  }
}

/** Three ways to end a connection right after a write. */
export default async function picture(): Promise<string> {
  const sim = new Simulation({ seed: 1 });
  const [speaker, peer] = [sim.host("you"), sim.host("peer")];
  sim.link("you", "peer", { latencyMs: 10 });
  await sim.run(() => peer.reactor.listenTcp({ port: 7 }, () => new Peer(peer)));
  const trace = sim.trace();
  for (const ending of ["loseConnection", "loseWriteConnection", "abortConnection"] as const) {
    const { transport } = await sim.run(() =>
      speaker.reactor.connectTcp({ host: "peer", port: 7 }, () => new Speaker(speaker)),
    );
    await sim.advance(30);
    await sim.run(() => {
      speaker.note(`write, ${ending}()`);
      transport.write("all of it");
      transport[ending]();
    });
    await sim.advance(400);
  }
  const events = notesOnly(trace).events.filter((event) => event.type !== "packet" || (event.flags & SYN) === 0);
  return sequenceSvg(
    { ...notesOnly(trace), events },
    {
      title: "Three ways to end a connection",
      untilMs: 960,
      label: ({ flags }) => ((flags & FIN) === 0 ? undefined : ""),
    },
  );
}

const FIN = 1;
const SYN = 2;
