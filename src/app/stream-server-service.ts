import { formatAddress } from "../core/address.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { TimeoutError } from "../core/deferred/errors.ts";
import { succeed } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import type { ProtocolFactory } from "../core/protocol.ts";
import type { Port, Reactor } from "../core/reactor.ts";
import { listen } from "../endpoints/connect.ts";
import type { EndpointTypes, ServerEndpoint } from "../endpoints/types.ts";
import { Service } from "./service.ts";

/** What can be said of a StreamServerService when it is made. */
export interface StreamServerOptions {
  /** Default: the endpoint, as it was given. */
  readonly name?: string | undefined;
  /** The table that reads the endpoint; default `endpointTypes`. */
  readonly types?: EndpointTypes | undefined;
  /**
   * How long the stop waits for what is under way, if the factory has a `drain`: a web server completes its answers. Default
   * 5 000 ms. A MultiService around it has to wait longer than that (`stopTimeoutMs`).
   */
  readonly drainTimeoutMs?: number | undefined;
}

/**
 * A port: opened in the privileged start, so that it may be a low one, and closed by the stop, which lets the factory drain.
 * Other connections live on until the reactor stops.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { StreamServerService, startTree } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const service = new StreamServerService("tcp:80", () => new Protocol());
 * await startTree(new MemoryReactor(), service);
 * console.log(service.port?.listening); // true
 * await service.stopService();
 * ```
 */
export class StreamServerService extends Service {
  readonly #endpoint: string | ServerEndpoint;
  readonly #factory: ProtocolFactory;
  readonly #types: EndpointTypes | undefined;
  readonly #drainTimeoutMs: number;
  #port: Port | undefined;
  #reactor: Reactor | undefined;

  constructor(endpoint: string | ServerEndpoint, factory: ProtocolFactory, options: StreamServerOptions = {}) {
    super();
    this.name = options.name ?? (typeof endpoint === "string" ? endpoint : this.name);
    this.#endpoint = endpoint;
    this.#factory = factory;
    this.#types = options.types;
    this.#drainTimeoutMs = options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS;
  }

  /** The open port; undefined before the start and after the stop. */
  get port(): Port | undefined {
    return this.#port;
  }

  /** Fails with EndpointSyntaxError, EndpointError or ListenError. */
  override privilegedStartService(reactor: Reactor): Deferred<void> {
    this.#reactor = reactor;
    return listen(reactor, this.#endpoint, this.#factory, { types: this.#types }).addCallback((port) => {
      this.#port = port;
    });
  }

  /** Opens the port if there was no privileged start. */
  override startService(reactor: Reactor): Deferred<void> {
    const bound = this.#port === undefined ? this.privilegedStartService(reactor) : succeed();
    return bound.addCallback(() => {
      if (this.#port !== undefined) log.info("Listening on {address}", { address: formatAddress(this.#port.address) });
    });
  }

  override stopService(): Deferred<void> {
    const port = this.#port;
    this.#port = undefined;
    return port?.stopListening().addCallback(() => this.#drain()) ?? succeed();
  }

  #drain(): Deferred<void> | undefined {
    const reactor = this.#reactor;
    const draining = typeof this.#factory === "function" ? undefined : this.#factory.drain?.(0);
    if (draining === undefined || reactor === undefined) return undefined;
    return draining.addTimeout(this.#drainTimeoutMs, reactor).addErrback((error: Error) => {
      if (!(error instanceof TimeoutError)) throw error;
      const fields = { name: this.name, ms: this.#drainTimeoutMs };
      log.warn("{name} had something under way {ms} ms after its port was closed: breaking it off", fields);
    });
  }
}

const log: Logger = new Logger("ropewalk.app");

/** Half of what a MultiService gives each of its children by default. */
const DRAIN_TIMEOUT_MS = 5_000;
