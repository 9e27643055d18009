import { cancelOnAbort } from "../../../../core/deferred/abortable.ts";
import type { Deferred } from "../../../../core/deferred/deferred.ts";
import { CancelledError } from "../../../../core/deferred/errors.ts";
import { fail } from "../../../../core/deferred/succeed.ts";
import type { Protocol } from "../../../../core/protocol.ts";
import type { Reactor } from "../../../../core/reactor.ts";
import type { TlsClientOptions } from "../../../../core/tls.ts";
import type { HeaderMap } from "../../../../wire/header-map.ts";
import { HttpError } from "../../message/http-error.ts";
import type { Request } from "../../message/request.ts";
import type { Response } from "../../message/response.ts";
import { ACCEPTED } from "../decoding/decoder.ts";
import { Destinations } from "../destination.ts";
import { dial, type Ticket } from "../dial/client.ts";
import { RequestError } from "../errors.ts";
import { Exchange, isReplayable, type Patience } from "../exchange.ts";
import { FileBody } from "../file-body.ts";
import { DEFAULTS, type RequestOptions } from "../options.ts";
import { plainUrl } from "../place.ts";
import { basic, fieldsOf, type Plan, patienceOf, planOf, planOfRequest, redirected } from "../plan.ts";
import { Pool } from "../pool.ts";
import type { ProxyInit } from "../proxy.ts";
import { type Redirect, redirectOf } from "../redirect.ts";

/** How an agent connects, what it keeps, and what its requests have that do not say otherwise. */
export interface AgentOptions {
  /** Open connections in all: 256. Beyond that, free ones of other places are closed, and then requests wait. */
  readonly maxConnections?: number | undefined;
  /** Open connections to one scheme, host and port: 10, as urllib3's pools have it; browsers stop at 6. */
  readonly maxConnectionsPerHost?: number | undefined;
  /** Requests that wait for a connection: 1 000. One more fails at once: what cannot be served should be seen, not hoarded. */
  readonly maxQueued?: number | undefined;
  /** How long a connection is kept without use: 4 000 ms, since Node's and Apache's servers close theirs after 5 s. */
  readonly idleTimeoutMs?: number | undefined;
  /** A connection this old is not used again, so that changes of DNS are noticed: 600 000 ms. */
  readonly maxAgeMs?: number | undefined;
  /** For https: whom to trust, whom to expect, a certificate of one's own. The peer is always verified. */
  readonly tls?: TlsClientOptions | undefined;
  /** The local address to dial from. */
  readonly bindAddress?: string | undefined;
  /**
   * A proxy by its URL, or a function that says which one a URL takes: `http://` and `https://` get whole requests for http and
   * CONNECT for https, `socks5://` gets all (import "ropewalk/socks" for it). A login may stand in the URL.
   */
  readonly proxy?: ProxyInit | undefined;
  /** A UNIX socket to connect to, whatever the host of a URL is. `http+unix://%2Frun%2Fapp.sock/path` says it in a URL. */
  readonly socketPath?: string | undefined;
  /** For all requests that do not say otherwise. Headers are those of the request, or these. */
  readonly defaults?: RequestOptions | undefined;
}

/**
 * Sends requests, and keeps connections for the next ones. One agent serves a whole program; make one of your own for other
 * limits, or to close it.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { Agent, Response, serve } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * const port = await serve(reactor, "unix:agent.sock", () => new Response("hemp"));
 * await using agent = new Agent(reactor, { socketPath: "agent.sock" });
 * console.log(await (await agent.get("http://ropes.example/")).text()); // hemp
 * await port.stopListening();
 * ```
 */
export class Agent implements AsyncDisposable {
  readonly #reactor: Reactor;
  readonly #options: AgentOptions;
  readonly #pool: Pool;
  readonly #patience: Patience;
  readonly #destinations: Destinations;

