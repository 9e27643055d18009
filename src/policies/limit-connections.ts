import { type Address, formatAddress } from "../core/address.ts";
import { Logger } from "../core/log/logger.ts";
import { buildProtocol, drainOf, type Factory, type Protocol, type ProtocolFactory } from "../core/protocol.ts";
import type { Transport } from "../core/transport.ts";
import { peerKey } from "./peer-key.ts";
import { ProtocolWrapper } from "./wrapper.ts";

/** How many connections may be open at the same time. */
export interface ConnectionLimits {
  /** Connections at the same time, of all peers; default: no limit. */
  readonly total?: number | undefined;
  /**
   * Connections at the same time from one host; default: no limit. An IPv6 host is its /64 network, which is what one
   * customer has at least. Peers on UNIX sockets, processes and stdio are not told apart, and not limited by this.
   */
  readonly perPeer?: number | undefined;
}

/**
 * Refuses connections beyond the limits: they are closed before `factory` is asked. A connection counts from
 * connectionMade to connectionLost. TLS handshakes do not count yet; they have their own time limit.
 *
 * @throws RangeError if a limit is not a number of at least 0.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { limitConnections } from "ropewalk/policies";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * const factory = limitConnections(() => new Protocol(), { perPeer: 1 });
 * const transport = new MemoryTransport();
 * transport.attach(factory.buildProtocol(transport.peer) as Protocol);
 * console.log(factory.buildProtocol(transport.peer)); // undefined
 * transport.remote.end();
 * console.log(factory.buildProtocol(transport.peer) !== undefined); // true
 * ```
 */
export function limitConnections<P extends Protocol>(
  factory: ProtocolFactory<P>,
  limits: ConnectionLimits,
): Factory<ProtocolWrapper<P>> {
  for (const limit of [limits.total, limits.perPeer]) {
    if (limit !== undefined && !(limit >= 0)) throw new RangeError(`Cannot limit connections to ${limit}`);
  }
  const counts = new Counts();
  return {
    ...drainOf(factory),
    buildProtocol: (peer) => {
      const full = counts.full(peer, limits);
      if (full !== undefined) {
        log.info("Connection with {peer} refused: {full}", { peer: formatAddress(peer), full });
        return undefined;
      }
      const inner = buildProtocol(factory, peer);
      return inner && new CountedProtocol(inner, counts);
    },
  };
}

class CountedProtocol<P extends Protocol> extends ProtocolWrapper<P> {
  readonly #counts: Counts;

  constructor(inner: P, counts: Counts) {
    super(inner);
    this.#counts = counts;
  }

  override makeConnection(transport: Transport): void {
    this.#counts.add(transport.peer);
    super.makeConnection(transport);
  }

  override connectionLost(reason: Error): void {
    this.#counts.remove(this.transport.peer);
    super.connectionLost(reason);
  }
}

class Counts {
  #total = 0;
  readonly #byPeer = new Map<string, number>();

  /** Why there is no room, or undefined if there is. */
  full(peer: Address, { total, perPeer }: ConnectionLimits): string | undefined {
    if (total !== undefined && this.#total >= total) return `${total} connections are open`;
    const key = peerKey(peer);
    if (perPeer === undefined || key === undefined || (this.#byPeer.get(key) ?? 0) < perPeer) return undefined;
    return `${perPeer} connections with ${key} are open`;
  }

  add(peer: Address): void {
    this.#total += 1;
    const key = peerKey(peer);
    if (key !== undefined) this.#byPeer.set(key, (this.#byPeer.get(key) ?? 0) + 1);
  }

  remove(peer: Address): void {
    this.#total -= 1;
    const key = peerKey(peer);
    if (key === undefined) return;
    const left = (this.#byPeer.get(key) ?? 0) - 1;
    if (left > 0) this.#byPeer.set(key, left);
    else this.#byPeer.delete(key);
  }
}

const log: Logger = new Logger("ropewalk.policies");
