import type { Deferred } from "../../../../core/deferred/deferred.ts";
import { CancelledError, TimeoutError } from "../../../../core/deferred/errors.ts";
import { maybeDeferred } from "../../../../core/deferred/succeed.ts";
import { Logger } from "../../../../core/log/logger.ts";
import type { Reactor } from "../../../../core/reactor.ts";
import type { TlsClientOptions } from "../../../../core/tls.ts";
import { backoff } from "../../../../endpoints/backoff.ts";
import { HeaderMap } from "../../../../wire/header-map.ts";
import { RequestError } from "../../client/errors.ts";
import { hostOf, type Place, placeOf } from "../../client/place.ts";
import { Headers } from "../../message/headers.ts";
import { HttpError } from "../../message/http-error.ts";
import type { Request } from "../../message/request.ts";
import { Response } from "../../message/response.ts";
import type { Answer } from "../../server/site.ts";
import { Backend, connectTo, pseudonymOf } from "../backend/client.ts";
import type { Switched } from "../backend/protocol.ts";
import { causeOf } from "../cause-of.ts";
import { type ForwardedStyle, type TrustedPeers, tellForwarded, trustOf } from "../forwarded.ts";
import { answerFields, answerOf, informedFields, isUntouched, type Onward, onwardOf } from "../onward.ts";
import { relayAnswer } from "../relay/server.ts";
import { type Balance, type Target, Targets, type Turn } from "../targets.ts";
import { HealthCheck, type HealthCheckOptions } from "./health/client.ts";

/** How a reverse proxy sends requests on. */
export interface ReverseProxyOptions {
  /** Whose turn it is among several servers: "round-robin". */
  readonly balance?: Balance | undefined;
  /** The Host of what is sent on: "keep" what the client said (the default), that of the "target", or another text. */
  readonly host?: string | undefined;
  /** What the servers behind are told about the client: "both" of X-Forwarded-For, -Proto, -Host and Forwarded. */
  readonly forwarded?: ForwardedStyle | undefined;
  /** Whose own word about that counts; default nobody's. Name the proxies in front of this one. */
  readonly trustedPeers?: TrustedPeers | undefined;
  /** The name in Via; default one that no other proxy has, so that circles are seen. */
  readonly via?: string | undefined;
  /** Protocols that Upgrade may lead to: "websocket". Others, such as h2c, would get past whatever stands in front. */
  readonly upgrades?: readonly string[] | undefined;
  /** Changes the target (path and query) before it is put behind the path of the server's URL. */
  readonly rewrite?: ((target: string) => string) | undefined;
  /** Changes the fields that are sent on, after everything else. */
  readonly requestHeaders?: ((headers: Headers, request: Request) => void) | undefined;
  /** Changes the fields of the answer. */
  readonly responseHeaders?: ((headers: Headers, request: Request) => void) | undefined;
  /** For connecting to one server: 5 000 ms. Then the next one has its turn. */
  readonly connectTimeoutMs?: number | undefined;
  /** From the request's last byte to the answer's first one: 60 000 ms. */
  readonly answerTimeoutMs?: number | undefined;
  /** Silence amid an answer, or a server that takes nothing of an upload: 60 000 ms. */
  readonly silenceTimeoutMs?: number | undefined;
  /** Silence on a connection that has left HTTP: 600 000 ms. */
  readonly upgradeIdleTimeoutMs?: number | undefined;
  /** Other servers that a request may be sent to when one fails: 2. Only if it does no harm: see `reverseProxy`. */
  readonly retries?: number | undefined;
  /** Failures in a row after which a server is left alone: 3. */
  readonly maxFailures?: number | undefined;
  /** How long it is left alone at first: 1 000 ms; twice as long each time, up to a minute. */
  readonly restMs?: number | undefined;
  /** Asks each server now and then whether it is well. Default: only what becomes of requests tells. */
  readonly healthCheck?: HealthCheckOptions | undefined;
  /** Connections to one server: 256. */
  readonly maxConnectionsPerTarget?: number | undefined;
  /** For servers behind https: whom to trust, and what certificate to show. They are always verified. */
  readonly tls?: TlsClientOptions | undefined;
}

/** The requests of one reverse proxy on their way. */
export class Proxying {
  readonly #reactor: Reactor;
  readonly #options: ReverseProxyOptions;
  readonly #backend: Backend;
  readonly #targets: Targets;
  readonly #sites = new Map<Target, Site>();
  readonly #trusts: ReturnType<typeof trustOf>;
  readonly #via: string;
  readonly #upgrades: readonly string[];
  readonly #health: HealthCheck | undefined;

