import { wallTimeMs } from "./clock.ts";
import type { LogFields } from "./event.ts";
import { type LogLevel, severityOf, thresholds } from "./levels.ts";
import { type LogPublisher, logPublisher } from "./publisher.ts";
import { readPart, UNREADABLE } from "./value.ts";

/**
 * Logs the events of one namespace. The message is a format, filled in only if somebody reads it: `{name}` is a field,
 * `{a.b}` a part of one, `{{` and `}}` are braces. A format that does not fit its fields never throws. A level that
 * nobody wants costs one comparison.
 *
 * @example
 * ```ts
 * import { addObserver, Logger, textObserver } from "ropewalk/log";
 *
 * using observer = addObserver(textObserver((text) => console.log(text.trimEnd())));
 * const log = new Logger("chat.room");
 * log.info("{user.name} said {line}", { user: { name: "ann" }, line: "hi\n" }); // - [chat.room#info] ann said hi\n
 * ```
 */
export class Logger {
  readonly namespace: string;
  readonly #publisher: LogPublisher;
  #generation = -1;
  #threshold = 0;

  constructor(namespace: string, publisher: LogPublisher = logPublisher) {
    this.namespace = namespace;
    this.#publisher = publisher;
    if (known.size < KNOWN_LIMIT) known.add(namespace);
  }

  /** For whoever looks for a fault; not shown unless asked for. */
  debug(format: string, fields?: LogFields): void {
    if (this.#passes(DEBUG)) this.#publish("debug", format, fields);
  }

  /** What an operator may want to know. */
  info(format: string, fields?: LogFields): void {
    if (this.#passes(INFO)) this.#publish("info", format, fields);
  }

  /** Something is not as it should be, and the program goes on as before. */
  warn(format: string, fields?: LogFields): void {
    if (this.#passes(WARN)) this.#publish("warn", format, fields);
  }

  /** Something failed: a request, a connection. Put what was thrown into the field `error`. */
  error(format: string, fields?: LogFields): void {
    if (this.#passes(ERROR)) this.#publish("error", format, fields);
  }

  /** The program itself is at fault, or cannot go on. */
  critical(format: string, fields?: LogFields): void {
    if (this.#passes(CRITICAL)) this.#publish("critical", format, fields);
  }

  /** Something was thrown that nobody expected: level critical, with `error` in the field of that name. */
  failure(format: string, error: unknown, fields?: LogFields): void {
    if (this.#passes(CRITICAL)) this.#publish("critical", format, { ...copyOf(fields), error });
  }

  /** Whether an event of this level would reach anybody: ask before making fields that cost something. */
  enabled(level: LogLevel): boolean {
    return this.#passes(severityOf(level));
  }

  #passes(severity: number): boolean {
    if (this.#generation !== thresholds.generation) {
      this.#threshold = this.#publisher.severityFor(this.namespace);
      this.#generation = thresholds.generation;
    }
    return severity >= this.#threshold;
  }

  #publish(level: LogLevel, format: string, fields: LogFields | undefined): void {
    const own = { level, namespace: this.namespace, timeMs: wallTimeMs(), format };
    // Own parts again at the end: a caller without types may have given fields of these names.
    this.#publisher.publish(fields === undefined ? own : { ...own, ...copyOf(fields), ...own });
  }
}

/**
 * The namespaces of the loggers that were made so far, sorted: for whoever chooses levels. The first 1 024 of them.
 *
 * @example
 * ```ts
 * import { Logger, logNamespaces } from "ropewalk/log";
 *
 * new Logger("chat.room");
 * console.log(logNamespaces().includes("chat.room")); // true
 * ```
 */
export function logNamespaces(): readonly string[] {
  return [...known].sort();
}

/** To log is never what goes wrong: a field that throws when it is read says so. */
function copyOf(fields: LogFields | undefined): LogFields {
  try {
    return { ...fields };
  } catch {
    return oneByOne(fields as LogFields);
  }
}

function oneByOne(fields: LogFields): LogFields {
  try {
    return Object.fromEntries(Object.keys(fields).map((name) => [name, readPart(fields, name)]));
  } catch {
    return { fields: UNREADABLE };
  }
}

const DEBUG = severityOf("debug");
const INFO = severityOf("info");
const WARN = severityOf("warn");
const ERROR = severityOf("error");
const CRITICAL = severityOf("critical");
const known: Set<string> = new Set();
/** Namespaces are few and fixed; a program that makes them up as it goes must not fill the memory. */
const KNOWN_LIMIT = 1_024;
