import type { Clock } from "../../../core/time/clock.ts";
import { TEXT } from "../../../wire/text.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { EventParts } from "./event-parts.ts";
import { formatServerEvent, type ServerEvent } from "./server-event.ts";

/** Where events come from; text among them is an event that has only data. */
export type EventSource = AsyncIterable<ServerEvent | string>;

/** How a stream of events behaves. */
export interface EventStreamOptions {
  readonly clock: Clock;
  /** After so long without an event, a comment is sent: 15 s, well below the minute after which proxies hang up. Infinity: never. */
  readonly keepAliveMs?: number | undefined;
  /** How long the client waits before it comes again when the stream has ended; each client has a few seconds of its own. */
  readonly retryMs?: number | undefined;
}

/**
 * An answer that sends events for as long as the source has some and the client is there: server-sent events, which a browser
 * hears with `new EventSource(url)`. The source is asked for the next event when the client has taken the one before. Its
 * `return` is called when the client goes; a source that waits for something that may never come should look at
 * `request.signal` as well. A function as source is told the last id that the client has seen.
 *
 * A browser whose stream ends comes again; to keep it away, answer 204 instead.
 *
 * @throws RangeError if `keepAliveMs` is not positive, or `retryMs` is no whole number from 0.
 *
 * @example
 * ```ts
 * import { eventStream, Request } from "ropewalk/web";
 * import { Clock } from "ropewalk/testing";
 *
 * async function* countdown() {
 *   yield { id: "1", data: "ready" };
 *   yield "go";
 * }
 * const response = eventStream(new Request("http://example.org/"), countdown(), { clock: new Clock() });
 * console.log(JSON.stringify(await response.text())); // "id: 1\ndata: ready\n\ndata: go\n\n"
 * ```
 */
export function eventStream(
  request: Request,
  source: EventSource | ((lastEventId: string | undefined) => EventSource),
  options: EventStreamOptions,
): Response {
  const { clock, keepAliveMs = KEEP_ALIVE_MS, retryMs } = options;
  if (!(keepAliveMs > 0))
    throw new RangeError(`Cannot keep a stream of events alive each ${keepAliveMs} ms: it takes time`);
  const start = retryMs === undefined ? undefined : formatServerEvent({ retryMs });
  const events = typeof source === "function" ? source(lastEventId(request)) : source;
  const texts = new Texts(events[Symbol.asyncIterator](), start);
  return new Response(new EventParts(texts, clock, keepAliveMs), { headers: EVENT_STREAM_HEADERS });
}

/**
 * The id of the last event that this client has seen; undefined if it comes for the first time. It is whatever the client says.
 *
 * @example
 * ```ts
 * import { lastEventId, Request } from "ropewalk/web";
 *
 * console.log(lastEventId(new Request("http://example.org/", { headers: { "Last-Event-ID": "7" } }))); // 7
 * ```
 */
export function lastEventId(request: Request): string | undefined {
  const id = request.headers.get("last-event-id");
  if (id === null) return undefined;
  // Browsers send it as UTF-8; a field's value has a character for each byte.
  const bytes = TEXT.encodeLatin1(id);
  return TEXT.decodeUtf8(bytes, 0, bytes.length);
}

/** Events as text, behind what is sent first of all. */
class Texts implements AsyncIterator<string> {
  readonly #events: AsyncIterator<ServerEvent | string>;
  #start: string | undefined;

  constructor(events: AsyncIterator<ServerEvent | string>, start: string | undefined) {
    this.#events = events;
    this.#start = start;
  }

  async next(): Promise<IteratorResult<string>> {
    const start = this.#start;
    this.#start = undefined;
    if (start !== undefined) return { done: false, value: start };
    const { done, value } = await this.#events.next();
    if (done === true) return { done, value: undefined };
    return { done: false, value: formatServerEvent(typeof value === "string" ? { data: value } : value) };
  }

  async return(): Promise<IteratorResult<string>> {
    await this.#events.return?.();
    return { done: true, value: undefined };
  }
}

export const KEEP_ALIVE_MS = 15_000;
/** The last is for nginx, which holds answers back otherwise. */
export const EVENT_STREAM_HEADERS: { readonly [name: string]: string } = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};