  constructor(reactor: Reactor, urls: readonly string[], options: ReverseProxyOptions) {
    if (urls.length === 0) throw new TypeError("Cannot proxy to nobody: name one server at least");
    this.#reactor = reactor;
    this.#options = options;
    this.#trusts = trustOf(options.trustedPeers ?? []);
    this.#via = options.via ?? pseudonymOf(reactor);
    this.#upgrades = (options.upgrades ?? ["websocket"]).map((protocol) => protocol.toLowerCase());
    const rest = backoff({ initialDelayMs: options.restMs ?? REST_MS, factor: 2, maxDelayMs: MAX_REST_MS });
    const rules = {
      maxFailures: options.maxFailures ?? MAX_FAILURES,
      restMs: (times: number) => rest(times, () => reactor.random()),
    };
    this.#targets = new Targets(urls, options.balance ?? "round-robin", rules, told);
    for (const target of this.#targets.all) this.#sites.set(target, siteOf(target.url));
    this.#backend = backendOf(reactor, options, urls.length);
    if (options.healthCheck === undefined) return;
    this.#health = new HealthCheck(reactor, options.healthCheck, this.#targets, (target, path) =>
      this.#ask(target, path),
    );
  }

  get targets(): readonly Target[] {
    return this.#targets.all;
  }

  answer(request: Request): Deferred<Answer> {
    return maybeDeferred(() => {
      if (request.method === "CONNECT") throw new HttpError(405, "This is no proxy to other servers");
      const onward = onwardOf(request, this.#via, this.#upgrades);
      const { host, isSecure, peer } = facts(request);
      tellForwarded(onward.fields, { peer, isSecure, host }, this.#options.forwarded ?? "both", this.#trusts(peer));
      return this.#try(request, onward, host, new Set(), undefined);
    });
  }

  close(): Deferred<void> {
    this.#health?.stop();
    return this.#backend.close();
  }

  /** With the next server, and the one after that if it is to blame and nothing is lost. */
  #try(request: Request, onward: Onward, host: string, tried: Set<Target>, last: Error | undefined): Deferred<Answer> {
    const { retries = RETRIES } = this.#options;
    const turn = tried.size > retries ? undefined : this.#targets.take(tried, this.#reactor.now());
    if (turn === undefined) throw failureOf(last as Error);
    tried.add(turn.target);
    return this.#send(request, this.#forTarget(request, onward, host, turn.target), turn).addErrback((error: Error) => {
      if (error instanceof CancelledError) throw error;
      const why = judge(error);
      log.info("Cannot get an answer from {target}: {error}", { target: turn.target.url, error });
      if (why.isTargets) turn.failed(this.#reactor.now());
      if (!mayRetry(onward, why)) throw failureOf(error);
      return this.#try(request, onward, host, tried, error);
    });
  }

  #send(request: Request, onward: Onward, turn: Turn): Deferred<Answer> {
    const { place } = this.#siteOf(turn.target);
    const ears = {
      informed: (status: number, headers: Headers) => request.sendInformational(status, informedFields(headers)),
      over: () => turn.over(),
    };
    const answered: Deferred<Response | Switched> =
      onward.upgrade === undefined
        ? this.#backend.send(place, onward, ears)
        : this.#backend.upgrade(place, onward, ears);
    return answered.addCallback((answer): Answer => {
      turn.succeeded();
      if (answer instanceof Response) return this.#edited(request, answerOf(answer, request.method, this.#via));
      const headers = answerFields(answer.headers, this.#via);
      headers.append("Connection", "Upgrade").append("Upgrade", answer.headers.get("upgrade") ?? "");
      const { upgradeIdleTimeoutMs = UPGRADE_IDLE_TIMEOUT_MS } = this.#options;
      return relayAnswer(this.#reactor, request, answer.far, upgradeIdleTimeoutMs, { status: 101, headers });
    });
  }

  #edited(request: Request, answer: Response): Response {
    this.#options.responseHeaders?.(answer.headers, request);
    return answer;
  }

