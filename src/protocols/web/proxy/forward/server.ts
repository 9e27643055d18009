import type { Deferred } from "../../../../core/deferred/deferred.ts";
import { CancelledError, TimeoutError } from "../../../../core/deferred/errors.ts";
import { maybeDeferred } from "../../../../core/deferred/succeed.ts";
import { Logger } from "../../../../core/log/logger.ts";
import type { Protocol } from "../../../../core/protocol.ts";
import type { HostAddress, Reactor } from "../../../../core/reactor.ts";
import { dialChosen } from "../../../../policies/dial-chosen.ts";
import { peerKey } from "../../../../policies/peer-key.ts";
import { isPublicAddress } from "../../../../policies/public-address.ts";
import { FarEnd } from "../../../../policies/relay.ts";
import { RequestError } from "../../client/errors.ts";
import type { PoolLimits } from "../../client/lane.ts";
import type { Place } from "../../client/place.ts";
import type { Headers } from "../../message/headers.ts";
import { HttpError } from "../../message/http-error.ts";
import type { Request } from "../../message/request.ts";
import type { Answer, Responder } from "../../server/site.ts";
import { Backend, type Connect, pseudonymOf } from "../backend/client.ts";
import { causeOf } from "../cause-of.ts";
import { answerOf, informedFields, onwardOf } from "../onward.ts";
import { relayAnswer } from "../relay/server.ts";
import { type ProxyLogin, type ProxyRequest, placeIn, readLogin } from "./rules.ts";
import { type SeatLimits, Seats } from "./seats.ts";

/** What a forward proxy does for whom, and for how long. */
export interface ForwardProxyOptions {
  /** Ports that requests by URL may ask for: 80, 443, and all from 1024 on, where no mail servers and the like are. */
  readonly allowPort?: ((port: number) => boolean) | undefined;
  /** Ports that CONNECT may ask for: 443. A tunnel carries anything: port 25 would send mail in this machine's name. */
  readonly tunnelPorts?: readonly number[] | undefined;
  /** Asked for each request before anything is looked up. Default: everything is allowed. */
  readonly allow?: ((request: ProxyRequest) => boolean | PromiseLike<boolean>) | undefined;
  /**
   * Asked for each address that the target stands for; only those that pass are dialled. Default `isPublicAddress`: nobody
   * reaches this machine or its private networks through the proxy.
   */
  readonly allowAddress?: ((host: string, request: ProxyRequest) => boolean) | undefined;
  /** Asked for each login; with it, nobody is served without one (407). */
  readonly authenticate?: ((login: ProxyLogin, request: ProxyRequest) => boolean | PromiseLike<boolean>) | undefined;
  /** What clients show their user when they ask for a login: "proxy". */
  readonly realm?: string | undefined;
  /** Requests and tunnels at the same time; default no limit. */
  readonly limits?: SeatLimits | undefined;
  /** For looking up and connecting to the target: 30 000 ms. */
  readonly connectTimeoutMs?: number | undefined;
  /** From the end of a request to the first byte of its answer: 60 000 ms. */
  readonly answerTimeoutMs?: number | undefined;
  /** Silence amid an answer, or a target that takes nothing of an upload: 60 000 ms. */
  readonly silenceTimeoutMs?: number | undefined;
  /** A tunnel through which nothing goes either way ends after this: 600 000 ms. */
  readonly idleTimeoutMs?: number | undefined;
  /** The name in Via; default one that no other proxy has, so that circles are seen. */
  readonly via?: string | undefined;
  /** Answers what is no request to a proxy: pages of its own. Default: 400. */
  readonly otherwise?: Responder | undefined;
}

/** A handler, and the end of it. */
export interface ForwardProxy extends AsyncDisposable {
  (request: Request): Answer | PromiseLike<Answer>;
  /** Closes the connections to other servers that no request needs any more. Fires when none is left. */
  close(): Deferred<void>;
}

