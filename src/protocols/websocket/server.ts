import type { Address } from "../../core/address.ts";
import { buildProtocol, type Factory, type Protocol, type ProtocolFactory } from "../../core/protocol.ts";
import type { StreamOptions } from "../../core/reactor.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { SomeHttp1Timeouts } from "../http1/deadlines.ts";
import { type DrainedConnection, Draining } from "../http1/draining.ts";
import type { Http1Event, Http1Request } from "../http1/events.ts";
import type { SomeHttp1Limits } from "../http1/limits.ts";
import { Http1Protocol } from "../http1/protocol.ts";
import type { WebSocketOptions } from "./connection.ts";
import {
  type Acceptance,
  type AcceptOptions,
  answerUpgrade,
  type Refusal,
  type UpgradeRequest,
} from "./handshake/accept.ts";
import type { WebSocketProtocol } from "./protocol.ts";
import { sessionOf, type WebSocketSession } from "./session/protocol.ts";
import { Carrier, type CarryingWebSocket } from "./stream/protocol.ts";

/** Whom a server speaks with, and how. */
export interface WebSocketServerOptions extends WebSocketOptions, AcceptOptions {}

/** A server that does nothing but WebSocket. */
export interface WebSocketFactoryOptions extends WebSocketServerOptions {
  /** Asked for each request that is a WebSocket's; `false` is answered by 404. Default: all paths are one. */
  readonly accepts?: ((request: Http1Request) => boolean) | undefined;
  /** For the handshake's head. */
  readonly http?:
    | { readonly limits?: SomeHttp1Limits | undefined; readonly timeouts?: SomeHttp1Timeouts | undefined }
    | undefined;
}

/** The answer of a server that goes on in WebSocket. */
export interface AcceptedWebSocket extends Acceptance {
  /** Has the connection from here on: `makeConnection(transport)`, then the bytes behind the request, if some came. */
  readonly protocol: Protocol;
}

/**
 * For servers of HTTP: what to answer to a request, and what takes over the connection once a 101 is sent.
 *
 * @example
 * ```ts
 * import { acceptWebSocket, HeaderMap, WebSocketProtocol } from "ropewalk/websocket";
 * import { Clock } from "ropewalk/testing";
 *
 * const request = { method: "GET", headers: new HeaderMap() };
 * const answer = acceptWebSocket(new Clock(), request, new WebSocketProtocol());
 * console.log(answer.status, "protocol" in answer); // 426 false
 * ```
 */
export function acceptWebSocket(
  clock: Clock,
  request: UpgradeRequest,
  protocol: WebSocketProtocol,
  options: WebSocketServerOptions = {},
): AcceptedWebSocket | Refusal {
  const answer = answerUpgrade(request, options);
  if (answer.status !== 101) return answer;
  const { subprotocol, deflate } = answer;
  const session = sessionOf("server", clock, protocol, { subprotocol, deflate, request }, options);
  return { ...answer, protocol: session };
}

/**
 * A factory for `listen` whose connections are WebSockets. A request that is none is answered by 426, and one from a foreign
 * page by 403; a protocol that `factory` refuses by 403, too. When it is drained, they hear that the server goes away (1001).
 *
 * @example
 * ```ts
 * import { listen, NodeReactor } from "ropewalk";
 * import { WebSocketProtocol, webSocketFactory } from "ropewalk/websocket";
 *
 * class Clock extends WebSocketProtocol {
 *   override connectionMade(): void {
 *     this.sendMessage(new Date().toISOString());
 *     this.close();
 *   }
 * }
 * const reactor = new NodeReactor();
 * const factory = webSocketFactory(reactor, () => new Clock(), { subprotocols: ["time"], limits: { maxMessageBytes: 100 } });
 * const port = await listen(reactor, "tcp:0:interface=127.0.0.1", factory);
 * await port.stopListening();
 * ```
 */
export function webSocketFactory(
  clock: Clock,
  factory: ProtocolFactory<WebSocketProtocol>,
  options: WebSocketFactoryOptions = {},
): Factory {
  const draining = new Draining(clock);
  return {
    buildProtocol: (peer) => new ServerHandshake(clock, factory, peer, options, draining),
    drain: (quietMs) => draining.drain(quietMs),
  };
}

