import type { LogEvent, LogObserver } from "./event.ts";
import { escapeControls, formatEvent } from "./format.ts";
import { cut, MAX_EVENT_CHARACTERS, MAX_TEXT_CHARACTERS } from "./size.ts";
import { hexOf, isPlainObject, readPart, showValue, UNREADABLE } from "./value.ts";

/**
 * Writes each event as one line of JSON: `timeMs`, `level`, `namespace`, `message` (the format filled in), `format`, then
 * the other fields. Errors become `{ name, message, stack, code, cause, errors }`, bytes become hex, bigints strings. A text
 * of more than 16 384 characters is cut, and so is what would make the line longer than about 65 536: `… 123 more` stands in
 * a text or a list for what is missing, a field `…` in an object.
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
    const room = new Room();
    const line = copyOf(own, Object.keys(own), room, [], {});
    copyOf(fields, Object.keys(fields), room, [], line);
    write(`${JSON.stringify(line).replace(LINE_SEPARATORS, escapeControls)}\n`);
  };
}

/** How much of the line is left. What does not fit is not even looked at: a list may have a million parts. */
class Room {
  #left = MAX_EVENT_CHARACTERS;

  get isFull(): boolean {
    return this.#left <= 0;
  }

  text(text: string): string {
    const short = cut(text, MAX_TEXT_CHARACTERS);
    const length = GROWS.test(short) ? JSON.stringify(short).length : short.length + QUOTES;
    const fitting = length <= this.#left ? short : cut(text, Math.max(0, Math.floor(this.#left / LONGEST_ESCAPE)));
    this.spend(length);
    return fitting;
  }

  spend(characters: number): void {
    this.#left -= characters;
  }
}

function jsonValue(value: unknown, room: Room, around: readonly object[]): unknown {
  try {
    if (typeof value === "object" && value !== null) return jsonObject(value, room, around);
    if (typeof value === "string") return room.text(value);
    room.spend(PLAIN_CHARACTERS);
    if (typeof value === "boolean" || value === undefined || value === null) return value;
    return typeof value === "number" && Number.isFinite(value) ? value : room.text(showValue(value));
  } catch {
    return UNREADABLE;
  }
}

function jsonObject(value: object, room: Room, around: readonly object[]): unknown {
  if (around.includes(value)) return "[circular]";
  if (around.length >= DEPTH_LIMIT) return room.text(showValue(value));
  if (value instanceof Uint8Array) return bytesValue(value, room);
  const inside = [...around, value];
  if (value instanceof Error) return jsonError(value, room, inside);
  if (Array.isArray(value)) return listOf(value, room, inside);
  if (!isPlainObject(value)) return room.text(showValue(value));
  return copyOf(value, Object.keys(value), room, inside);
}

/** A plain array, whatever class this one is of: its toJSON would be called. */
function listOf(list: readonly unknown[], room: Room, around: readonly object[]): unknown[] {
  const copy: unknown[] = [];
  for (let at = 0; at < list.length; at += 1) {
    if (room.isFull) return [...copy, `… ${list.length - at} more`];
    room.spend(COMMA_CHARACTERS);
    copy.push(jsonValue(list[at], room, around));
  }
  return copy;
}

/** What `copy` has already stays. */
function copyOf(
  value: object,
  names: readonly string[],
  room: Room,
  around: readonly object[],
  copy: Record<string, unknown> = {},
): Record<string, unknown> {
  for (const [index, name] of names.entries()) {
    if (Object.hasOwn(copy, name)) continue;
    if (room.isFull) {
      define(copy, "…", `${names.length - index} more`);
      return copy;
    }
    room.spend(COMMA_CHARACTERS);
    define(copy, room.text(name), jsonValue(readPart(value, name), room, around));
  }
  return copy;
}

function bytesValue(bytes: Uint8Array, room: Room): string {
  const shown = bytes.subarray(0, MAX_BYTES);
  const rest = bytes.length - shown.length;
  return room.text(rest === 0 ? hexOf(shown) : `${hexOf(shown)}… ${rest} more bytes`);
}

function jsonError(error: Error, room: Room, around: readonly object[]): unknown {
  const copy: Record<string, unknown> = {};
  for (const name of ["name", "message", "stack", "code", "cause", "errors"]) {
    const value = room.isFull ? undefined : readPart(error, name);
    if (value !== undefined) copy[name] = jsonValue(value, room, around);
  }
  return copy;
}

/** Plain assignment would lose a field that a peer named `__proto__`. */
function define(target: object, name: string, value: unknown): void {
  if (name !== "__proto__") (target as Record<string, unknown>)[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

const DEPTH_LIMIT = 6;
const QUOTES = 2;
/** What JSON escapes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const GROWS = /[\0-\x1f"\\\ud800-\udfff]/;
/** Quotes, colon and comma around a name and its value. */
const COMMA_CHARACTERS = 4;
/** A number at its longest. */
const PLAIN_CHARACTERS = 24;
/** `\u0000` */
const LONGEST_ESCAPE = 6;
/** Two digits each, and the note behind them fits too. */
const MAX_BYTES = MAX_TEXT_CHARACTERS / 2 - 32;
/** Legal in JSON, yet some readers end a line at them. */
const LINE_SEPARATORS = /[\p{Zl}\p{Zp}]/gu;
