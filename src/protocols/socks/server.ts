import type { Factory } from "../../core/protocol.ts";
import type { Reactor } from "../../core/reactor.ts";
import { type ConnectionLimits, limitConnections } from "../../policies/limit-connections.ts";
import type { SocksAddress, SocksCommand, SocksLogin, SocksRequest } from "./events.ts";
import { SocksSession } from "./session/server.ts";

/** What a server does for whom, and for how long. */
export interface SocksServerOptions {
  /** Default: all three. Others are answered with "command not supported". */
  readonly commands?: readonly SocksCommand[] | undefined;
  /** Asked for each login; with it, nobody is served without one, and version 4, which has none, is refused. */
  readonly authenticate?: ((login: SocksLogin) => boolean | PromiseLike<boolean>) | undefined;
  /**
   * The rules, asked for each request, and for each new target of UDP datagrams. Default: everything is allowed, so let
   * nobody but your own reach the port. `host` is what the client said, a name perhaps.
   */
  readonly allow?: ((request: SocksRequest) => boolean | PromiseLike<boolean>) | undefined;
  /** The rules for addresses, asked for what a name stands for, before anything is sent there. Default: all. */
  readonly allowAddress?: ((address: SocksAddress, request: SocksRequest) => boolean) | undefined;
  /** Connections of clients at the same time; default no limit. */
  readonly limits?: ConnectionLimits | undefined;
  /** For greeting, login and request together; default 10 000 ms. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** For looking up and dialling the target; default 30 000 ms. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long BIND waits for the caller; default 120 000 ms. */
  readonly bindTimeoutMs?: number | undefined;
  /** A relay on which nothing goes either way ends after this; default 600 000 ms. */
  readonly idleTimeoutMs?: number | undefined;
  /** Where BIND and UDP listen; default: the address by which the client reached the server. */
  readonly bindHost?: string | undefined;
  /** Targets that one UDP association remembers; default 1 000, the one that is oldest goes. */
  readonly maxUdpTargets?: number | undefined;
}

/**
 * A factory for `listen` whose connections are served by SOCKS 4, 4a and 5: CONNECT, BIND and UDP ASSOCIATE, with a login
 * (RFC 1929) and rules if you give it some.
 *
 * @example
 * ```ts
 * import { listen, NodeReactor } from "ropewalk";
 * import { socksServer } from "ropewalk/socks";
 *
 * const reactor = new NodeReactor();
 * const port = await listen(reactor, "tcp:0:interface=127.0.0.1", socksServer(reactor, {
 *   authenticate: ({ username, password }) => username === "ann" && password === "secret",
 *   allow: ({ command, host, port }) => command === "connect" && host.endsWith(".example.org") && port === 443,
 *   limits: { total: 1_000, perPeer: 50 },
 * }));
 * await port.stopListening();
 * ```
 */
export function socksServer(reactor: Reactor, options: SocksServerOptions = {}): Factory {
  const factory = { buildProtocol: () => new SocksSession(reactor, options) };
  return options.limits === undefined ? factory : limitConnections(factory, options.limits);
}
