import { type Address, formatAddress } from "../../core/address.ts";
import { Logger } from "../../core/log/logger.ts";
import { drainOf, type Factory, type ProtocolFactory } from "../../core/protocol.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { TlsServerOptions } from "../../core/tls.ts";
import { argumentError, optional } from "../../endpoints/arguments.ts";
import { coerce } from "../../endpoints/coerce.ts";
import { endpointTypes } from "../../endpoints/default-types.ts";
import type { ServerType } from "../../endpoints/types.ts";
import type { ProxyHeaderSettings } from "./codec.ts";
import { HeaderReceiver, readWrappingArguments } from "./protocol.ts";

/** How `receiveProxyHeader` receives. */
export interface ReceiveProxyHeaderOptions extends ProxyHeaderSettings {
  /** The reactor, or a test's Clock. */
  readonly clock: Clock;
  /** Time for the whole header; default 5 000 ms (the specification wants 3 s at least: a lost segment comes again). */
  readonly headerTimeoutMs?: number | undefined;
  /**
   * Which peers may say for whom they speak; others are closed at once. Default: all, so let nobody but the proxies reach
   * the port, or say here who they are: whoever can send a header can claim any address.
   */
  readonly trusted?: ((peer: Address) => boolean) | undefined;
  /** TLS that begins right after the header; `factory` is asked when its handshake is done. Default: none. */
  readonly tls?: TlsServerOptions | undefined;
}

/**
 * Wants a PROXY header, of version 1 or 2, before anything else on each connection. Then `factory` is asked with the true
 * peer, and the protocol's `transport.peer` and `transport.local` are the true ones; `proxyHeaderOf(peer)` tells the rest.
 * Where the header has no addresses, they stay those of the connection with the proxy. A header that is missing, broken,
 * too long or late is logged, and its connection closed: `factory` never hears of it.
 *
 * A proxy that passes TLS on says its header in clear, before the handshake: that takes `tls`, on a port without TLS.
 *
 * @throws RangeError if `headerTimeoutMs` is not above 0.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { receiveProxyHeader } from "ropewalk/haproxy";
 * import { Clock, MemoryTransport } from "ropewalk/testing";
 *
 * class Greeter extends Protocol {
 *   override connectionMade(): void {
 *     const { peer } = this.transport;
 *     this.transport.write(`Hello, ${peer.kind === "tcp" ? peer.host : "you"}`);
 *   }
 * }
 * const factory = receiveProxyHeader(() => new Greeter(), { clock: new Clock() });
 * const transport = new MemoryTransport();
 * transport.attach(factory.buildProtocol(transport.peer) as Protocol);
 * transport.remote.write("PROXY TCP4 203.0.113.7 192.0.2.2 50000 80\r\n");
 * console.log(transport.text()); // Hello, 203.0.113.7
 * ```
 */
export function receiveProxyHeader(factory: ProtocolFactory, options: ReceiveProxyHeaderOptions): Factory {
  const { headerTimeoutMs = HEADER_TIMEOUT_MS } = options;
  if (!(headerTimeoutMs > 0)) {
    throw new RangeError(`Cannot wait ${headerTimeoutMs} ms for a header: headerTimeoutMs must be above 0`);
  }
  return {
    ...drainOf(factory),
    buildProtocol: (peer) => {
      if (options.trusted?.(peer) !== false) return new HeaderReceiver(factory, { ...options, headerTimeoutMs });
      log.warn("Connection with {peer} refused: it is not trusted to send a PROXY header", {
        peer: formatAddress(peer),
      });
      return undefined;
    },
  };
}

/**
 * `haproxy:<server description>`: `receiveProxyHeader` around whatever listens there; for `haproxy:tls:…` the header comes in
 * clear and TLS begins behind it, unless `inTls=1` says that the header is inside. It is in `endpointTypes` as soon as
 * `ropewalk/haproxy` is imported; add it to a table of your own.
 *
 * @example
 * ```ts
 * import { listen, Protocol } from "ropewalk";
 * import "ropewalk/haproxy";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const port = await listen(reactor, "haproxy:tcp:8083:headerTimeoutMs=3000", () => new Protocol());
 * console.log(port.address.kind); // tcp
 * ```
 */
export const haproxyServer: ServerType = {
  name: "haproxy",
  form: "haproxy:<server description>[:headerTimeoutMs=N][:inTls=0|1]",
  make(source, types) {
    const { inner, headerTimeoutMs, inTls } = readWrappingArguments(source, {
      headerTimeoutMs: optional(coerce.milliseconds),
      inTls: optional(coerce.boolean),
    });
    const server = types.server(inner);
    if (server.listenBeforeTls !== undefined && inTls !== true) {
      const { listenBeforeTls } = server;
      return {
        listen: (reactor, factory) =>
          listenBeforeTls(reactor, (tls) => receiveProxyHeader(factory, { clock: reactor, headerTimeoutMs, tls })),
      };
    }
    if (inTls !== undefined && server.listenBeforeTls === undefined) {
      throw argumentError(source, "inTls", `argument "inTls" needs tls: inside`);
    }
    return {
      listen: (reactor, factory) =>
        server.listen(reactor, receiveProxyHeader(factory, { clock: reactor, headerTimeoutMs })),
    };
  },
};

endpointTypes.add({ servers: [haproxyServer] });

const log: Logger = new Logger("ropewalk.haproxy");

const HEADER_TIMEOUT_MS = 5_000;