/**
 * Serves those who ask for other servers: requests for whole URLs (`GET http://…`, RFC 9112 §3.2.2), and tunnels by CONNECT
 * (RFC 9110 §9.3.6), which is how `https:` goes through a proxy. Names are looked up once, here, and what is dialled are those
 * addresses that the rules allow.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { forwardProxy, serve } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * const proxy = forwardProxy(reactor, {
 *   authenticate: ({ username, password }) => username === "ann" && password === "secret",
 *   allow: ({ host }) => host.endsWith(".example.org"),
 *   limits: { total: 1_000, perPeer: 50 },
 * });
 * const port = await serve(reactor, "tcp:0:interface=127.0.0.1", proxy);
 * await port.stopListening();
 * await proxy.close();
 * ```
 */
export function forwardProxy(reactor: Reactor, options: ForwardProxyOptions = {}): ForwardProxy {
  const proxy = new Forwarding(reactor, options);
  const close = (): Deferred<void> => proxy.close();
  return Object.assign((request: Request) => proxy.answer(request), {
    close,
    [Symbol.asyncDispose]: async () => await close(),
  });
}

class Forwarding {
  readonly #reactor: Reactor;
  readonly #options: ForwardProxyOptions;
  readonly #seats: Seats;
  readonly #backend: Backend;
  readonly #via: string;

  constructor(reactor: Reactor, options: ForwardProxyOptions) {
    const {
      connectTimeoutMs = CONNECT_TIMEOUT_MS,
      answerTimeoutMs = PATIENCE_MS,
      silenceTimeoutMs = PATIENCE_MS,
    } = options;
    this.#reactor = reactor;
    this.#options = options;
    this.#seats = new Seats(options.limits);
    this.#via = options.via ?? pseudonymOf(reactor);
    const connect: Connect = (place, timeoutMs, make) => this.#dial((place as AskedPlace).asked, timeoutMs, make);
    this.#backend = new Backend(reactor, connect, { connectTimeoutMs, answerTimeoutMs, silenceTimeoutMs }, POOL_LIMITS);
  }

  answer(request: Request): Answer | PromiseLike<Answer> {
    if (request.method === "CONNECT") return this.#tunnel(request);
    if (WHOLE_URL.test(request.head?.target ?? "")) return this.#forward(request);
    const { otherwise } = this.#options;
    if (otherwise !== undefined) return otherwise(request);
    throw new HttpError(400, "This is a proxy: ask it for whole URLs, or to CONNECT");
  }

  close(): Deferred<void> {
    return this.#backend.close();
  }

