import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { EventParts } from "./event-parts.ts";
import { EVENT_STREAM_HEADERS, type EventStreamOptions, KEEP_ALIVE_MS, lastEventId } from "./event-stream.ts";
import { formatServerEvent, type ServerEvent } from "./server-event.ts";

/** How a channel behaves. */
export interface EventChannelOptions extends EventStreamOptions {
  /** Events that wait for one slow client; with more its stream ends, and it may come again for what is kept. Default 1 000. */
  readonly maxWaiting?: number | undefined;
  /** Events with an id that are kept for who comes again with a Last-Event-ID. Default 0. */
  readonly maxKept?: number | undefined;
}

/**
 * Events for everybody who listens at the time: each is made once, whatever the number of clients, and a slow one keeps nobody
 * waiting.
 *
 * @example
 * ```ts
 * import { EventChannel, Request } from "ropewalk/web";
 * import { Clock } from "ropewalk/testing";
 *
 * const news = new EventChannel({ clock: new Clock() });
 * const response = news.stream(new Request("http://example.org/news"));
 * news.send({ event: "tide", data: "high" });
 * news.close();
 * console.log(JSON.stringify(await response.text())); // "event: tide\ndata: high\n\n"
 * ```
 */
export class EventChannel {
  readonly #options: EventChannelOptions;
  readonly #start: string;
  readonly #listeners = new Set<Listener>();
  readonly #kept: { readonly id: string; readonly text: string }[] = [];
  #isClosed = false;

  /** @throws RangeError if `keepAliveMs` is not positive, or `retryMs` is no whole number from 0. */
  constructor(options: EventChannelOptions) {
    if (!((options.keepAliveMs ?? KEEP_ALIVE_MS) > 0)) {
      throw new RangeError(`Cannot keep a stream of events alive each ${options.keepAliveMs} ms: it takes time`);
    }
    this.#options = options;
    this.#start = options.retryMs === undefined ? "" : formatServerEvent({ retryMs: options.retryMs });
  }

  /** How many clients listen. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Text is an event that has only data. @throws as `formatServerEvent` does. */
  send(event: ServerEvent | string): void {
    const { id } = typeof event === "string" ? {} : (event as ServerEvent);
    const text = formatServerEvent(typeof event === "string" ? { data: event } : event);
    if (id !== undefined) this.#keep(id, text);
    for (const listener of this.#listeners) listener.push(text);
  }

  /** An answer that says what is sent from now on, and before that what a client that comes again has missed. */
  stream(request: Request): Response {
    const { clock, keepAliveMs = KEEP_ALIVE_MS, maxWaiting = MAX_WAITING } = this.#options;
    const listener = new Listener(maxWaiting, () => this.#listeners.delete(listener));
    if (this.#start !== "") listener.push(this.#start);
    for (const text of this.#missed(lastEventId(request))) listener.push(text);
    if (this.#isClosed) listener.end();
    else this.#listeners.add(listener);
    return new Response(new EventParts(listener, clock, keepAliveMs), { headers: EVENT_STREAM_HEADERS });
  }

  /** Ends all streams when their clients have taken what waits for them, and those that are asked for later at once. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) listener.end();
  }

  #keep(id: string, text: string): void {
    this.#kept.push({ id, text });
    if (this.#kept.length > (this.#options.maxKept ?? 0)) this.#kept.shift();
  }

  /** All that is kept if it is not known what this client has seen: it was away for longer than that. */
  #missed(id: string | undefined): string[] {
    if (id === undefined) return [];
    const seen = this.#kept.findLastIndex((event) => event.id === id);
    return this.#kept.slice(seen + 1).map(({ text }) => text);
  }
}

class Listener implements AsyncIterator<string> {
  readonly #maxWaiting: number;
  readonly #onEnd: () => void;
  readonly #texts: string[] = [];
  #resolve: ((result: IteratorResult<string>) => void) | undefined = undefined;
  #hasEnded = false;

  constructor(maxWaiting: number, onEnd: () => void) {
    this.#maxWaiting = maxWaiting;
    this.#onEnd = onEnd;
  }

  push(text: string): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    if (resolve !== undefined) resolve({ done: false, value: text });
    else if (this.#texts.length < this.#maxWaiting) this.#texts.push(text);
    else this.end();
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onEnd();
    this.#resolve?.(DONE);
    this.#resolve = undefined;
  }

  next(): Promise<IteratorResult<string>> {
    const text = this.#texts.shift();
    if (text !== undefined) return Promise.resolve({ done: false, value: text });
    if (this.#hasEnded) return Promise.resolve(DONE);
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  return(): Promise<IteratorResult<string>> {
    this.end();
    return Promise.resolve(DONE);
  }
}

/** A few seconds of a busy channel: who is further behind is better off with a new start. */
const MAX_WAITING = 1_000;
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
