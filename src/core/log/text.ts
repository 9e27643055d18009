import { describeError } from "./error.ts";
import type { LogEvent, LogObserver } from "./event.ts";
import { escapeControls, formatEvent } from "./format.ts";
import { formatIsoTime } from "./iso-time.ts";

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
