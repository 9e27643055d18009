import { deferLater, Protocol, type Reactor, type TlsClientOptions, type TlsIdentity } from "ropewalk";
import { type SimHost, Simulation } from "ropewalk/sim";

/** What a run of the program gave: the same for the same seed. */
export interface Run {
  readonly hash: string;
  readonly events: number;
  readonly log: string;
  /** All that the server sent, which is not. */
  readonly sentBytes: Uint8Array;
}

/**
 * TLS in many ways at once, on a bad line: names that take time to be chosen, sessions that are resumed, writes of all sizes
 * in both directions, a turn to TLS in mid-stream, a server that is not trusted, a peer that says nothing, ends of all kinds.
 */
export async function runTls(seed: number, one: TlsIdentity, other: TlsIdentity): Promise<Run> {
  const sim = new Simulation({ seed });
  const [server, client] = [sim.host("server"), sim.host("client")];
  sim.link("server", "client", { latencyMs: 5, jitterMs: 3, bytesPerSecond: 1_000_000 });
  // A reset that is lost is never heard of, here as anywhere.
  sim.rule(({ data }, random) => (data.length > 0 && random() < 0.02 ? { lose: "loss" } : undefined));
  const log: string[] = [];
  const sent: Uint8Array[] = [];
  sim.observe({ packetSent: ({ data, from }) => from.name === "server" && sent.push(data) });
  const story = new Story(sim, server, client, (text) => void log.push(`${sim.nowMs} ${text}`));
  await sim.run(() => story.tell(one, other), { withinMs: 600_000 });
  await sim.advance(60_000);
  return { hash: sim.hash, events: sim.eventCount, log: log.join("\n"), sentBytes: Buffer.concat(sent) };
}

class Story {
  readonly #sim: Simulation;
  readonly #server: Reactor;
  readonly #client: Reactor;
  readonly #say: (text: string) => void;

  constructor(sim: Simulation, server: SimHost, client: SimHost, say: (text: string) => void) {
    this.#sim = sim;
    this.#server = server.reactor;
    this.#client = client.reactor;
    this.#say = say;
  }

  async tell(one: TlsIdentity, other: TlsIdentity): Promise<void> {
    const names: Readonly<Record<string, TlsIdentity>> = { "one.test": one, "other.test": other };
    const sni = async (name: string) => {
      await deferLater(this.#server, 10);
      return names[name];
    };
    await this.#server.listenTcp({ port: 443, tls: { sni, alpn: ["b", "a"] } }, () => this.#echo());
    await this.#server.listenTcp({ port: 444, tls: { identity: one, minVersion: "TLSv1.3" } }, () => this.#echo());
    await this.#server.listenTcp({ port: 25 }, () => this.#upgrader(one));
    await Promise.all([
      this.#talk(443, { trustRoots: one.cert, servername: "one.test", alpn: ["a", "b"] }),
      this.#talk(443, { trustRoots: other.cert, servername: "other.test", alpn: ["a"] }),
      this.#talk(444, { trustRoots: other.cert, servername: "one.test" }),
      this.#talk(443, { trustRoots: one.cert, servername: "nobody.test" }),
      this.#upgrade(one),
      this.#silence(),
    ]);
  }

  /** Two connections, the second with the session of the first. */
  async #talk(port: number, tls: TlsClientOptions): Promise<void> {
    let session: Uint8Array | undefined;
    const random = this.#sim.random(`talk ${port} ${tls.servername}`);
    for (const turn of [1, 2]) {
      const recorder = this.#recorder(`${port} ${tls.servername} ${turn}`);
      try {
        await this.#client.connectTcp({ host: "server", port, tls: { ...tls, session } }, () => recorder);
      } catch (error) {
        this.#say(`${port} ${tls.servername}: ${(error as Error).name}`);
        return;
      }
      const { transport } = recorder;
      const { protocol, alpnProtocol, resumed } = transport.tls ?? {};
      this.#say(`${port} ${tls.servername}: ${protocol} ${alpnProtocol} resumed ${resumed}`);
      for (let count = 0; count < 8; count += 1) {
        transport.write(new Uint8Array(Math.floor(random() ** 4 * 50_000) + 1));
        await deferLater(this.#client, random() * 20);
      }
      if (turn === 2 && port === 444) transport.abortConnection();
      else transport.loseConnection();
      await transport.whenClosed();
      session = transport.tls?.session;
    }
  }

  async #upgrade(identity: TlsIdentity): Promise<void> {
    const recorder = this.#recorder("25");
    const { transport } = await this.#client.connectTcp({ host: "server", port: 25 }, () => recorder);
    transport.write("STARTTLS");
    const tls = { trustRoots: identity.cert, servername: "one.test" };
    recorder.onData = () => {
      if (recorder.text !== "go ahead") return;
      transport.startTls({ side: "client", tls }).addErrback((error: Error) => this.#say(`25: ${error.name}`));
      transport.write("x".repeat(20_000));
      transport.loseConnection();
    };
    await transport.whenClosed();
  }

  /** Connects to the TLS port and never says a word. A reset that gets lost stays lost: TCP has to ask, in the end. */
  async #silence(): Promise<void> {
    const recorder = this.#recorder("silent");
    const options = { host: "server", port: 443, keepAliveMs: 20_000 };
    const { transport } = await this.#client.connectTcp(options, () => recorder);
    await transport.whenClosed();
  }

  #echo(): Protocol {
    const echo = new Echo();
    echo.onLost = ({ name }) => this.#say(`server: ${echo.size} bytes, ${name}`);
    return echo;
  }

  #upgrader(identity: TlsIdentity): Recorder {
    const recorder = this.#recorder("server 25");
    recorder.onData = () => {
      if (recorder.text !== "STARTTLS") return;
      recorder.transport.write("go ahead");
      recorder.transport
        .startTls({ side: "server", tls: { identity } })
        .addErrback((error: Error) => this.#say(`server 25: ${error.name}`));
    };
    return recorder;
  }

  #recorder(name: string): Recorder {
    const recorder = new Recorder();
    recorder.onLost = (reason) => this.#say(`${name}: ${recorder.size} bytes, ${reason.name}`);
    return recorder;
  }
}

class Recorder extends Protocol {
  text = "";
  size = 0;
  onData: (data: Uint8Array) => void = () => {};
  onLost: (reason: Error) => void = () => {};

  override dataReceived(data: Uint8Array): void {
    this.size += data.length;
    this.text += new TextDecoder().decode(data);
    this.onData(data);
  }

  override connectionLost(reason: Error): void {
    this.onLost(reason);
  }
}

/** Goes on answering when the peer has ended its direction, and ends when that is done. */
class Echo extends Recorder {
  override onData = (data: Uint8Array): void => this.transport.write(data);

  override readConnectionLost(): void {
    this.transport.loseConnection();
  }
}
