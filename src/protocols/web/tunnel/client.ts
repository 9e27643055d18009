import { Deferred } from "../../../core/deferred/deferred.ts";
import { maybeDeferred } from "../../../core/deferred/succeed.ts";
import { ConnectionLost, toError } from "../../../core/errors.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../../../core/protocol.ts";
import type { Reactor } from "../../../core/reactor.ts";
import type { Clock } from "../../../core/time/clock.ts";
import { endpointTypes } from "../../../endpoints/default-types.ts";
import type { ClientEndpoint, EndpointTypes } from "../../../endpoints/types.ts";
import { type HeaderInit, HeaderMap } from "../../../wire/header-map.ts";
import type { RemoteProtocolError } from "../../http1/errors.ts";
import type { Http1Event } from "../../http1/events.ts";
import { Http1Protocol } from "../../http1/protocol.ts";
import { encodeBasic } from "../auth/basic.ts";
import { ProxyRefusedError } from "./errors.ts";

/** Which proxy, whom to reach through it, and what to tell it. */
export interface HttpConnectOptions {
  /** How to connect to the proxy: `tcp:127.0.0.1:3128`, `tls:proxy.example.org:443`, or any other client endpoint. */
  readonly proxy: string | ClientEndpoint;
  /** A name, which the proxy looks up, or an IP address. */
  readonly host: string;
  readonly port: number;
  /** Sent with the first request, as Basic (RFC 7617): in clear, unless the way to the proxy is not. */
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  /** More fields of the request. */
  readonly headers?: HeaderInit | undefined;
  /** For connecting and the proxy's answer together; default 30 000 ms. */
  readonly timeoutMs?: number | undefined;
  /** The table that reads `proxy`; default `endpointTypes`. */
  readonly types?: EndpointTypes | undefined;
}

/**
 * Connects to `host` and `port` through an HTTP proxy (CONNECT, RFC 9110 §9.3.6). Fires with the factory's protocol when it is
 * usable; its `transport.peer` is the proxy. Fails with ProxyRefusedError, RemoteProtocolError, LocalProtocolError,
 * TimeoutError, and as `connect` does. Cancelling it leaves no socket.
 *
 * @example
 * ```ts
 * import { Protocol, NodeReactor } from "ropewalk";
 * import { connectThroughHttp, HttpError, serve } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * const proxy = "unix:http-connect-example.sock";
 * const port = await serve(reactor, proxy, () => { throw new HttpError(403, "Not with me"); });
 * const options = { proxy, host: "example.org", port: 443 };
 * await connectThroughHttp(reactor, options, () => new Protocol()).addErrback((error: Error) => console.log(error.message));
 * // Proxy refused to connect to example.org:443: 403 Forbidden
 * await port.stopListening();
 * ```
 */
export function connectThroughHttp<P extends Protocol>(
  reactor: Reactor,
  options: HttpConnectOptions,
  factory: ProtocolFactory<P>,
): Deferred<P> {
  const { proxy, types = endpointTypes, timeoutMs = TIMEOUT_MS } = options;
  return maybeDeferred(() => {
    const endpoint = typeof proxy === "string" ? types.client(proxy) : proxy;
    return endpoint.connect(reactor, (peer) => {
      const inner = buildProtocol(factory, peer);
      return inner && new ConnectThenProtocol(options, inner, reactor);
    });
  })
    .addCallback(({ established }) => established)
    .addTimeout(timeoutMs, reactor);
}

/** Asks the proxy, and from its answer on passes every event to the protocol that was asked for. */
class ConnectThenProtocol<P extends Protocol> extends Http1Protocol {
  /** Fires with the inner protocol when its connectionMade has run. */
  readonly established: Deferred<P>;
  readonly #target: string;
  readonly #options: HttpConnectOptions;
  readonly #inner: P;

  constructor(options: HttpConnectOptions, inner: P, clock: Clock) {
    super("client", clock);
    const { host, port } = options;
    this.#target = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    this.#options = options;
    this.#inner = inner;
    this.established = new Deferred(() => this.transport.abortConnection());
  }

  override connectionMade(): void {
    const { login, headers } = this.#options;
    const fields = new HeaderMap({ Host: this.#target });
    try {
      if (login !== undefined) fields.append("Proxy-Authorization", encodeBasic(login));
      for (const [name, value] of new HeaderMap(headers)) fields.append(name, value);
      this.sendWhole({ type: "request", method: "CONNECT", target: this.#target, headers: fields });
    } catch (error) {
      this.#fail(toError(error));
    }
  }

  override eventReceived(event: Http1Event): void {
    if (event.type === "response" && event.status >= 300) {
      this.#fail(new ProxyRefusedError(this.#target, event.status, event.reason, event.headers));
    } else if (event.type === "switched") {
      this.#handOver(event.rest);
    }
  }

  override faultReceived(error: RemoteProtocolError): void {
    this.#fail(error);
  }

  override connectionLost(reason: Error): void {
    super.connectionLost(reason);
    this.#fail(new ConnectionLost("Connection was lost before the proxy had answered", { cause: reason }));
  }

  #handOver(rest: Uint8Array): void {
    try {
      this.handOver(this.#inner, rest, () => {
        if (!this.established.called) this.established.callback(this.#inner);
      });
    } catch (error) {
      this.#fail(toError(error));
    }
  }

  #fail(error: Error): void {
    this.transport.abortConnection();
    if (!this.established.called) this.established.errback(error);
  }
}

/** As patient as a browser's user. */
const TIMEOUT_MS = 30_000;
