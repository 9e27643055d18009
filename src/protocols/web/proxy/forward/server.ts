import type { Deferred } from "../../../../core/deferred/deferred.ts";
import { TimeoutError } from "../../../../core/deferred/errors.ts";
import { maybeDeferred } from "../../../../core/deferred/succeed.ts";
import { Logger } from "../../../../core/log/logger.ts";
import type { HostAddress, Reactor } from "../../../../core/reactor.ts";
import { dialChosen } from "../../../../policies/dial-chosen.ts";
import { peerKey } from "../../../../policies/peer-key.ts";
import { isPublicAddress } from "../../../../policies/public-address.ts";
import { FarEnd } from "../../../../policies/relay.ts";
import { HttpError } from "../../message/http-error.ts";
import type { Request } from "../../message/request.ts";
import type { Answer, Responder } from "../../server/site.ts";
import { relayAnswer } from "../relay/server.ts";
import { type ProxyLogin, type ProxyRequest, placeIn, readLogin } from "./rules.ts";
import { type SeatLimits, Seats } from "./seats.ts";

/** What a forward proxy does for whom, and for how long. */
export interface ForwardProxyOptions {
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
  /** A tunnel through which nothing goes either way ends after this: 600 000 ms. */
  readonly idleTimeoutMs?: number | undefined;
  /** Answers what is no request to a proxy: pages of its own. Default: 400. */
  readonly otherwise?: Responder | undefined;
}

/**
 * Serves those who ask for other servers: tunnels by CONNECT (RFC 9110 §9.3.6), which is how `https:` goes through a proxy.
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
 * ```
 */
export function forwardProxy(reactor: Reactor, options: ForwardProxyOptions = {}): Responder {
  const proxy = new ForwardProxy(reactor, options);
  return (request) => proxy.answer(request);
}

class ForwardProxy {
  readonly #reactor: Reactor;
  readonly #options: ForwardProxyOptions;
  readonly #seats: Seats;

  constructor(reactor: Reactor, options: ForwardProxyOptions) {
    this.#reactor = reactor;
    this.#options = options;
    this.#seats = new Seats(options.limits);
  }

  answer(request: Request): Answer | PromiseLike<Answer> {
    if (request.method === "CONNECT") return this.#tunnel(request);
    const { otherwise } = this.#options;
    if (otherwise !== undefined) return otherwise(request);
    throw new HttpError(400, "This is a proxy: ask it for whole URLs, or to CONNECT");
  }

  #tunnel(request: Request): Deferred<Answer> {
    const { tunnelPorts = TUNNEL_PORTS, idleTimeoutMs = IDLE_TIMEOUT_MS } = this.#options;
    return this.#admit(request, placeIn(request.head?.target ?? "", undefined)).addCallback((asked) => {
      if (!tunnelPorts.includes(asked.port)) throw new HttpError(403, `No tunnel to port ${asked.port}`);
      const release = this.#seats.take(asked.peer && peerKey(asked.peer));
      return this.#dial(asked).addCallbacks(
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

  #dial(asked: ProxyRequest): Deferred<FarEnd> {
    const { connectTimeoutMs: timeoutMs = CONNECT_TIMEOUT_MS } = this.#options;
    const { host, port } = asked;
    const choose = (found: readonly HostAddress[]): readonly HostAddress[] => this.#allowed(found, asked);
    return dialChosen(this.#reactor, { host, port, timeoutMs }, choose, () => new FarEnd(true));
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

/** What the client is told; who runs the proxy finds the whole error in the log. */
function unreachable(error: Error, { host, port }: ProxyRequest): Error {
  if (error instanceof HttpError) return error;
  log.info("Cannot reach {host} port {port}: {error}", { host, port, error });
  const isLate = error instanceof TimeoutError || error.cause instanceof TimeoutError;
  if (isLate) return new HttpError(504, `Cannot reach ${host}: it did not answer in time`, { cause: error });
  return new HttpError(502, `Cannot reach ${host}: the connection failed`, { cause: error });
}

const log = new Logger("ropewalk.web");
const TUNNEL_PORTS: readonly number[] = [443];
const CONNECT_TIMEOUT_MS = 30_000;
/** Ten minutes: longer than the keep-alives of what goes through tunnels, shorter than a forgotten connection's life. */
const IDLE_TIMEOUT_MS = 600_000;
