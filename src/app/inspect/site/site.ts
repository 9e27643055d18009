import type { LogThreshold } from "../../../core/log/levels.ts";
import type { Reactor } from "../../../core/reactor.ts";
import { EventChannel } from "../../../protocols/web/events/event-channel.ts";
import { HttpError } from "../../../protocols/web/message/http-error.ts";
import type { Request } from "../../../protocols/web/message/request.ts";
import { Response } from "../../../protocols/web/message/response.ts";
import { securityHeaders } from "../../../protocols/web/security/server.ts";
import type { Responder } from "../../../protocols/web/server/site.ts";
import { type Exposition, prometheus } from "../../../reactor/prometheus.ts";
import type { ServiceLike } from "../../service.ts";
import { CONNECTION_ORDERS, type ConnectionOrder } from "../connections.ts";
import type { LogEntry, Sample, Snapshot } from "../facts.ts";
import { type ProgramFigures, programFigures } from "../figures.ts";
import { type InspectOptions, inspect, type PageQuery } from "../inspect.ts";
import type { Watch } from "../watch.ts";
import type { Access } from "./access.ts";
import { healthAnswer } from "./health.ts";
import type { PageFiles } from "./page-files.ts";

/** What the site shows. */
export interface LiveSiteOptions {
  readonly tree: ServiceLike | undefined;
  readonly watch: Watch;
  readonly access: Access;
  readonly files: PageFiles;
  readonly name?: string | undefined;
}

/** The live view as HTTP has it: a page, JSON below `/api/`, `/metrics`, `/healthz` and `/readyz`. */
export class LiveSite {
  /** For `webServer`. */
  readonly respond: Responder;
  readonly #reactor: Reactor;
  readonly #options: LiveSiteOptions;
  readonly #events: EventChannel;
  readonly #seconds: Disposable;
  #sentId = 0;
  #metrics: Promise<{ readonly own: ProgramFigures; readonly all: Exposition }> | undefined;

