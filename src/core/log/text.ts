import { describeError } from "./error.ts";
import type { LogEvent, LogObserver } from "./event.ts";
import { formatEvent } from "./format.ts";
import { formatIsoTime } from "./iso-time.ts";
import { cut, escapedWithin, MAX_EVENT_CHARACTERS, MAX_TEXT_CHARACTERS } from "./size.ts";

/**
 * Writes each event as one line of text, `2030-01-31T23:59:59.000Z [namespace#level] message` (`-` for an unknown time),
 * and after it the stack of its `error`, indented by a tab. Control characters are escaped, so that a line that does not
 * begin with a tab is always the beginning of a true event. A message of more than 16 384 characters is cut, and so is an
 * error's description that would make the event longer than 65 536; `… 123 more` says by how much.
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
    const namespace = escapedWithin(event.namespace, MAX_NAMESPACE_CHARACTERS);
    const message = escapedWithin(formatEvent(event), MAX_TEXT_CHARACTERS);
    let text = `${time} [${namespace}#${event.level}] ${message}\n`;
    if (Object.hasOwn(event, "error")) text += described(event["error"], MAX_EVENT_CHARACTERS - text.length);
    write(text);
  };
}

function described(error: unknown, room: number): string {
  let text = "";
  const lines = describeError(error);
  for (const [index, line] of lines.entries()) {
    const left = room - text.length;
    if (left <= 0) return `${text}\t… ${lines.length - index} more lines\n`;
    text += `\t${cut(line, left)}\n`;
  }
  return text;
}

/** Programs name their namespaces themselves, and briefly. */
const MAX_NAMESPACE_CHARACTERS = 256;
