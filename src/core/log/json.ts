import type { LogEvent, LogObserver } from "./event.ts";
import { escapeControls, formatEvent } from "./format.ts";
import { hexOf, isPlainObject, readPart, showValue, UNREADABLE } from "./value.ts";

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
    const own = { timeMs, level, namespace, message: formatEvent(event), format };
    const line: Record<string, unknown> = {};
    for (const [name, value] of [...Object.entries(own), ...Object.entries(fields)]) {
      if (!Object.hasOwn(line, name)) define(line, name, jsonValue(value, []));
    }
    write(`${JSON.stringify(line).replace(LINE_SEPARATORS, escapeControls)}\n`);
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
  // A plain array, whatever class this one is of: its toJSON would be called.
  if (Array.isArray(value)) return Array.from(value, (part) => jsonValue(part, inside));
  if (!isPlainObject(value)) return showValue(value);
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) define(copy, name, jsonValue(readPart(value, name), inside));
  return copy;
}

function jsonError(error: Error, around: readonly object[]): unknown {
  const copy: Record<string, unknown> = {};
  for (const name of ["name", "message", "stack", "code", "cause", "errors"]) {
    const value = readPart(error, name);
    if (value !== undefined) copy[name] = jsonValue(value, around);
  }
  return copy;
}

/** Plain assignment would lose a field that a peer named `__proto__`. */
function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

const DEPTH_LIMIT = 6;
/** Legal in JSON, yet some readers end a line at them. */
const LINE_SEPARATORS = /[\p{Zl}\p{Zp}]/gu;
