/** What the connections of one server share: who answers, how patiently, and what happens to errors. */

import type { Address } from "../../../core/address.ts";
import { toError } from "../../../core/errors.ts";
import { Logger } from "../../../core/log/logger.ts";
import type { Clock } from "../../../core/time/clock.ts";
import type { SomeHttp1Timeouts } from "../../http1/deadlines.ts";
import { Draining } from "../../http1/draining.ts";
import type { SomeHttp1Limits } from "../../http1/limits.ts";
import { formatHttpDate } from "../message/http-date.ts";
import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import type { Response } from "../message/response.ts";
import { errorPage } from "./error-page.ts";
import type { Exchange } from "./exchange.ts";
import { METHODS } from "./methods.ts";
import type { RequestTally } from "./request-tally.ts";

/** What answers a request: one of this package, or the platform's. */
export type Answer = Response | globalThis.Response;

/**
 * Answers requests. All that serves is of this shape, and what wraps it gives the same shape again; `fetch` of Hono, h3 and
 * their like is one.
 */
export type Responder = (request: Request) => Answer | PromiseLike<Answer>;

/** A handler, or an application that has one: a resource tree, a Hono or h3 app. */
export type Application = Responder | { fetch(request: Request): Answer | PromiseLike<Answer> };

/** An answer that has left, or that nobody waited for. */
export interface ServedRequest {
  readonly request: Request;
  readonly peer: Address;
  /** 0 if the connection was lost before there was one. */
  readonly status: number;
  /** Of the body, before chunks. */
  readonly sentBytes: number;
  /** On the reactor's clock, from the head of the request. */
  readonly tookMs: number;
  readonly isComplete: boolean;
}

/** How a server behaves. */
export interface ServeOptions {
  readonly limits?: SomeHttp1Limits | undefined;
  readonly timeouts?: SomeHttp1Timeouts | undefined;
  /** Bytes of a request's body that `text`, `json` and the like keep in memory: 4 MiB. More: 413. Streams have no such limit. */
  readonly maxCollectedBytes?: number | undefined;
  /**
   * Methods that the application knows: others are answered by 501 before it is asked (RFC 9110 §9.1). Default: those that are
   * registered, without TRACE.
   */
  readonly methods?: readonly string[] | undefined;
  /** Shows stack traces to clients. For development only: they tell strangers about the program. Default false. */
  readonly showErrors?: boolean | undefined;
  /** Told of each request when it is over: for logs and figures. */
  readonly served?: ((served: ServedRequest) => void) | undefined;
}

/** What a site asks of the reactor. */
export interface SiteClock extends Clock {
  wallTimeMs(): number;
}

export class Site {
  readonly respond: Responder;
  readonly options: ServeOptions;
  readonly clock: SiteClock;
  readonly maxCollectedBytes: number;
  readonly methods: ReadonlySet<string>;
  /** Somebody is told of each request, or counts them. */
  readonly isWatched: boolean;
  readonly draining: Draining;
  readonly #tally: RequestTally | undefined;
  #second = Number.NaN;
  #date = "";

  constructor(clock: SiteClock, application: Application, options: ServeOptions, tally?: RequestTally) {
    this.respond = typeof application === "function" ? application : (request) => application.fetch(request);
    this.clock = clock;
    this.options = options;
    this.methods = options.methods === undefined ? METHODS : new Set(options.methods);
    this.maxCollectedBytes = options.maxCollectedBytes ?? MAX_COLLECTED_BYTES;
    this.draining = new Draining(clock);
    this.#tally = tally;
    this.isWatched = options.served !== undefined || tally !== undefined;
  }

  /** The time as an HTTP-date, made anew each second. */
  get date(): string {
    const second = Math.floor(this.clock.wallTimeMs() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = formatHttpDate(second * 1_000);
    }
    return this.#date;
  }

  /** The head of a request was heard. */
  begun(exchange: Exchange): void {
    if (!this.isWatched) return;
    exchange.startedMs = this.clock.now();
    this.#tally?.begun();
  }

  /** Its answer is complete, or its connection is lost. */
  over(exchange: Exchange, isComplete: boolean): void {
    if (!this.isWatched) return;
    const { request, peer, status, sentBytes, startedMs, head } = exchange;
    const tookMs = this.clock.now() - startedMs;
    // Clients can invent methods, and each name would be kept for ever.
    this.#tally?.over(this.methods.has(head.method) ? head.method : "other", status, tookMs);
    try {
      this.options.served?.({ request, peer, status, sentBytes, tookMs, isComplete });
    } catch (error) {
      log.error("What is told of each request threw: {error}", { error });
    }
  }

  /** What a client is told about an error: its own faults always, those of the program if it may. */
  answerTo(error: unknown, request: Request): Response {
    if (error instanceof HttpError) {
      try {
        return errorPage(error, request);
      } catch (wrong) {
        return this.answerTo(wrong, request);
      }
    }
    const { method } = request;
    log.error("Cannot answer {method} {target}: {error}", {
      method,
      target: request.head?.target ?? request.url,
      error,
    });
    const shown = error instanceof Error ? (error.stack ?? error.message) : toError(error).message;
    const trace = this.options.showErrors === true ? shown : undefined;
    return errorPage({ status: 500, message: "Internal Server Error", trace }, request);
  }
}

const log = new Logger("ropewalk.web");
/** A document that a program takes in one piece: a hundred times what forms send, and a thousand of them fit in memory. */
const MAX_COLLECTED_BYTES = 4_194_304;
