import type { LogEvent } from "./event.ts";
import { showValue, UNREADABLE } from "./value.ts";

/**
 * The event's message with its fields filled in. Never throws: a name that is no field stays as it is written, and a
 * value that cannot be read is shown as `[unreadable]`. The text may hold control characters that came from a peer;
 * observers that write lines escape it (`escapeControls`).
 *
 * @example
 * ```ts
 * import { formatEvent } from "ropewalk/log";
 *
 * const event = { level: "info", namespace: "x", timeMs: 0, format: "{peer.name} has {n}", n: 3, peer: { name: "ann" } } as const;
 * console.log(formatEvent(event)); // ann has 3
 * ```
 */
export function formatEvent(event: LogEvent): string {
  return showValue(event.format).replace(PLACEHOLDER, (written: string, path: string | undefined) => {
    if (path === undefined) return written[0] as string;
    try {
      const found = fieldAt(event, path.split("."));
      return found === undefined ? written : showValue(found.value);
    } catch {
      return UNREADABLE;
    }
  });
}

/**
 * Makes remote data harmless in a line of text: control characters, line separators and marks that turn the writing
 * direction around become `\n`, `\x1b`, `\u202e`, so that one event is one line and nothing in it steers a terminal.
 *
 * @example
 * ```ts
 * import { escapeControls } from "ropewalk/log";
 * console.log(escapeControls("two\nlines")); // two\nlines
 * ```
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    const short = SHORT_ESCAPES[character];
    if (short !== undefined) return short;
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** Only an event's own fields count: `{toString}` names none. Parts of a value may be inherited, as getters are. */
function fieldAt(event: LogEvent, [first, ...rest]: string[]): { readonly value: unknown } | undefined {
  if (first === undefined || !Object.hasOwn(event, first)) return undefined;
  let value: unknown = event[first];
  for (const part of rest) {
    if (value === null || value === undefined || !(part in Object(value))) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return { value };
}

const PLACEHOLDER = /\{\{|\}\}|\{([^{}]*)\}/g;
const CONTROL = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
