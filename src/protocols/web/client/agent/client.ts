import { cancelOnAbort } from "../../../../core/deferred/abortable.ts";
import type { Deferred } from "../../../../core/deferred/deferred.ts";
import { CancelledError } from "../../../../core/deferred/errors.ts";
import { fail } from "../../../../core/deferred/succeed.ts";
import type { Reactor } from "../../../../core/reactor.ts";
import type { TlsClientOptions } from "../../../../core/tls.ts";
import { HttpError } from "../../message/http-error.ts";
import type { Request } from "../../message/request.ts";
import type { Response } from "../../message/response.ts";
import { dial } from "../dial/client.ts";
import { RequestError } from "../errors.ts";
import { Exchange, isReplayable, type Patience } from "../exchange.ts";
import { DEFAULTS, type RequestOptions } from "../options.ts";
import { placeOf, plainUrl, targetOf } from "../place.ts";
import { fieldsOf, type Plan, patienceOf, planOf, planOfRequest, redirected } from "../plan.ts";
import { Pool } from "../pool.ts";
import { redirectOf } from "../redirect.ts";

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
    this.#pool = new Pool(reactor, limits, (place, timeoutMs, owner) =>
      dial(reactor, { tls, bindAddress }, place, timeoutMs, owner),
    );
    this.#patience = patienceOf(defaults, defaults);
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
      if (typeof what === "string")
        return this.#call(planOf(what, urlOrOptions as string | URL, options ?? NONE), options);
      const given = urlOrOptions as RequestOptions | undefined;
      return this.#call(planOfRequest(what), { ...given, signal: given?.signal ?? what.signal });
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

  #call(plan: Plan, given: RequestOptions | undefined): Deferred<Response> {
    const { defaults } = this.#options;
    const options =
      given === undefined ? (defaults ?? NONE) : defaults === undefined ? given : { ...defaults, ...given };
    const patience = given === undefined ? this.#patience : patienceOf(given, defaults ?? NONE);
    const { signal, timeoutMs } = options;
    if (signal?.aborted === true) throw new CancelledError(signal.reason);
    if (signal === undefined && timeoutMs === undefined) return this.#send(new Call(options, patience), plan);
    const call = new WatchedCall(options, patience);
    const answered = this.#send(call, plan);
    call.watch(this.#reactor, answered, signal, timeoutMs);
    return answered;
  }

  #send(call: Call, plan: Plan): Deferred<Response> {
    const { url, method, body } = plan;
    const { patience } = call;
    const place = placeOf(url, this.#options.socketPath);
    const exchange = new Exchange({
      method,
      url: plainUrl(url),
      target: targetOf(url),
      headers: fieldsOf(plan, ACCEPTED, patience.continueTimeoutMs >= 0),
      body,
      isRedirected: plan.redirects > 0,
      patience,
    });
    call.begin(exchange);
    const { answered } = exchange;
    answered.addCallback((response) => this.#judge(call, plan, exchange, response));
    this.#pool.dispatch(exchange, place);
    return answered;
  }

  #judge(call: Call, plan: Plan, exchange: Exchange, response: Response): Response | Deferred<Response> {
    const { options } = call;
    const { status } = response;
    if (status < 300) {
      call.answered(exchange);
      return response;
    }
    if (status < 400) {
      const next = this.#redirect(call, plan, exchange, response);
      if (next !== undefined) return next;
    }
    if (status >= 400 && options.check === true) {
      exchange.cancelBody();
      call.answered(exchange);
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
    const location = response.headers.get("location");
    const redirect = redirectOf(response.status, location, plan.method, plan.url);
    if (redirect === undefined) return undefined;
    const problem =
      plan.redirects >= most
        ? `it was redirected ${plan.redirects} times, and again`
        : plan.url.protocol === "https:" && redirect.url.protocol === "http:" && !allowDowngrade
          ? `it is redirected from https to ${JSON.stringify(plainUrl(redirect.url))}: allow it with allowDowngrade`
          : redirect.keepsBody && !isReplayable(plan.body)
            ? `it is redirected to ${JSON.stringify(plainUrl(redirect.url))}, and its body cannot be sent twice`
            : undefined;
    exchange.cancelBody();
    if (problem === undefined) return this.#send(call, redirected(plan, redirect));
    call.answered(exchange);
    throw new RequestError(exchange.init, "reading", problem);
  }
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
const ACCEPTED = "identity";