  constructor(reactor: Reactor, options: LiveSiteOptions) {
    this.#reactor = reactor;
    this.#options = options;
    this.#events = new EventChannel({ clock: reactor, maxWaiting: MAX_SECONDS_BEHIND });
    this.#seconds = options.watch.eachSecond((sample) => this.#beat(sample));
    this.respond = securityHeaders({ policy: POLICY, noStore: true }, (request) => this.#answer(request));
  }

  /** Ends the streams. */
  close(): void {
    this.#seconds[Symbol.dispose]();
    this.#events.close();
  }

  #answer(request: Request): Response | PromiseLike<Response> {
    const { access, files, tree } = this.#options;
    access.checkHost(request);
    access.checkOrigin(request);
    const { path, method } = request;
    if (path !== "/api/level" && method !== "GET" && method !== "HEAD") {
      throw new HttpError(405, "This is to be looked at", { headers: { Allow: "GET, HEAD" } });
    }
    if (path === "/healthz") return healthAnswer(this.#reactor, tree, "ok", access.admits(request));
    if (path === "/readyz") return healthAnswer(this.#reactor, tree, "ready", access.admits(request));
    if (path === "/") return this.#front(request);
    const asset = path.startsWith("/static/") ? files.asset(path.slice("/static/".length)) : undefined;
    if (asset !== undefined) return asset;
    if (!access.admits(request)) {
      throw new HttpError(401, "It takes the token to get in", { headers: { "WWW-Authenticate": "Bearer" } });
    }
    switch (path) {
      case "/api/snapshot":
        return Response.json(this.#overview(request));
      case "/api/events":
        return this.#events.stream(request);
      case "/api/level":
        return this.#setLevel(request);
      case "/metrics":
        return this.#exposition();
      default:
        throw new HttpError(404, "There is nothing here");
    }
  }

  #front(request: Request): Response {
    const { access, files } = this.#options;
    const token = request.query.get("token");
    if (token === null) return access.admits(request) ? files.page("live") : files.page("locked", 401);
    if (!access.opens(token)) return files.page("locked", 401);
    // No redirect: to one that began on a page of another site a browser would not send the cookie. This page goes on by itself.
    const answer = files.page("again");
    answer.headers.set("Set-Cookie", access.cookie);
    return answer;
  }

  #overview(request: Request): Overview {
    const { watch } = this.#options;
    const { query } = request;
    const order = query.get("order") ?? "oldest";
    if (!(CONNECTION_ORDERS as readonly string[]).includes(order)) {
      throw new HttpError(400, `There is no order "${order}": it is one of ${CONNECTION_ORDERS.join(", ")}`);
    }
    const shown: InspectOptions = {
      connections: { ...pageQuery(query, "connections"), order: order as ConnectionOrder },
      timers: pageQuery(query, "timers"),
    };
    const after = numberOf(query, "logAfter");
    return {
      ...this.#look(shown),
      samples: query.get("samples") === "0" ? [] : (watch.samples?.kept ?? []),
      entries: query.get("log") === "0" ? [] : watch.log.entriesAfter(after ?? 0),
      lastId: watch.log.lastId,
    };
  }

  #look(shown: InspectOptions): Snapshot {
    const { tree, watch, name } = this.#options;
    return inspect(this.#reactor, tree, { ...shown, watch, name });
  }

  #beat(sample: Sample | undefined): void {
    if (this.#events.size === 0) {
      this.#sentId = this.#options.watch.log.lastId;
      return;
    }
    const { log } = this.#options.watch;
    const entries = log.entriesAfter(this.#sentId, MAX_ENTRIES_A_SECOND);
    this.#sentId = log.lastId;
    const { connections: _, timers: __, others: ___, ...rest } = this.#look(NO_LISTS);
    this.#events.send({ event: "second", data: JSON.stringify({ ...rest, sample, entries, lastId: log.lastId }) });
  }

  async #setLevel(request: Request): Promise<Response> {
    const { access, watch } = this.#options;
    if (request.method !== "POST") throw new HttpError(405, "A level is set by POST", { headers: { Allow: "POST" } });
    access.checkIntent(request);
    const body: unknown = await request.json().catch((error: Error) => {
      throw error instanceof SyntaxError ? new HttpError(400, "The body is no JSON", { cause: error }) : error;
    });
    const { namespace, level } = Object(body) as Readonly<Record<string, unknown>>;
    if (typeof namespace !== "string" || typeof level !== "string") {
      throw new HttpError(400, 'The body is { "namespace": "…", "level": "…" }');
    }
    try {
      watch.log.setLevel(namespace, level as LogThreshold);
    } catch (error) {
      throw error instanceof RangeError ? new HttpError(400, error.message, { cause: error }) : error;
    }
    return Response.json(watch.log.facts);
  }

  async #exposition(): Promise<Response> {
    const { tree, watch } = this.#options;
    this.#metrics ??= (async () => {
      const own = programFigures(this.#reactor, tree, watch);
      return { own, all: await prometheus(own.figures) };
    })();
    const { own, all } = await this.#metrics;
    own.refresh();
    return new Response(await all.text(), { headers: { "Content-Type": all.contentType } });
  }
}

/** What `/api/snapshot` answers. */
export interface Overview extends Snapshot {
  readonly samples: readonly Sample[];
  readonly entries: readonly LogEntry[];
  /** Of the log: what comes after it is news. */
  readonly lastId: number;
}

/** `OFFSET` or `OFFSET,LIMIT`. */
function pageQuery(query: URLSearchParams, name: string): PageQuery {
  const [offset, limit] = (query.get(name) ?? "").split(",").map((part) => wholeNumber(name, part));
  return { offset, limit };
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  return wholeNumber(name, query.get(name) ?? "");
}

function wholeNumber(name: string, part: string): number | undefined {
  if (part === "") return undefined;
  if (!/^\d{1,9}$/.test(part)) throw new HttpError(400, `"${name}" is no whole number`);
  return Number(part);
}

/** Beside the strict defaults: nothing is sent by a form, and no text becomes markup. */
const POLICY = {
  "form-action": "'none'",
  "require-trusted-types-for": "'script'",
  "trusted-types": "'none'",
};
const NO_LISTS: InspectOptions = { connections: { limit: 0 }, timers: { limit: 0 } };
/** Then it asks anew. */
const MAX_SECONDS_BEHIND = 30;
/** Nobody reads more than that in a second. */
const MAX_ENTRIES_A_SECOND = 200;