/**
 * Lets any protocol of bytes run over WebSockets: for `webSocketFactory`, and the other end is `webSocketEndpoint`. What is
 * written leaves as binary messages, cut anywhere. `loseWriteConnection` closes both directions, since a WebSocket has no
 * half-close; `startTls` fails with UnsupportedError.
 *
 * @example
 * ```ts
 * import { connect, listen, NodeReactor } from "ropewalk";
 * import { LineProtocol } from "ropewalk/line";
 * import { overWebSocket, webSocketEndpoint, webSocketFactory } from "ropewalk/websocket";
 *
 * class Greeter extends LineProtocol {
 *   override connectionMade(): void {
 *     this.sendLine("welcome");
 *   }
 * }
 * class Guest extends LineProtocol {
 *   override lineReceived(line: string): void {
 *     console.log(line); // welcome
 *     this.transport.loseConnection();
 *   }
 * }
 * const reactor = new NodeReactor();
 * const factory = webSocketFactory(reactor, overWebSocket(reactor, () => new Greeter()));
 * const port = await listen(reactor, "unix:over-websocket.sock", factory);
 * const endpoint = webSocketEndpoint("ws://example.org/", { endpoint: "unix:over-websocket.sock" });
 * const guest = await connect(reactor, endpoint, () => new Guest());
 * await guest.transport.whenClosed();
 * await port.stopListening();
 * ```
 */
export function overWebSocket<P extends Protocol>(
  clock: Clock,
  factory: ProtocolFactory<P>,
  options: StreamOptions = {},
): Factory<CarryingWebSocket<P>> {
  return {
    buildProtocol: (peer) => {
      const inner = buildProtocol(factory, peer);
      return inner && new Carrier(inner, clock, options);
    },
  };
}

class ServerHandshake extends Http1Protocol implements DrainedConnection {
  readonly #clock: Clock;
  readonly #factory: ProtocolFactory<WebSocketProtocol>;
  readonly #peer: Address;
  readonly #options: WebSocketFactoryOptions;
  #request: Http1Request | undefined = undefined;
  readonly #draining: Draining;
  #session: WebSocketSession | undefined = undefined;
  #isSwitched = false;

  constructor(
    clock: Clock,
    factory: ProtocolFactory<WebSocketProtocol>,
    peer: Address,
    options: WebSocketFactoryOptions,
    draining: Draining,
  ) {
    super("server", clock, options.http);
    this.#clock = clock;
    this.#factory = factory;
    this.#peer = peer;
    this.#options = options;
    this.#draining = draining;
  }

  override connectionMade(): void {
    super.connectionMade();
    this.#draining.connected(this);
  }

  override connectionLost(reason: Error): void {
    this.#draining.disconnected(this);
    super.connectionLost(reason);
  }

  get isQuiet(): boolean {
    return !this.#isSwitched && this.http.waitsFor === "idle";
  }

  finish(): void {
    if (this.#isSwitched) this.#session?.goAway();
    else this.http.finish();
  }

  close(): void {
    this.transport.loseConnection();
  }

  protected override eventReceived(event: Http1Event): void {
    switch (event.type) {
      case "request":
        this.#request = event;
        return;
      case "end":
        this.#answer(this.#request as Http1Request);
        return;
      case "switched":
        this.handOver(this.#session as Protocol, event.rest);
        this.#isSwitched = true;
        if (this.#draining.isFinishing) this.finish();
        return;
      case "closed":
        this.transport.loseConnection();
        return;
      default:
        // A body, which nobody asked for: it is passed over.
        return;
    }
  }

  #answer(request: Http1Request): void {
    const answer = answerUpgrade(request, this.#options);
    if (answer.status !== 101) {
      this.#refuse(answer.status, answer.problem, answer.headers);
    } else if (this.#options.accepts?.(request) === false) {
      this.#refuse(404, "There is no WebSocket here");
    } else {
      const inner = buildProtocol(this.#factory, this.#peer);
      if (inner === undefined) this.#refuse(403, "This connection was refused");
      else this.#accept(answer, inner, request);
    }
  }

  #accept({ headers, subprotocol, deflate }: Acceptance, inner: WebSocketProtocol, request: Http1Request): void {
    this.#session = sessionOf("server", this.#clock, inner, { subprotocol, deflate, request }, this.#options);
    this.send({ type: "informational", status: 101, headers });
  }

  #refuse(status: number, problem: string, headers: Refusal["headers"] = []): void {
    this.sendWhole({ type: "response", status, headers: [...headers, ["Content-Type", "text/plain"]] }, `${problem}\n`);
  }
}
