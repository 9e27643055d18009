import type { Deferred } from "../../../../core/deferred/deferred.ts";
import type { Protocol } from "../../../../core/protocol.ts";
import type { Reactor } from "../../../../core/reactor.ts";
import type { TlsClientOptions } from "../../../../core/tls.ts";
import { endpointTypes } from "../../../../endpoints/default-types.ts";
import { format } from "../../../../endpoints/grammar.ts";
import { connectTlsOver } from "../../../../endpoints/tls-over.ts";
import type { ClientEndpoint } from "../../../../endpoints/types.ts";
import { connectThroughHttp } from "../../tunnel/client.ts";
import type { ConnectionOwner } from "../exchange.ts";
import type { Place } from "../place.ts";
import { WebClientProtocol } from "../protocol.ts";
import type { ProxyRoute } from "../proxy.ts";

/** How connections are made. */
export interface DialSettings {
  readonly tls?: TlsClientOptions | undefined;
  readonly bindAddress?: string | undefined;
  /** What makes the next handshake with a place shorter. */
  readonly tickets: Map<string, Ticket>;
}

/** The newest TLS connection to a place, and the session that it began with: some servers give each session one ticket only. */
export interface Ticket {
  readonly protocol: Protocol;
  readonly session: Uint8Array | undefined;
}

/** Connects to a place, with TLS if its URL asks for it. Fires when requests may be sent. */
export function dial(
  reactor: Reactor,
  settings: DialSettings,
  place: Place,
  timeoutMs: number,
  owner: ConnectionOwner,
): Deferred<WebClientProtocol> {
  const factory = (): WebClientProtocol => new WebClientProtocol(owner, reactor);
  const { isSecure, host, port, socketPath, via } = place;
  const { bindAddress } = settings;
  const tls = isSecure ? tlsOptions(settings, place) : undefined;
  const connecting =
    via !== undefined
      ? dialThrough(reactor, via, { host, port, timeoutMs }, tls, factory)
      : socketPath !== undefined
        ? reactor.connectUnix({ path: socketPath, tls, timeoutMs }, factory)
        : reactor.connectTcp({ host, port, tls, timeoutMs, bindAddress }, factory);
  return isSecure ? connecting.addCallback((protocol) => remember(settings, place, protocol)) : connecting;
}

function tlsOptions({ tls, tickets }: DialSettings, { key, host }: Place): TlsClientOptions {
  return { servername: host, alpn: HTTP_1, session: sessionOf(tickets.get(key)), ...tls };
}

function sessionOf(ticket: Ticket | undefined): Uint8Array | undefined {
  return ticket?.protocol.transport.tls?.session ?? ticket?.session;
}

function remember<P extends Protocol>({ tickets }: DialSettings, { key }: Place, protocol: P): P {
  const session = sessionOf(tickets.get(key));
  tickets.delete(key);
  const [oldest = ""] = tickets.keys();
  if (tickets.size === MAX_REMEMBERED) tickets.delete(oldest);
  tickets.set(key, { protocol, session });
  return protocol;
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** All the way through a proxy: TLS, if there is any, is with the server. */
function dialThrough<P extends Protocol>(
  reactor: Reactor,
  via: ProxyRoute,
  target: Target,
  tls: TlsClientOptions | undefined,
  factory: () => P,
): Deferred<P> {
  const tunnel = via.scheme === "socks5" ? socksTunnel(via, target) : httpTunnel(via, target);
  const connecting =
    tls === undefined ? tunnel.connect(reactor, factory) : connectTlsOver(reactor, tunnel, tls, factory);
  return target.timeoutMs === Number.POSITIVE_INFINITY ? connecting : connecting.addTimeout(target.timeoutMs, reactor);
}

function httpTunnel({ scheme, login, ...proxy }: ProxyRoute, target: Target): ClientEndpoint {
  const tls = scheme === "https" ? { alpn: HTTP_1 } : undefined;
  const itself: ClientEndpoint = {
    connect: (reactor, factory) => reactor.connectTcp({ host: proxy.host, port: proxy.port, tls }, factory),
  };
  const [username, password] = login ?? ["", ""];
  const options = { proxy: itself, ...target, login: login === undefined ? undefined : { username, password } };
  return { connect: (reactor, factory) => connectThroughHttp(reactor, options, factory) };
}

/** By its description: the type is there when somebody has imported ropewalk/socks, and the error says so when nobody has. */
function socksTunnel({ host, port, login }: ProxyRoute, target: Target): ClientEndpoint {
  const endpoint = format({ type: "tcp", positional: [target.host, String(target.port)], keywords: {} });
  const [username = "", password = ""] = login ?? [];
  const keywords = { endpoint, ...(login === undefined ? {} : { username, password }) };
  return endpointTypes.client({ type: "socks5", positional: [host, String(port)], keywords });
}

/** Some kB each. */
const MAX_REMEMBERED = 128;
const HTTP_1 = ["http/1.1"];
