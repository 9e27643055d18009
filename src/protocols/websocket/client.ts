import { Deferred } from "../../core/deferred/deferred.ts";
import { maybeDeferred } from "../../core/deferred/succeed.ts";
import { ConnectError, toError } from "../../core/errors.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../../core/protocol.ts";
import type { Reactor, StreamOptions } from "../../core/reactor.ts";
import type { TlsClientOptions } from "../../core/tls.ts";
import { endpointTypes } from "../../endpoints/default-types.ts";
import type { ClientEndpoint, EndpointTypes } from "../../endpoints/types.ts";
import type { RemoteProtocolError } from "../http1/errors.ts";
import type { Http1Event } from "../http1/events.ts";
import { Http1Protocol } from "../http1/protocol.ts";
import type { WebSocketOptions } from "./connection.ts";
import { WebSocketHandshakeError } from "./errors.ts";
import { websocketKey } from "./handshake/key.ts";
import {
  judgeAnswer,
  type OfferOptions,
  parseWebSocketUrl,
  upgradeHeaders,
  type WebSocketTarget,
} from "./handshake/request.ts";
import type { WebSocketProtocol } from "./protocol.ts";
import { overWebSocket } from "./server.ts";
import { sessionOf, type WebSocketSession } from "./session/protocol.ts";

/** What a client offers, and how it connects. */
export interface WebSocketClientOptions extends WebSocketOptions, OfferOptions {
  /** Connects there instead of to the URL's host and port: `unix:…`, a proxy. What `wss:` needs of TLS is up to it then. */
  readonly endpoint?: string | ClientEndpoint | undefined;
  /** For `wss:`. */
  readonly tls?: TlsClientOptions | undefined;
  /** For connecting and the handshake together; default 30 000 ms. */
  readonly timeoutMs?: number | undefined;
  /** The table that reads `endpoint`; default `endpointTypes`. */
  readonly types?: EndpointTypes | undefined;
}

/**
 * Opens a WebSocket to a URL, `ws:` or `wss:`. Fires with the factory's protocol when it is open. Fails with
 * LocalWebSocketError (what was asked), WebSocketHandshakeError (what the server answered), TimeoutError, and as `connect` does.
 * Cancelling it leaves no socket.
 *
 * @example
 * ```ts
 * import { listen, NodeReactor } from "ropewalk";
 * import { connectWebSocket, WebSocketProtocol, webSocketFactory } from "ropewalk/websocket";
 *
 * const reactor = new NodeReactor();
 * const where = "unix:websocket-example.sock";
 * const port = await listen(reactor, where, webSocketFactory(reactor, () => new WebSocketProtocol(), { subprotocols: ["b"] }));
 * const options = { endpoint: where, subprotocols: ["a", "b"] };
 * const client = await connectWebSocket(reactor, "ws://example.org/chat", () => new WebSocketProtocol(), options);
 * console.log(client.subprotocol); // b
 * await client[Symbol.asyncDispose]();
 * await port.stopListening();
 * ```
 */
export function connectWebSocket<P extends WebSocketProtocol>(
  reactor: Reactor,
  url: string | URL,
  factory: ProtocolFactory<P>,
  options: WebSocketClientOptions = {},
): Deferred<P> {
  return maybeDeferred(() => {
    const target = parseWebSocketUrl(url);
    const key = websocketKey(reactor.randomBytes(16));
    const headers = upgradeHeaders(target.authority, key, options);
    const handshake = (): ClientHandshake<P> => new ClientHandshake(reactor, factory, target, key, headers, options);
    return dial(reactor, target, options, handshake).addCallback(({ established }) => established);
  }).addTimeout(options.timeoutMs ?? TIMEOUT_MS, reactor);
}

/**
 * An endpoint for `connect`: any protocol of bytes, over a WebSocket to this URL. Fails as `connectWebSocket` does. See
 * `overWebSocket` for the other end, and for what such a transport cannot do.
 *
 * @example
 * ```ts
 * import { connect, NodeReactor, Protocol } from "ropewalk";
 * import { webSocketEndpoint } from "ropewalk/websocket";
 *
 * const endpoint = webSocketEndpoint("ws://example.org/mqtt", { endpoint: "unix:nobody.sock", subprotocols: ["mqtt"] });
 * const connecting = connect(new NodeReactor(), endpoint, () => new Protocol());
 * await connecting.addErrback((error: Error) => console.log(error.name)); // ConnectError
 * ```
 */
