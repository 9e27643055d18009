import type { Deferred } from "../core/deferred/deferred.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { Port, StreamOptions } from "../core/reactor.ts";
import type { StartTlsWorld } from "./conformance/starttls.ts";
import { MemoryReactor, type MemoryReactorOptions } from "./memory-reactor.ts";

/**
 * A MemoryReactor for the conformance suites, and a pattern for the worlds of other reactors.
 *
 * @example
 * ```ts
 * import { MemoryWorld, reactorConformance } from "ropewalk/testing";
 *
 * reactorConformance("memory", () => new MemoryWorld());
 * ```
 */
export class MemoryWorld implements StartTlsWorld {
  readonly reactor: MemoryReactor;
  readonly host: string = "127.0.0.1";
  readonly otherHost: string = "127.0.0.2";
  readonly folder: string = "";
  /** Pretended: who is not to agree has no protocol in common. */
  readonly tls: StartTlsWorld["tls"] = {
    server: { alpn: ["test"] },
    client: { alpn: ["test"] },
    mistrustful: { alpn: ["other"] },
  };
  readonly #kind: "tcp" | "unix";
  #paths = 0;

  constructor(kind: "tcp" | "unix" = "tcp", options: MemoryReactorOptions = {}) {
    this.#kind = kind;
    this.reactor = new MemoryReactor({ network: true, ...options });
  }

  listen(factory: ProtocolFactory, options: StreamOptions = {}, again?: Port): Deferred<Port> {
    const { address = undefined } = again ?? {};
    if (this.#kind === "tcp") {
      const port = address?.kind === "tcp" ? address.port : 0;
      return this.reactor.listenTcp({ ...options, host: this.host, port }, factory);
    }
    this.#paths += 1;
    const path = address?.kind === "unix" ? address.path : `/run/${this.#paths}.sock`;
    return this.reactor.listenUnix({ ...options, path }, factory);
  }

  connect<P extends Protocol>(
    { address }: Port,
    factory: ProtocolFactory<P>,
    options: StreamOptions = {},
  ): Deferred<P> {
    if (address.kind === "unix") return this.reactor.connectUnix({ ...options, path: address.path }, factory);
    if (address.kind !== "tcp") throw new TypeError(`Cannot connect to a ${address.kind} address`);
    return this.reactor.connectTcp({ ...options, host: address.host, port: address.port }, factory);
  }

  async turn(): Promise<void> {
    this.reactor.turn();
    await Promise.resolve();
  }

  async settle(): Promise<void> {
    this.reactor.settle();
    // What waits for a Promise gets its turn too.
    for (let hop = 0; hop < 10; hop += 1) await Promise.resolve();
    this.reactor.settle();
  }

  async advance(ms: number): Promise<void> {
    this.reactor.advance(ms);
    await this.settle();
  }

  async dispose(): Promise<void> {
    for (const port of [...this.reactor.listeners]) port.stopListening();
    for (const connection of this.reactor.connections) connection.abortConnection();
    await this.settle();
  }
}
