import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import {
  type Address,
  type Deferred,
  NodeReactor,
  type NodeReactorOptions,
  type Port,
  type Protocol,
  type ProtocolFactory,
  type Reactor,
  type StreamOptions,
  type TlsIdentity,
} from "ropewalk";
import type { TransportWorld } from "ropewalk/testing";

export interface NodeWorldOptions extends NodeReactorOptions {
  readonly kind: "tcp" | "unix";
  /** Where each world gets a folder of its own. */
  readonly folder: string;
  /** With it, every connection is TLS. */
  readonly identity?: TlsIdentity;
}

/** A NodeReactor on the loopback interface. What a case leaves open is closed by `dispose`. */
export class NodeWorld implements TransportWorld {
  readonly reactor: Reactor;
  readonly host: string = "127.0.0.1";
  readonly otherHost: string = "127.0.0.2";
  readonly folder: string;
  readonly #options: NodeWorldOptions;
  readonly #ports: Port[] = [];
  readonly #protocols: Protocol[] = [];

  constructor(options: NodeWorldOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(options.folder, "w"));
    this.reactor = new NodeReactor(options);
  }

  listen(factory: ProtocolFactory, options: StreamOptions = {}, again?: Port): Deferred<Port> {
    const { identity } = this.#options;
    const secured = { ...options, ...(identity !== undefined && { tls: { identity } }) };
    const opened =
      this.#options.kind === "tcp"
        ? this.reactor.listenTcp({ ...secured, host: this.host, port: portOf(again?.address) }, this.#track(factory))
        : this.reactor.listenUnix({ ...secured, path: this.#pathOf(again?.address) }, this.#track(factory));
    return opened.addCallback((port) => {
      this.#ports.push(port);
      return port;
    });
  }

  connect<P extends Protocol>(
    { address }: Port,
    factory: ProtocolFactory<P>,
    options: StreamOptions = {},
  ): Deferred<P> {
    const { identity } = this.#options;
    const tls = identity === undefined ? {} : { tls: { trustRoots: identity.cert, servername: "localhost" } };
    const secured = { ...options, ...tls };
    if (address.kind === "unix")
      return this.reactor.connectUnix({ ...secured, path: address.path }, this.#track(factory));
    const where = { host: this.host, port: portOf(address) };
    return this.reactor.connectTcp({ ...secured, ...where }, this.#track(factory));
  }

  async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn += 1) await this.turn();
  }

  async advance(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.reactor.callLater(ms, resolve);
    });
  }

  async dispose(): Promise<void> {
    for (const port of this.#ports) await port.stopListening();
    for (const { transport } of this.#protocols) {
      if (transport === undefined) continue;
      transport.abortConnection();
      await transport.whenClosed();
    }
  }

  #pathOf(address: Address | undefined): string {
    if (address?.kind === "unix") return address.path;
    sockets += 1;
    return join(this.folder, `${sockets}.sock`);
  }

  #track<P extends Protocol>(factory: ProtocolFactory<P>): (peer: Address) => P | undefined {
    return (peer) => {
      const protocol = typeof factory === "function" ? factory(peer) : factory.buildProtocol(peer);
      if (protocol !== undefined) this.#protocols.push(protocol);
      return protocol;
    };
  }
}

function portOf(address: Address | undefined): number {
  return address?.kind === "tcp" ? address.port : 0;
}

let sockets = 0;

/** What loopback has been given is there by then: each turn polls, and nothing is waited for. */
const TURNS = 24;