export function webSocketEndpoint(
  url: string | URL,
  options: WebSocketClientOptions & StreamOptions = {},
): ClientEndpoint {
  return {
    connect: (reactor, factory) =>
      connectWebSocket(reactor, url, overWebSocket(reactor, factory, options), options).addCallback(
        ({ inner }) => inner,
      ),
  };
}

function dial<H extends Protocol>(
  reactor: Reactor,
  { host, port, isSecure }: WebSocketTarget,
  { endpoint, types = endpointTypes, tls = {}, timeoutMs = TIMEOUT_MS }: WebSocketClientOptions,
  factory: ProtocolFactory<H>,
): Deferred<H> {
  if (endpoint !== undefined) {
    return (typeof endpoint === "string" ? types.client(endpoint) : endpoint).connect(reactor, factory);
  }
  const secured = isSecure ? { alpn: ["http/1.1"], ...tls } : undefined;
  return reactor.connectTcp({ host, port, tls: secured, timeoutMs }, factory);
}

/** Asks the server, and from its 101 on is out of the way. */
class ClientHandshake<P extends WebSocketProtocol> extends Http1Protocol {
  /** Fires with the inner protocol when its connectionMade has run. */
  readonly established: Deferred<P> = new Deferred(() => this.transport.abortConnection());
  readonly #reactor: Reactor;
  readonly #factory: ProtocolFactory<P>;
  readonly #target: string;
  readonly #key: string;
  readonly #headers: ReturnType<typeof upgradeHeaders>;
  readonly #options: WebSocketClientOptions;
  #session: WebSocketSession | undefined = undefined;

  constructor(
    reactor: Reactor,
    factory: ProtocolFactory<P>,
    { target }: WebSocketTarget,
    key: string,
    headers: ReturnType<typeof upgradeHeaders>,
    options: WebSocketClientOptions,
  ) {
    super("client", reactor);
    this.#reactor = reactor;
    this.#factory = factory;
    this.#target = target;
    this.#key = key;
    this.#headers = headers;
    this.#options = options;
  }

  override connectionMade(): void {
    this.sendWhole({ type: "request", method: "GET", target: this.#target, headers: this.#headers });
  }

  protected override eventReceived(event: Http1Event): void {
    if (event.type === "informational" && event.status === 101) this.#accept(event.headers);
    else if (event.type === "switched") this.#begin(event.rest);
    else if (event.type === "response") this.#refused(event.status, event.reason);
  }

  protected override faultReceived(error: RemoteProtocolError): void {
    this.#fail(new WebSocketHandshakeError(0, error.problem, { cause: error }));
  }

  override connectionLost(reason: Error): void {
    super.connectionLost(reason);
    if (this.established.called) return;
    this.established.errback(
      new WebSocketHandshakeError(0, "the connection was lost before its answer", { cause: reason }),
    );
  }

  #accept(headers: ReturnType<typeof upgradeHeaders>): void {
    try {
      const agreement = judgeAnswer(headers, this.#key, this.#options);
      const inner = buildProtocol(this.#factory, this.transport.peer);
      if (inner === undefined) throw new ConnectError("Cannot connect: the factory refused the connection");
      const randomBytes = (count: number): Uint8Array => this.#reactor.randomBytes(count);
      this.#session = sessionOf("client", this.#reactor, inner, agreement, { ...this.#options, randomBytes }, () => {
        if (!this.established.called) this.established.callback(inner);
      });
    } catch (error) {
      this.#fail(toError(error));
    }
  }

  #begin(rest: Uint8Array): void {
    if (this.#session === undefined || this.established.called) return;
    try {
      this.handOver(this.#session, rest);
    } catch (error) {
      // From connectionMade: it is the answer to who asked. Behind it, it is the connection's own.
      if (this.established.called) throw error;
      this.#fail(toError(error));
    }
  }

  #refused(status: number, reason: string): void {
    this.#fail(
      new WebSocketHandshakeError(status, reason === "" ? `it answered ${status}` : `it answered ${status} ${reason}`),
    );
  }

  #fail(error: Error): void {
    this.transport.abortConnection();
    if (!this.established.called) this.established.errback(error);
  }
}

const TIMEOUT_MS = 30_000;
