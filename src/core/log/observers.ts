import type { LogEvent, LogObserver } from "./event.ts";
import { formatEvent } from "./format.ts";
import { LogLevels } from "./levels.ts";
import { type LogPublisher, logPublisher } from "./publisher.ts";

/**
 * Adds an observer to the log of the whole program until the returned value is disposed; see LogPublisher.
 *
 * @param levels What reaches this observer; default: what the program's log lets pass, from info on.
 *
 * @example
 * ```ts
 * import { addObserver, Logger, LogLevels } from "ropewalk/log";
 *
 * using observer = addObserver((event) => console.log(event.namespace, event["n"]), new LogLevels("chat=debug"));
 * new Logger("chat").debug("{n} users", { n: 3 }); // chat 3
 * ```
 */
export function addObserver(observer: LogObserver, levels?: LogLevels): Disposable {
  return logPublisher.addObserver(observer, levels);
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
