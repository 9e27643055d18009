import type { Deferred, Port, Protocol, ProtocolFactory, Reactor, StreamOptions, TlsIdentity } from "ropewalk";
import { type LinkOptions, type SimHost, Simulation } from "ropewalk/sim";
import type { TransportWorld } from "ropewalk/testing";

export interface SimWorldOptions {
  readonly kind: "tcp" | "unix" | "hosts";
  readonly seed?: number;
  /** What the way between the two hosts is like, of kind "hosts". */
  readonly link?: LinkOptions;
  /** The share of segments with data that are lost. (A reset that is lost is never heard of, here as anywhere.) */
  readonly dataLoss?: number;
  /** With it, every connection is TLS. */
  readonly identity?: TlsIdentity;
}

/** A simulated host, or two of them: the one that listens is `reactor`'s. */
export class SimWorld implements TransportWorld {
  readonly sim: Simulation;
  readonly host: string;
  readonly otherHost: string = "127.0.0.2";
  readonly folder: string = "/tmp";
  readonly #kind: "tcp" | "unix" | "hosts";
  readonly #server: SimHost;
  readonly #client: SimHost;
  readonly #identity: TlsIdentity | undefined;
  #paths = 0;

  constructor({ kind, seed = 1, link = {}, dataLoss = 0, identity }: SimWorldOptions) {
    this.#identity = identity;
    this.#kind = kind;
    this.sim = new Simulation({ seed });
    this.#server = this.sim.host("server");
    this.#client = kind === "hosts" ? this.sim.host("client") : this.#server;
    if (kind === "hosts") this.sim.link("server", "client", link);
    if (dataLoss > 0) {
      this.sim.rule(({ data }, random) => (data.length > 0 && random() < dataLoss ? { lose: "loss" } : undefined));
    }
    this.host = kind === "hosts" ? this.#server.address : "127.0.0.1";
  }

  get reactor(): Reactor {
    return this.#server.reactor;
  }

  listen(factory: ProtocolFactory, options: StreamOptions = {}, again?: Port): Deferred<Port> {
    const { address = undefined } = again ?? {};
    const identity = this.#identity;
    const secured = { ...options, ...(identity !== undefined && { tls: { identity } }) };
    if (this.#kind !== "unix") {
      const port = address?.kind === "tcp" ? address.port : 0;
      return this.reactor.listenTcp({ ...secured, host: this.host, port }, factory);
    }
    this.#paths += 1;
    const path = address?.kind === "unix" ? address.path : `/run/${this.#paths}.sock`;
    return this.reactor.listenUnix({ ...secured, path }, factory);
  }

  connect<P extends Protocol>(
    { address }: Port,
    factory: ProtocolFactory<P>,
    options: StreamOptions = {},
  ): Deferred<P> {
    const identity = this.#identity;
    const tls = identity === undefined ? {} : { tls: { trustRoots: identity.cert, servername: "localhost" } };
    const secured = { ...options, ...tls };
    if (address.kind === "unix") return this.reactor.connectUnix({ ...secured, path: address.path }, factory);
    const { port } = address as { readonly port: number };
    return this.#client.reactor.connectTcp({ ...secured, host: this.host, port }, factory);
  }

  async turn(): Promise<void> {
    await this.sim.advance(0.02);
  }

  async settle(): Promise<void> {
    await this.sim.advance(5);
  }

  async advance(ms: number): Promise<void> {
    await this.sim.advance(ms);
  }

  async dispose(): Promise<void> {}
}