  constructor(reactor: Reactor, options: AgentOptions = {}) {
    const { tls, bindAddress, defaults = {} } = options;
    const limits = {
      maxConnections: options.maxConnections ?? 256,
      maxConnectionsPerHost: options.maxConnectionsPerHost ?? 10,
      maxQueued: options.maxQueued ?? 1_000,
      idleTimeoutMs: options.idleTimeoutMs ?? 4_000,
      maxAgeMs: options.maxAgeMs ?? 600_000,
    };
    this.#reactor = reactor;
    this.#options = options;
    this.#destinations = new Destinations(options);
    const settings = { tls, bindAddress, tickets: new Map<string, Ticket>() };
    this.#pool = new Pool(reactor, limits, (place, timeoutMs, owner) =>
      dial(reactor, settings, place, timeoutMs, owner),
    );
    this.#patience = patienceOf(defaults);
  }

  /** Open connections, those that are being made among them. */
  get connections(): number {
    return this.#pool.connections;
  }

  /** Requests that wait for a connection. */
  get queued(): number {
    return this.#pool.waiting;
  }

  /** `get` of this package, over the connections of this agent. */
  get(url: string | URL, options?: RequestOptions): Deferred<Response> {
    return this.request("GET", url, options);
  }

  /** `post` of this package, over the connections of this agent. */
  post(url: string | URL, options?: RequestOptions): Deferred<Response> {
    return this.request("POST", url, options);
  }

  /** `request` of this package, over the connections of this agent. */
  request(method: string, url: string | URL, options?: RequestOptions): Deferred<Response>;
  request(request: Request | globalThis.Request, options?: RequestOptions): Deferred<Response>;
  request(
    what: string | Request | globalThis.Request,
    urlOrOptions?: string | URL | RequestOptions,
    options?: RequestOptions,
  ): Deferred<Response> {
    try {
      if (typeof what === "string") return this.#ask(what, urlOrOptions as string | URL, this.#with(options));
      const given = urlOrOptions as RequestOptions | undefined;
      return this.#call(
        planOfRequest(what, this.#destinations),
        this.#with({ ...given, signal: given?.signal ?? what.signal }),
      );
    } catch (error) {
      return fail(error);
    }
  }

  /**
   * A request that offers to go on in another protocol (`Upgrade` among its headers). Fires with the answer; if that is 101, the
   * protocol that `successor` made has the connection by then. Any other answer is as of `request`.
   */
  switch(
    method: string,
    url: string | URL,
    given: RequestOptions,
    successor: (response: Response) => Protocol,
  ): Deferred<Response> {
    try {
      const options = this.#with(given);
      return this.#call({ ...planOf(method, url, options, this.#destinations), successor }, options);
    } catch (error) {
      return fail(error);
    }
  }

  /** Closes what is free, fails what waits, and lets the rest come to its end. Fires when no connection is left. */
  close(): Deferred<void> {
    return this.#pool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What was asked for, and what holds besides. */
  #with(given: RequestOptions | undefined): RequestOptions {
    const { defaults } = this.#options;
    if (given === undefined) return defaults ?? NONE;
    return defaults === undefined ? given : { ...defaults, ...given };
  }

  #ask(method: string, url: string | URL, options: RequestOptions): Deferred<Response> {
    const { file } = options;
    const plan = planOf(method, url, options, this.#destinations);
    if (file === undefined) return this.#call(plan, options);
    const { files } = this.#reactor;
    return files.stat(file).addCallback(({ size }) => {
      return this.#call({ ...plan, body: new FileBody(files, file, size) }, options);
    });
  }

  #call(plan: Plan, options: RequestOptions): Deferred<Response> {
    const isPlain = options === NONE || options === this.#options.defaults;
    const patience = isPlain ? this.#patience : patienceOf(options);
    const { signal, timeoutMs } = options;
    if (signal?.aborted === true) throw new CancelledError(signal.reason);
    if (signal === undefined && timeoutMs === undefined) return this.#send(new Call(options, patience), plan);
    const call = new WatchedCall(options, patience);
    const answered = this.#send(call, plan);
    call.watch(this.#reactor, answered, signal, timeoutMs);
    return answered;
  }

  #send(call: Call, plan: Plan): Deferred<Response> {
    const { to, method, body, successor } = plan;
    const patience = plan.isUnannounced ? { ...call.patience, continueTimeoutMs: -1 } : call.patience;
    const headers = this.#fieldsOf(call, plan);
    const isRedirected = plan.redirects > 0;
    const exchange = new Exchange({
      method,
      url: to.plain,
      target: to.target,
      headers,
      body,
      isRedirected,
      successor,
      patience,
    });
    call.begin(exchange);
    const { answered } = exchange;
    answered.addCallback((response) => {
      try {
        return this.#judge(call, plan, exchange, response);
      } catch (error) {
        // The answer is nobody's, and holds a connection.
        exchange.cancelBody();
        call.answered(exchange);
        throw error;
      }
    });
    this.#pool.dispatch(exchange, to.place);
    return answered;
  }

  #fieldsOf({ options, patience }: Call, plan: Plan): HeaderMap {
    const { to, method, login, headers, body } = plan;
    const { via, place } = to;
    const isPlain = headers === undefined && body === null && login === undefined && via === undefined;
    const accepted = patience.maxExpansion > 0 ? ACCEPTED : "identity";
    if (isPlain && options.cookies === undefined && accepted === ACCEPTED) {
      to.plainFields ??= fieldsOf(plan, ACCEPTED, false);
      return to.plainFields;
    }
    const fields = fieldsOf(plan, accepted, patience.continueTimeoutMs >= 0 && !plan.isUnannounced);
    const authorization = login?.authorization(method, to.target);
    if (authorization !== undefined) fields.set("Authorization", authorization);
    if (place.isForwarder && via?.login !== undefined) fields.set("Proxy-Authorization", basic(via.login));
    const cookie = options.cookies?.cookiesFor(to.url, this.#reactor.wallTimeMs());
    if (cookie !== undefined && !fields.has("cookie")) fields.append("Cookie", cookie);
    return fields;
  }

  #judge(call: Call, plan: Plan, exchange: Exchange, response: Response): Response | Deferred<Response> {
    const { options } = call;
    const { status } = response;
    if (options.cookies !== undefined) {
      options.cookies.store(plan.to.url, response.headers.getSetCookie(), this.#reactor.wallTimeMs());
    }
    if (status < 300) {
      call.answered(exchange);
      return response;
    }
    if (status < 400) {
      const next = this.#redirect(call, plan, exchange, response);
      if (next !== undefined) return next;
    }
    const again = status === 401 || status === 417 ? planAgain(call, plan, response) : undefined;
    if (again !== undefined) {
      exchange.cancelBody();
      return this.#send(call, again);
    }
    if (status >= 400 && options.check === true) {
      const { method, url } = exchange.init;
      throw new HttpError(
        status,
        `Cannot ${method} ${JSON.stringify(url)}: the server answered ${status} ${response.statusText}`,
      );
    }
    call.answered(exchange);
    return response;
  }

  #redirect(call: Call, plan: Plan, exchange: Exchange, response: Response): Deferred<Response> | undefined {
    const { followRedirects = true, allowDowngrade = false } = call.options;
    const most = followRedirects === true ? DEFAULTS.maxRedirects : Number(followRedirects);
    if (most === 0) return undefined;
    const redirect = redirectOf(response.status, response.headers.get("location"), plan.method, plan.to.url);
    if (redirect === undefined) return undefined;
    const problem =
      typeof redirect === "string"
        ? redirect
        : plan.redirects >= most
          ? `it was redirected ${plan.redirects} times, and again`
          : redirect.isDowngrade && !allowDowngrade
            ? `it is redirected from https to ${JSON.stringify(plainUrl(redirect.url))}: allow it with allowDowngrade`
            : redirect.keepsBody && !isReplayable(plan.body)
              ? `it is redirected to ${JSON.stringify(plainUrl(redirect.url))}, and its body cannot be sent twice`
              : undefined;
    if (problem !== undefined) throw new RequestError(exchange.init, "reading", problem);
    exchange.cancelBody();
    return this.#send(call, redirected(plan, redirect as Redirect, this.#destinations));
  }
}

