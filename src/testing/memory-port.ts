import { type Address, formatAddress } from "../core/address.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { succeed } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../core/protocol.ts";
import type { Port, StreamServerOptions } from "../core/reactor.ts";
import type { PipeTransport } from "./pipe-transport.ts";

/**
 * A port of a MemoryReactor.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * await reactor.listenTcp({ port: 8000 }, () => new Protocol());
 * console.log(reactor.listeners[0]?.options); // { port: 8000 }
 * ```
 */
export class MemoryPort implements Port {
  readonly address: Address;
  readonly options: StreamServerOptions;
  readonly factory: ProtocolFactory;
  readonly #closed: () => void;
  #listening = true;

  constructor(address: Address, options: StreamServerOptions, factory: ProtocolFactory, closed: () => void) {
    this.address = address;
    this.options = options;
    this.factory = factory;
    this.#closed = closed;
  }

  get listening(): boolean {
    return this.#listening;
  }

  stopListening(): Deferred<void> {
    if (this.#listening) {
      this.#listening = false;
      this.#closed();
    }
    return succeed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  /** Gives an accepted connection its protocol. A factory that throws or refuses costs that connection only. */
  accept(transport: PipeTransport): void {
    let protocol: Protocol | undefined;
    try {
      protocol = buildProtocol(this.factory, transport.peer);
    } catch (error) {
      log.error("Factory of port {port} threw: closing this connection", { port: formatAddress(this.address), error });
    }
    if (protocol === undefined) transport.loseConnection();
    else transport.attach(protocol);
  }
}

const log: Logger = new Logger("ropewalk.testing");
