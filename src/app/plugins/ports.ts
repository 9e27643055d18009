/** What most plug-ins are: one factory on several ports, with limits. */
import { formatAddress } from "../../core/address.ts";
import type { DatagramProtocol, DatagramTransport } from "../../core/datagram.ts";
import type { Deferred } from "../../core/deferred/deferred.ts";
import { succeed } from "../../core/deferred/succeed.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Factory, ProtocolFactory } from "../../core/protocol.ts";
import type { Reactor } from "../../core/reactor.ts";
import { endpointTypes } from "../../endpoints/default-types.ts";
import { udpPort } from "../../endpoints/udp-target.ts";
import { idleTimeout } from "../../policies/idle-timeout.ts";
import { limitConnections } from "../../policies/limit-connections.ts";
import { MultiService } from "../multi-service.ts";
import { type Option, option } from "../option.ts";
import { Service, type ServiceLike } from "../service.ts";
import { StreamServerService } from "../stream-server-service.ts";

/** `--listen`, which may be given again. */
export function listenOption(byDefault?: string): Option<readonly string[]> {
  const settings = byDefault === undefined ? { required: true } : { default: byDefault };
  return option.endpoint("where to listen", { ...settings, repeatable: true });
}

/** The options of everything that strangers may connect to. */
export const limitOptions: {
  readonly maxConnections: Option<number>;
  readonly maxPerPeer: Option<number | undefined>;
} = {
  maxConnections: option.count("at most so many connections at once", { default: 1_000 }),
  maxPerPeer: option.count("and so many from one host"),
};

/** `--idle-timeout`. */
export function idleOption(byDefault: string): Option<number> {
  return option.duration("close a connection on which nothing happens for so long", { default: byDefault });
}

/** What these options come to. */
export interface PortLimits {
  readonly maxConnections: number;
  readonly maxPerPeer?: number | undefined;
  readonly idleTimeout?: number | undefined;
}

/** The factory within its limits. @throws RangeError */
export function limited(reactor: Reactor, factory: ProtocolFactory, limits: PortLimits): Factory {
  const { maxConnections, maxPerPeer, idleTimeout: idleTimeoutMs } = limits;
  const patient = idleTimeoutMs === undefined ? factory : idleTimeout(factory, { clock: reactor, idleTimeoutMs });
  return limitConnections(patient, { total: maxConnections, perPeer: maxPerPeer });
}

/** What may be said of `servedOn`. */
export interface ServedOptions {
  /** The protocol of each `udp:PORT`. */
  readonly datagrams?: () => DatagramProtocol;
  /** Started before the ports, and stopped after them. */
  readonly before?: readonly ServiceLike[];
  readonly drainTimeoutMs?: number;
}

/**
 * Serves one factory on several ports.
 *
 * @throws EndpointSyntaxError
 */
export function servedOn(
  name: string,
  endpoints: readonly string[],
  factory: ProtocolFactory,
  { datagrams, before = [], drainTimeoutMs = 5_000 }: ServedOptions = {},
): MultiService {
  const ports = endpoints.map((endpoint) => {
    const where = datagrams && udpPort(endpoint);
    if (where !== undefined) return new DatagramServerService(endpoint, where, datagrams as () => DatagramProtocol);
    // A mistake is found before anything is opened.
    return new StreamServerService(endpointTypes.server(endpoint), factory, { name: endpoint, drainTimeoutMs });
  });
  return new MultiService({ name, stopTimeoutMs: drainTimeoutMs + 5_000, services: [...before, ...ports] });
}

/** A UDP port, opened in the privileged start. */
class DatagramServerService extends Service {
  readonly #where: { readonly port: number; readonly host?: string };
  readonly #make: () => DatagramProtocol;
  #port: DatagramTransport | undefined;

  constructor(name: string, where: { readonly port: number; readonly host?: string }, make: () => DatagramProtocol) {
    super();
    this.name = name;
    this.#where = where;
    this.#make = make;
  }

  override privilegedStartService(reactor: Reactor): Deferred<void> {
    return reactor.listenUdp(this.#where, this.#make()).addCallback((port) => {
      this.#port = port;
    });
  }

  override startService(reactor: Reactor): Deferred<void> {
    const bound = this.#port === undefined ? this.privilegedStartService(reactor) : succeed();
    return bound.addCallback(() => {
      if (this.#port !== undefined) log.info("Listening on {address}", { address: formatAddress(this.#port.local) });
    });
  }

  override stopService(): unknown {
    const port = this.#port;
    this.#port = undefined;
    return port?.stopListening();
  }
}

const log: Logger = new Logger("ropewalk.app");