/** What to send to a server that wants to know who asks, or that understands no expectations. */
function planAgain({ patience }: Call, plan: Plan, { status, headers }: Response): Plan | undefined {
  if (!isReplayable(plan.body)) return undefined;
  if (status === 417) {
    return patience.continueTimeoutMs >= 0 && !plan.isUnannounced ? { ...plan, isUnannounced: true } : undefined;
  }
  const challenge = headers.get("www-authenticate");
  if (challenge === null || plan.login === undefined || plan.logins === MAX_LOGINS) return undefined;
  return plan.login.challenged(challenge) ? { ...plan, logins: plan.logins + 1 } : undefined;
}

/** What one call of a caller becomes: one exchange after the other. */
class Call {
  readonly options: RequestOptions;
  readonly patience: Patience;

  constructor(options: RequestOptions, patience: Patience) {
    this.options = options;
    this.patience = patience;
  }

  begin(_exchange: Exchange): void {}

  answered(_exchange: Exchange): void {}
}

/** A call that may be told to end: that holds until the last byte of its answer. */
class WatchedCall extends Call {
  #exchange: Exchange | undefined = undefined;
  #letGo: (() => void) | undefined = undefined;
  #isOver = false;

  override begin(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  override answered(exchange: Exchange): void {
    if (exchange.isOver) this.#over();
    else exchange.whenOver = () => this.#over();
  }

  watch(
    reactor: Reactor,
    answered: Deferred<Response>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ): void {
    answered.addErrback((error) => {
      this.#over();
      throw error;
    });
    if (this.#isOver) return;
    const timer =
      timeoutMs === undefined
        ? undefined
        : reactor.callLater(timeoutMs, () => {
            this.#exchange?.expire(`it was not complete within ${timeoutMs} ms`, timeoutMs);
          });
    const letGo =
      signal === undefined
        ? undefined
        : cancelOnAbort({ cancel: (reason) => this.#exchange?.end(new CancelledError(reason)) }, signal);
    this.#letGo = () => {
      if (timer?.active === true) timer.cancel();
      letGo?.();
    };
    if (this.#isOver) this.#letGo();
  }

  #over(): void {
    this.#isOver = true;
    this.#letGo?.();
  }
}

const NONE: RequestOptions = {};
/** One challenge, and one more for an answer that got stale meanwhile. */
const MAX_LOGINS = 2;
