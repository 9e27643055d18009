import { GrowingBytes } from "../../../wire/growing-bytes.ts";
import { TEXT } from "../../../wire/text.ts";

/** An event as it was heard. */
export interface HeardEvent {
  /** "message" if it has no name. */
  readonly event: string;
  /** Its lines, joined by "\n". */
  readonly data: string;
  /** The last id that the stream has said, with this event or before it; "" if none. */
  readonly id: string;
}

/** The peer sent an event of more than may be kept. */
export class EventStreamError extends Error {
  override readonly name = "EventStreamError";
}

/**
 * Reads `text/event-stream` as it comes (WHATWG HTML §9.2.6): push bytes, take events. There are no errors of syntax in it:
 * fields that nobody knows, and an event without its empty line at the end of the stream, are passed over.
 *
 * @example
 * ```ts
 * import { EventStreamParser } from "ropewalk/web";
 *
 * const parser = new EventStreamParser();
 * parser.push(new TextEncoder().encode("id: 7\ndata: one\ndata: two\n\n"));
 * console.log(parser.next()); // { event: 'message', data: 'one\ntwo', id: '7' }
 * ```
 */
export class EventStreamParser {
  readonly #maxEventBytes: number;
  readonly #line = new GrowingBytes();
  readonly #heard: HeardEvent[] = [];
  /** A line ended with CR: an LF that follows belongs to it. */
  #isAfterCr = false;
  #isFirstLine = true;
  #isTooLong = false;
  #data: string[] = [];
  #dataBytes = 0;
  #event = "";
  #id = "";
  #retryMs: number | undefined = undefined;

  /** An event with lines of more than `maxEventBytes` (1 MiB) is refused. */
  constructor(options: { readonly maxEventBytes?: number | undefined } = {}) {
    this.#maxEventBytes = options.maxEventBytes ?? MAX_EVENT_BYTES;
  }

  /** The last id that was said: what to send as Last-Event-ID when coming again. */
  get lastEventId(): string {
    return this.#id;
  }

  /** How long the server asks to wait before coming again; undefined until it does. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** @throws EventStreamError if an event is too long, from then on. What came before it can still be taken. */
  push(data: Uint8Array): void {
    if (this.#isTooLong) throw this.#tooLong();
    let at = 0;
    if (this.#isAfterCr && data.length > 0) {
      this.#isAfterCr = false;
      if (data[0] === LF) at = 1;
    }
    for (let end = lineEnd(data, at); end < data.length; end = lineEnd(data, at)) {
      this.#keep(data, at, end);
      at = end + 1;
      if (data[end] === CR) {
        if (at === data.length) this.#isAfterCr = true;
        else if (data[at] === LF) at += 1;
      }
      this.#lineReceived(this.#line.take());
    }
    this.#keep(data, at, data.length);
  }

  /** The next event that is complete; undefined if none is. */
  next(): HeardEvent | undefined {
    return this.#heard.shift();
  }

  #keep(data: Uint8Array, start: number, end: number): void {
    if (this.#dataBytes + this.#line.length + end - start > this.#maxEventBytes) {
      this.#isTooLong = true;
      throw this.#tooLong();
    }
    if (end > start) this.#line.append(data, start, end);
  }

  #tooLong(): EventStreamError {
    return new EventStreamError(`Cannot keep an event of more than ${this.#maxEventBytes} bytes`);
  }

  #lineReceived(line: Uint8Array): void {
    const start = this.#isFirstLine && hasMark(line) ? 3 : 0;
    this.#isFirstLine = false;
    if (line.length === start) {
      this.#eventEnded();
      return;
    }
    const colon = TEXT.indexOfByte(line, COLON, start);
    if (colon === start) return;
    if (colon === -1) {
      this.#fieldReceived(TEXT.decodeUtf8(line, start, line.length), "", line.length);
      return;
    }
    const value = line[colon + 1] === SPACE ? colon + 2 : colon + 1;
    const field = TEXT.decodeUtf8(line, start, colon);
    this.#fieldReceived(field, TEXT.decodeUtf8(line, value, line.length), line.length);
  }

  #fieldReceived(field: string, value: string, lineBytes: number): void {
    if (field === "data") {
      this.#data.push(value);
      this.#dataBytes += lineBytes;
    } else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.#retryMs = Math.min(Number(value), MAX_RETRY_MS);
  }

  #eventEnded(): void {
    const event = this.#event === "" ? "message" : this.#event;
    this.#event = "";
    if (this.#data.length === 0) return;
    this.#heard.push({ event, data: this.#data.join("\n"), id: this.#id });
    this.#data = [];
    this.#dataBytes = 0;
  }
}

/**
 * The events of an answer, as they come; the rest of the answer is given up when the loop ends.
 *
 * @throws TypeError for an answer that is no stream of events; EventStreamError if an event is too long; what the body fails with.
 *
 * @example
 * ```ts
 * import { readEvents, Response } from "ropewalk/web";
 *
 * const response = new Response("data: hello\n\n", { headers: { "Content-Type": "text/event-stream" } });
 * for await (const { data } of readEvents(response)) console.log(data); // hello
 * ```
 */
export async function* readEvents(
  response: { readonly headers: { get(name: string): string | null }; readonly body: ReadableStream | null },
  options: { readonly maxEventBytes?: number | undefined } = {},
): AsyncGenerator<HeardEvent, void, undefined> {
  const type = response.headers.get("content-type");
  if (!/^text\/event-stream *(?:;|$)/i.test(type ?? "")) {
    throw new TypeError(
      `Cannot read events from an answer of the type ${JSON.stringify(type)}: it is not text/event-stream`,
    );
  }
  const parser = new EventStreamParser(options);
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    parser.push(part);
    for (let event = parser.next(); event !== undefined; event = parser.next()) yield event;
  }
}

function lineEnd(data: Uint8Array, from: number): number {
  for (let at = from; at < data.length; at++) if (data[at] === LF || data[at] === CR) return at;
  return data.length;
}

function hasMark(line: Uint8Array): boolean {
  return line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf;
}

const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const MAX_EVENT_BYTES = 1_048_576;
/** What a timer takes. */
const MAX_RETRY_MS = 2_147_483_647;