  #forward(request: Request): Deferred<Answer> {
    return maybeDeferred(() => {
      const url = new URL(request.url);
      if (url.protocol !== "http:") throw new HttpError(400, `Ask for ${url.protocol} by CONNECT`);
      return this.#admit(request, placeIn(url.host, 80)).addCallback((asked) => {
        const { allowPort = isUsualPort } = this.#options;
        if (!allowPort(asked.port)) throw new HttpError(403, `No requests to port ${asked.port}`);
        const onward = onwardOf(request, this.#via, []);
        onward.fields.set("Host", url.host);
        const ears = {
          informed: (status: number, headers: Headers) => request.sendInformational(status, informedFields(headers)),
          over: this.#seats.take(asked.peer && peerKey(asked.peer)),
        };
        return this.#backend.send(this.#placeOf(asked), onward, ears).addCallbacks(
          (answer) => answerOf(answer, request.method, this.#via) as Answer,
          (error: Error) => {
            throw unreachable(error, asked);
          },
        );
      });
    });
  }

  /** Connections are shared by those for whom the same rules hold. */
  #placeOf(asked: ProxyRequest): AskedPlace {
    const { host, port, username = "", peer } = asked;
    const whose =
      this.#options.allowAddress === undefined ? "" : `${JSON.stringify([username, peer && peerKey(peer)])} `;
    const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    return { key: `${whose}http://${authority}`, isSecure: false, host, port, socketPath: undefined, asked };
  }

  #tunnel(request: Request): Deferred<Answer> {
    const { tunnelPorts = TUNNEL_PORTS, idleTimeoutMs = IDLE_TIMEOUT_MS } = this.#options;
    const { connectTimeoutMs = CONNECT_TIMEOUT_MS } = this.#options;
    return this.#admit(request, placeIn(request.head?.target ?? "", undefined)).addCallback((asked) => {
      if (!tunnelPorts.includes(asked.port)) throw new HttpError(403, `No tunnel to port ${asked.port}`);
      const release = this.#seats.take(asked.peer && peerKey(asked.peer));
      return this.#dial(asked, connectTimeoutMs, () => new FarEnd(true)).addCallbacks(
        (far) => {
          far.transport.whenClosed().addCallback(release);
          return relayAnswer(this.#reactor, request, far, idleTimeoutMs, { status: 200 }) as Answer;
        },
        (error: Error) => {
          release();
          throw unreachable(error, asked);
        },
      );
    });
  }

  /** Fires with what is asked, if this one may ask for it. */
  #admit(request: Request, place: { readonly host: string; readonly port: number }): Deferred<ProxyRequest> {
    const { authenticate, allow } = this.#options;
    const login = authenticate && readLogin(request.headers.get("proxy-authorization"));
    const { method, peer } = request;
    const asked: ProxyRequest = { method, ...place, peer, username: login?.username };
    return maybeDeferred(() => authenticate === undefined || (login !== undefined && authenticate(login, asked)))
      .addCallback((isKnown) => {
        if (!isKnown) throw this.#wantsLogin();
        return allow?.(asked) ?? true;
      })
      .addCallback((isAllowed) => {
        if (isAllowed) return asked;
        log.info("Refused {peer} to reach {host} port {port}: not allowed", { ...asked });
        throw new HttpError(403, "This proxy does not do that for you");
      });
  }

  #dial<P extends Protocol>(asked: ProxyRequest, timeoutMs: number, make: () => P): Deferred<P> {
    const { host, port } = asked;
    const choose = (found: readonly HostAddress[]): readonly HostAddress[] => this.#allowed(found, asked);
    return dialChosen(this.#reactor, { host, port, timeoutMs }, choose, make);
  }

  #allowed(found: readonly HostAddress[], asked: ProxyRequest): readonly HostAddress[] {
    const { allowAddress = isPublicAddress } = this.#options;
    const allowed = found.filter(({ host }) => allowAddress(host, asked));
    if (allowed.length > 0 || found.length === 0) return allowed;
    const addresses = found.map(({ host }) => host).join(", ");
    log.info("Refused {peer} to reach {host}: no address is allowed of {addresses}", { ...asked, addresses });
    throw new HttpError(403, "This proxy does not reach that address");
  }

  #wantsLogin(): HttpError {
    const realm = (this.#options.realm ?? "proxy").replace(/["\\]/g, "\\$&");
    const headers = { "Proxy-Authenticate": `Basic realm="${realm}", charset="UTF-8"` };
    return new HttpError(407, "This proxy wants to know who you are", { headers });
  }
}

/** Where to connect to, and who asked for it. */
interface AskedPlace extends Place {
  readonly asked: ProxyRequest;
}

/** What the client is told; who runs the proxy finds the whole error in the log. */
function unreachable(error: Error, { host, port }: ProxyRequest): Error {
  if (error instanceof CancelledError) return error;
  const refusal = causeOf(error, HttpError);
  if (refusal !== undefined) return refusal;
  log.info("Cannot reach {host} port {port}: {error}", { host, port, error });
  if (error instanceof RequestError && error.phase === "queued") {
    return new HttpError(503, "This proxy has as much under way as it may", { cause: error });
  }
  const isLate = causeOf(error, TimeoutError) !== undefined;
  if (isLate) return new HttpError(504, `Cannot reach ${host}: it did not answer in time`, { cause: error });
  return new HttpError(502, `Cannot reach ${host}: the connection failed`, { cause: error });
}

/** Squid's safe ports, less those that nobody uses any more. */
function isUsualPort(port: number): boolean {
  return port === 80 || port === 443 || port >= 1_024;
}

const log = new Logger("ropewalk.web");
const WHOLE_URL = /^[a-z][a-z\d+.-]*:\/\//i;
const POOL_LIMITS: PoolLimits = {
  maxConnections: 256,
  maxConnectionsPerHost: 16,
  maxQueued: 1_000,
  idleTimeoutMs: 4_000,
  maxAgeMs: 600_000,
};
const TUNNEL_PORTS: readonly number[] = [443];
const CONNECT_TIMEOUT_MS = 30_000;
const PATIENCE_MS = 60_000;
/** Ten minutes: longer than the keep-alives of what goes through tunnels, shorter than a forgotten connection's life. */
const IDLE_TIMEOUT_MS = 600_000;
