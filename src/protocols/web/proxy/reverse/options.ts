import type { Deferred } from "../../../../core/deferred/deferred.ts";
import type { TlsClientOptions } from "../../../../core/tls.ts";
import type { Headers } from "../../message/headers.ts";
import type { Request } from "../../message/request.ts";
import type { Answer } from "../../server/site.ts";
import type { ForwardedStyle, TrustedPeers } from "../forwarded.ts";
import type { Balance, TargetState } from "../targets.ts";

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

/** A question that shows whether a server is well. */
export interface HealthCheckOptions {
  /** Path and query, behind that of the server's URL. */
  readonly path: string;
  /** Between one answer and the next question: 5 000 ms. */
  readonly intervalMs?: number | undefined;
  /** Statuses that mean well: below 400. */
  readonly isWell?: ((status: number) => boolean) | undefined;
}

/** A handler, what it knows of its servers, and the end of it. */
export interface ReverseProxy extends AsyncDisposable {
  (request: Request): PromiseLike<Answer>;
  readonly targets: readonly TargetState[];
  /** Asks no more how the servers are, and closes their connections. Fires when none is left. */
  close(): Deferred<void>;
}
