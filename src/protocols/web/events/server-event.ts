/** What a server sends to an EventSource (WHATWG HTML §9.2). */
export interface ServerEvent {
  /** Any text; its lines may end as they like, and arrive ended by "\n". */
  readonly data?: string | undefined;
  /** What it is called, for `addEventListener`; "message" if it has no name. */
  readonly event?: string | undefined;
  /** What the client says as Last-Event-ID when it comes again; "" to forget the one before. */
  readonly id?: string | undefined;
  /** How long the client waits before it comes again. */
  readonly retryMs?: number | undefined;
  /** What no program on the other side sees: a line in a log. */
  readonly comment?: string | undefined;
}

/**
 * An event as it goes on the wire. Nothing in it can begin another field or event.
 *
 * @throws TypeError for a name or an id with a line end in it, or an id with a zero; RangeError for a `retryMs` that is no
 * whole number from 0.
 *
 * @example
 * ```ts
 * import { formatServerEvent } from "ropewalk/web";
 *
 * console.log(JSON.stringify(formatServerEvent({ id: "7", data: "one\ntwo" }))); // "id: 7\ndata: one\ndata: two\n\n"
 * ```
 */
export function formatServerEvent(event: ServerEvent): string {
  let text = "";
  if (event.comment !== undefined) text += `: ${event.comment.replace(LINE_END, "\n: ")}\n`;
  if (event.retryMs !== undefined) text += `retry: ${checkedRetry(event.retryMs)}\n`;
  if (event.event !== undefined) text += `event: ${oneLine("event", event.event)}\n`;
  if (event.id !== undefined) {
    if (event.id.includes("\0"))
      throw new TypeError("Cannot send an event whose id has a zero in it: clients ignore it");
    text += `id: ${oneLine("id", event.id)}\n`;
  }
  if (event.data !== undefined) text += `data: ${event.data.replace(LINE_END, "\ndata: ")}\n`;
  return `${text}\n`;
}

function oneLine(field: string, value: string): string {
  if (!/[\r\n]/.test(value)) return value;
  throw new TypeError(`Cannot send an event whose ${field} is ${JSON.stringify(value)}: it has one line`);
}

function checkedRetry(ms: number): number {
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new RangeError(`Cannot send an event whose retryMs is ${ms}: it is a whole number of milliseconds from 0`);
}

const LINE_END = /\r\n|\r|\n/g;
