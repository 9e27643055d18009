import { Deferred } from "../core/deferred/deferred.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { Port, Reactor } from "../core/reactor.ts";
import type { Innermost } from "../policies/wrapper.ts";
import { endpointTypes } from "./default-types.ts";
import type { ClientEndpoint, EndpointTypes, ServerEndpoint } from "./types.ts";

/** Options of `listen`. */
export interface ListenOptions {
  /** The table that reads the description; default `endpointTypes`. */
  readonly types?: EndpointTypes | undefined;
}

/** Options of `connect`. */
export interface ConnectOptions extends ListenOptions {
  /** Gives up when it aborts. A `Deadline` can stand for these options. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a port where `endpoint` says, and gives each connection a protocol from `factory`. Fires with the port when it
 * is open. Fails with EndpointSyntaxError, EndpointError (a file or descriptor that cannot be used) or ListenError.
 *
 * @example
 * ```ts
 * import { NodeReactor, Protocol, listen } from "ropewalk";
 *
 * const reactor = new NodeReactor();
 * const port = await listen(reactor, "tcp:0:interface=127.0.0.1", () => new Protocol());
 * await port.stopListening();
 * ```
 */
export function listen(
  reactor: Reactor,
  endpoint: string | ServerEndpoint,
  factory: ProtocolFactory,
  options: ListenOptions = {},
): Deferred<Port> {
  return maybeDeferred(() => {
    const { types = endpointTypes } = options;
    const server = typeof endpoint === "string" ? types.server(endpoint) : endpoint;
    return server.listen(reactor, factory);
  });
}

/**
 * Connects to where `endpoint` says. Fires with the factory's protocol when it is usable: for TLS, after handshake and
 * verification. Where policies wrap the factory, that is the protocol inside of them. Cancelling it, or aborting the signal, leaves no socket and no timer. Fails with EndpointSyntaxError,
 * EndpointError, ConnectError (LookupError, TlsError), TimeoutError, CancelledError, or what connectionMade threw.
 *
 * @example
 * ```ts
 * import { NodeReactor, Protocol, connect, listen } from "ropewalk";
 *
 * const reactor = new NodeReactor();
 * const port = await listen(reactor, "unix:example.sock", () => new Protocol());
 * const client = await connect(reactor, "unix:example.sock", () => new Protocol());
 * console.log(client.transport.connected); // true
 * client.transport.loseConnection();
 * await client.transport.whenClosed();
 * await port.stopListening();
 * ```
 */
export function connect<P extends Protocol>(
  reactor: Reactor,
  endpoint: string | ClientEndpoint,
  factory: ProtocolFactory<P>,
  options: ConnectOptions = {},
): Deferred<Innermost<P>> {
  const { signal, types = endpointTypes } = options;
  if (signal?.aborted) {
    const never = new Deferred<Innermost<P>>();
    never.cancel(signal.reason);
    return never;
  }
  const connecting = maybeDeferred(() => {
    const client = typeof endpoint === "string" ? types.client(endpoint) : endpoint;
    return client.connect(reactor, factory);
  }).addCallback((protocol) => protocol.innermost as Innermost<P>);
  return signal === undefined ? connecting : connecting.abortable(signal);
}
