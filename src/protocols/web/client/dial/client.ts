import type { Deferred } from "../../../../core/deferred/deferred.ts";
import type { Reactor } from "../../../../core/reactor.ts";
import type { TlsClientOptions } from "../../../../core/tls.ts";
import type { ConnectionOwner } from "../exchange.ts";
import type { Place } from "../place.ts";
import { WebClientProtocol } from "../protocol.ts";

/** How connections are made. */
export interface DialSettings {
  readonly tls?: TlsClientOptions | undefined;
  readonly bindAddress?: string | undefined;
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
  const { isSecure, host, port, socketPath } = place;
  const { bindAddress } = settings;
  const tls = isSecure ? { servername: host, alpn: HTTP_1, ...settings.tls } : undefined;
  if (socketPath !== undefined) return reactor.connectUnix({ path: socketPath, tls, timeoutMs }, factory);
  return reactor.connectTcp({ host, port, tls, timeoutMs, bindAddress }, factory);
}

const HTTP_1 = ["http/1.1"];