  /** What is said to this server: its path, and the Host that it expects. */
  #forTarget(request: Request, onward: Onward, kept: string, target: Target): Onward {
    const { host = "keep", rewrite, requestHeaders } = this.#options;
    const site = this.#siteOf(target);
    const fields = new HeaderMap(onward.fields);
    fields.set("Host", (host === "keep" ? kept : host === "target" ? site.host : host) || site.host);
    requestHeaders?.(new Headers(fields), request);
    const rewritten = rewrite === undefined ? onward.target : rewrite(onward.target);
    return { ...onward, target: rewritten === "*" ? "*" : site.basePath + rewritten, fields };
  }

  #ask(target: Target, path: string): Deferred<Response> {
    const { place, host, basePath } = this.#siteOf(target);
    const fields = new HeaderMap({ Host: host, Via: `1.1 ${this.#via}` });
    const onward = {
      method: "GET",
      target: basePath + path,
      fields,
      body: null,
      expectsContinue: false,
      upgrade: undefined,
    };
    return this.#backend.send(place, onward, { informed: () => undefined, over: () => undefined });
  }

  #siteOf(target: Target): Site {
    return this.#sites.get(target) as Site;
  }
}

/** A server behind the proxy, read from its URL. */
interface Site {
  readonly place: Place;
  readonly host: string;
  /** Without the slash at its end. */
  readonly basePath: string;
}

function siteOf(text: string): Site {
  const url = new URL(text);
  if (url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new TypeError(`Cannot proxy to ${JSON.stringify(text)}: a server's URL has a path at most`);
  }
  return { place: placeOf(url, undefined), host: hostOf(url), basePath: url.pathname.replace(/\/$/, "") };
}

function backendOf(reactor: Reactor, options: ReverseProxyOptions, servers: number): Backend {
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS, answerTimeoutMs = ANSWER_TIMEOUT_MS } = options;
  const { silenceTimeoutMs = SILENCE_TIMEOUT_MS, maxConnectionsPerTarget: perTarget = MAX_CONNECTIONS } = options;
  const limits = {
    maxConnections: perTarget * servers,
    maxConnectionsPerHost: perTarget,
    maxQueued: MAX_QUEUED,
    idleTimeoutMs: KEPT_MS,
    maxAgeMs: MAX_AGE_MS,
  };
  const patience = { connectTimeoutMs, answerTimeoutMs, silenceTimeoutMs };
  return new Backend(reactor, connectTo(reactor, options.tls), patience, limits);
}

function facts(request: Request) {
  const { peer, isSecure, head } = request;
  return { peer, isSecure, host: head?.authority ?? new URL(request.url).host };
}

interface Verdict {
  /** The server is at fault, and not the client, or this proxy with its limits. */
  readonly isTargets: boolean;
  /** Nothing of the request has been sent. */
  readonly isUnsent: boolean;
  readonly isLate: boolean;
}

function judge(error: Error): Verdict {
  const phase = error instanceof RequestError ? error.phase : "connecting";
  const isLate = causeOf(error, TimeoutError) !== undefined;
  const isUnsent = phase === "queued" || phase === "connecting";
  return { isTargets: phase !== "queued", isUnsent, isLate };
}

function mayRetry({ method, body }: Onward, { isUnsent, isLate }: Verdict): boolean {
  if (isUnsent) return isUntouched(body);
  return !isLate && body === null && IDEMPOTENT.has(method);
}

/** What the client is told. Who is behind the proxy is nobody's business; the log has it all. */
function failureOf(error: Error): HttpError {
  const { isLate, isTargets } = judge(error);
  if (!isTargets) return new HttpError(503, "The servers behind this proxy have too much to do", { cause: error });
  if (isLate) return new HttpError(504, "The server behind this proxy did not answer in time", { cause: error });
  return new HttpError(502, "The server behind this proxy gave no answer", { cause: error });
}

function told({ url, isUp }: Target): void {
  if (isUp) log.info("The server {url} behind the proxy is back", { url });
  else log.error("The server {url} behind the proxy fails: it is left alone for a while", { url });
}

const log = new Logger("ropewalk.web");
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);
/** Servers behind a proxy are near: who does not take a connection by then is overloaded or gone. */
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 60_000;
const SILENCE_TIMEOUT_MS = 60_000;
const UPGRADE_IDLE_TIMEOUT_MS = 600_000;
const RETRIES = 2;
const MAX_FAILURES = 3;
const REST_MS = 1_000;
const MAX_REST_MS = 60_000;
const MAX_CONNECTIONS = 256;
const MAX_QUEUED = 1_000;
/** Below the 5 s after which Node's and Apache's servers close theirs. */
const KEPT_MS = 4_000;
const MAX_AGE_MS = 600_000;
