import { formatIsoTime } from "./iso-time.ts";
import { describeError } from "./log-error.ts";
import type { LogEvent, LogObserver } from "./log-event.ts";
import { escapeControls, formatEvent } from "./log-format.ts";
import { LogLevels } from "./log-levels.ts";
import { type LogPublisher, logPublisher } from "./log-publisher.ts";
import { hexOf, isPlainObject, showValue, UNREADABLE } from "./log-value.ts";

/** Adds an observer to the log of the whole program until the returned value is disposed; see LogPublisher. */
export function addObserver(observer: LogObserver, levels?: LogLevels): Disposable {
  return logPublisher.addObserver(observer, levels);
}

/**
 * Writes each event as one line of text, `2030-01-31T23:59:59.000Z [namespace#level] message` (`-` for an unknown time),
 * and after it the stack of its `error`, indented by a tab. Control characters are escaped, so that a line that does not
 * begin with a tab is always the beginning of a true event.
 *
 * @param write Takes the text, which ends with a line feed.
 *
 * @example
 * ```ts
 * import { addObserver, Logger, textObserver } from "ropewalk/log";
 *
 * using observer = addObserver(textObserver((text) => console.log(text)));
 * new Logger("chat").warn("{name} left", { name: "ann" });
 * ```
 */
export function textObserver(write: (text: string) => void): LogObserver {
  return function textObserver(event: LogEvent): void {
    const time = event.timeMs === 0 ? "-" : formatIsoTime(event.timeMs);
    let text = `${time} [${escapeControls(event.namespace)}#${event.level}] ${escapeControls(formatEvent(event))}\n`;
    if (Object.hasOwn(event, "error")) {
      for (const line of describeError(event["error"])) text += `\t${line}\n`;
    }
    write(text);
  };
}

/**
 * Writes each event as one line of JSON: `timeMs`, `level`, `namespace`, `message` (the format filled in), `format`, then
 * the other fields. Errors become `{ name, message, stack, code, cause, errors }`, bytes become hex, bigints strings.
 *
 * @param write Takes the text, which ends with a line feed.
 *
 * @example
 * ```ts
 * import { addObserver, jsonObserver, Logger } from "ropewalk/log";
 *
 * using observer = addObserver(jsonObserver((text) => console.log(JSON.parse(text).message)));
 * new Logger("chat").info("{n} users", { n: 3 }); // 3 users
 * ```
 */
export function jsonObserver(write: (text: string) => void): LogObserver {
  return function jsonObserver(event: LogEvent): void {
    const { timeMs, level, namespace, format, ...fields } = event;
    const line: Record<string, unknown> = { timeMs, level, namespace, message: formatEvent(event), format };
    for (const [name, value] of Object.entries(fields)) {
      if (!Object.hasOwn(line, name)) define(line, name, jsonValue(value, []));
    }
    write(`${JSON.stringify(line).replace(LINE_SEPARATORS, escapeControls)}\n`);
  };
}

/** The events since `captureLogs()`, until it is disposed. */
export interface CapturedLogs extends Disposable {
  readonly events: readonly LogEvent[];
  /** The events' messages, filled in. */
  readonly messages: readonly string[];
}

/**
 * Collects all events, for tests; other observers still get theirs. It does not take the events that were kept for the
 * first observer.
 *
 * @param levels Which events; default: all, from debug on.
 *
 * @example
 * ```ts
 * import { captureLogs, Logger } from "ropewalk/log";
 *
 * using logs = captureLogs();
 * new Logger("chat").debug("{n} users", { n: 3 });
 * console.log(logs.events[0]?.level, logs.messages); // debug [ '3 users' ]
 * ```
 */
export function captureLogs(
  levels: LogLevels = new LogLevels("debug"),
  publisher: LogPublisher = logPublisher,
): CapturedLogs {
  const events: LogEvent[] = [];
  const onlooker = publisher.addOnlooker((event) => void events.push(event), levels);
  return {
    events,
    get messages(): string[] {
      return events.map(formatEvent);
    },
    [Symbol.dispose]: (): void => onlooker[Symbol.dispose](),
  };
}

function jsonValue(value: unknown, around: readonly object[]): unknown {
  try {
    if (typeof value === "object" && value !== null) return jsonObject(value, around);
    if (typeof value === "string" || typeof value === "boolean" || value === undefined || value === null) return value;
    return typeof value === "number" && Number.isFinite(value) ? value : showValue(value);
  } catch {
    return UNREADABLE;
  }
}

function jsonObject(value: object, around: readonly object[]): unknown {
  if (around.includes(value)) return "[circular]";
  if (around.length >= DEPTH_LIMIT) return showValue(value);
  if (value instanceof Uint8Array) return hexOf(value);
  const inside = [...around, value];
  if (value instanceof Error) return jsonError(value, inside);
  if (Array.isArray(value)) return value.map((part) => jsonValue(part, inside));
  if (!isPlainObject(value)) return showValue(value);
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) define(copy, name, jsonValue(read(value, name), inside));
  return copy;
}

function jsonError(error: Error, around: readonly object[]): unknown {
  const copy: Record<string, unknown> = { name: error.name, message: error.message, stack: error.stack };
  for (const name of ["code", "cause", "errors"]) {
    const value = read(error, name);
    if (value !== undefined) copy[name] = jsonValue(value, around);
  }
  return copy;
}

function read(value: object, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[name];
  } catch {
    return UNREADABLE;
  }
}

/** Plain assignment would lose a field that a peer named `__proto__`. */
function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

const DEPTH_LIMIT = 6;
/** Legal in JSON, yet some readers end a line at them. */
const LINE_SEPARATORS = /[\p{Zl}\p{Zp}]/gu;
