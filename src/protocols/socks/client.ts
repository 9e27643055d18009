import type { Deferred } from "../../core/deferred/deferred.ts";
import { maybeDeferred } from "../../core/deferred/succeed.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../../core/protocol.ts";
import type { Reactor } from "../../core/reactor.ts";
import { endpointTypes } from "../../endpoints/default-types.ts";
import type { ClientEndpoint, EndpointTypes } from "../../endpoints/types.ts";
import type { SocksAddress, SocksCommand, SocksLogin } from "./events.ts";
import { SocksThenProtocol } from "./handshake/client.ts";

/** Which proxy, and how to speak with it. */
export interface SocksProxyOptions {
  /** How to connect to the proxy: `tcp:127.0.0.1:1080`, or any other client endpoint. */
  readonly proxy: string | ClientEndpoint;
  /** Default 5. Version 4 has IPv4 addresses and names only, and no UDP. */
  readonly version?: 4 | 5 | undefined;
  /** Version 5: sent if the proxy asks for it, and in clear. */
  readonly login?: SocksLogin | undefined;
  /** Version 4: who asks, for the proxy's identd. */
  readonly userId?: string | undefined;
  /** For connecting, login and answer together; default 30 000 ms. */
  readonly timeoutMs?: number | undefined;
  /** The table that reads `proxy`; default `endpointTypes`. */
  readonly types?: EndpointTypes | undefined;
}

/** Whom to reach, through which proxy. A name is looked up by the proxy. */
export interface SocksClientOptions extends SocksProxyOptions, SocksAddress {}

/**
 * Connects to `host` and `port` through a proxy (CONNECT). Fires with the factory's protocol when it is usable; its
 * `transport.peer` is the proxy. Fails with SocksRefusedError, RemoteSocksError, LocalSocksError, TimeoutError, and as
 * `connect` does. Cancelling it leaves no socket.
 *
 * @example
 * ```ts
 * import { Protocol, listen, NodeReactor } from "ropewalk";
 * import { connectThroughSocks, socksServer } from "ropewalk/socks";
 *
 * const reactor = new NodeReactor();
 * const where = "unix:socks-example.sock";
 * const port = await listen(reactor, where, socksServer(reactor, { allow: ({ host }) => host === "example.org" }));
 * const options = { proxy: where, host: "example.com", port: 80 };
 * await connectThroughSocks(reactor, options, () => new Protocol()).addErrback((error: Error) => console.log(error.message));
 * // Proxy refused: its rules do not allow it (2)
 * await port.stopListening();
 * ```
 */
export function connectThroughSocks<P extends Protocol>(
  reactor: Reactor,
  options: SocksClientOptions,
  factory: ProtocolFactory<P>,
): Deferred<P> {
  const { timeoutMs = TIMEOUT_MS } = options;
  return ask(reactor, "connect", options, factory)
    .addCallback(({ established }) => established)
    .addTimeout(timeoutMs, reactor);
}

/** What a proxy does for BIND. */
export interface SocksBinding<P extends Protocol> {
  /** Where the proxy listens for one caller: tell it to whoever is to call. */
  readonly address: SocksAddress;
  /** Fires when that one has called. Cancelling it closes the connection with the proxy. */
  readonly called: Deferred<P>;
}

/**
 * Asks a proxy to listen for one connection (BIND) from `host`; `0.0.0.0` is anybody, if the proxy allows it. `timeoutMs` is
 * for its first answer; how long it waits for the caller is up to the proxy, and to `called.addTimeout`. Fails as
 * `connectThroughSocks` does.
 *
 * @example
 * ```ts
 * import { connect, listen, NodeReactor, Protocol } from "ropewalk";
 * import { socksBind, socksServer } from "ropewalk/socks";
 *
 * const reactor = new NodeReactor();
 * const port = await listen(reactor, "tcp:0:interface=127.0.0.1", socksServer(reactor));
 * if (port.address.kind !== "tcp") throw new Error("no TCP port");
 * const proxy = `tcp:127.0.0.1:${port.address.port}`;
 * const { address, called } = await socksBind(reactor, { proxy, host: "127.0.0.1", port: 0 }, () => new Protocol());
 * const caller = await connect(reactor, `tcp:${address.host}:${address.port}`, () => new Protocol());
 * console.log((await called).transport.connected); // true
 * caller.transport.loseConnection();
 * await (await called).transport.whenClosed();
 * await port.stopListening();
 * ```
 */
export function socksBind<P extends Protocol>(
  reactor: Reactor,
  options: SocksClientOptions,
  factory: ProtocolFactory<P>,
): Deferred<SocksBinding<P>> {
  const { timeoutMs = TIMEOUT_MS } = options;
  return ask(reactor, "bind", options, factory)
    .addCallback(({ bound, established }) =>
      (bound as Deferred<SocksAddress>).addCallbacks(
        (address) => ({ address, called: established }),
        (error) => {
          // Both fail for one reason, which is told once.
          established.addErrback(() => undefined);
          throw error;
        },
      ),
    )
    .addTimeout(timeoutMs, reactor);
}

/** Connects to the proxy, and sends the request. */
export function ask<P extends Protocol>(
  reactor: Reactor,
  command: SocksCommand,
  options: SocksClientOptions,
  factory: ProtocolFactory<P>,
): Deferred<SocksThenProtocol<P>> {
  const { proxy, types = endpointTypes, login, version = 5, host, port, userId = "" } = options;
  return maybeDeferred(() => {
    const request = { version, command, host, port, userId };
    const endpoint = typeof proxy === "string" ? types.client(proxy) : proxy;
    return endpoint.connect(reactor, (peer) => {
      const inner = buildProtocol(factory, peer);
      return inner && new SocksThenProtocol(request, login, inner);
    });
  });
}

const TIMEOUT_MS = 30_000;
