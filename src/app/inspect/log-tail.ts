import { describeError } from "../../core/log/error.ts";
import type { LogEvent } from "../../core/log/event.ts";
import { formatEvent } from "../../core/log/format.ts";
import type { LogLevel, LogLevels, LogThreshold } from "../../core/log/levels.ts";
import { logNamespaces } from "../../core/log/logger.ts";
import { type LogPublisher, logPublisher } from "../../core/log/publisher.ts";
import type { ErrorFacts, ErrorsFacts, LogEntry, LogFacts } from "./facts.ts";

/** How much of a log is kept. */
export interface LogTailOptions {
  readonly publisher?: LogPublisher | undefined;
  /** What decides which events pass, and what `setLevel` changes; default: the publisher's own. */
  readonly levels?: LogLevels | undefined;
}

/**
 * The end of a log, counts, and the errors in it. Events are put into words when somebody reads, so that a busy log costs a
 * few writes to memory an event.
 *
 * @example
 * ```ts
 * import { Watch } from "ropewalk/app";
 * import { Logger } from "ropewalk/log";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * using watch = new Watch(new MemoryReactor());
 * new Logger("chat").warn("{name} left", { name: "ann" });
 * console.log(watch.log.entriesAfter(0)[0]?.message, watch.log.counts.warn); // ann left 1
 * ```
 */
export class LogTail implements Disposable {
  readonly levels: LogLevels;
  readonly counts: Record<LogLevel, number> = { debug: 0, info: 0, warn: 0, error: 0, critical: 0 };
  readonly #observer: Disposable;
  /** A ring: the event with the id `n` is at `n % MAX_ENTRIES`, as it came, or in words once it was read. */
  readonly #ring: (LogEvent | LogEntry)[] = [];
  #lastId = 0;
  /** By what they say, the one that came last at the end. */
  readonly #errors: Map<string, ErrorFacts> = new Map();

  constructor({ publisher = logPublisher, levels = publisher.levels }: LogTailOptions = {}) {
    this.levels = levels;
    this.#observer = publisher.addOnlooker((event) => this.#take(event), levels);
  }

  /** How many events have passed. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Those after this id, the oldest first; of too many, the newest. */
  entriesAfter(id: number, limit: number = MAX_ENTRIES): LogEntry[] {
    const first = Math.max(id, this.#lastId - Math.min(limit, MAX_ENTRIES)) + 1;
    const entries: LogEntry[] = [];
    for (let at = first; at <= this.#lastId; at++) {
      const kept = this.#ring[at % MAX_ENTRIES] as LogEvent | LogEntry;
      const entry = isEntry(kept) ? kept : inWords(kept, at);
      this.#ring[at % MAX_ENTRIES] = entry;
      entries.push(entry);
    }
    return entries;
  }

  get errors(): ErrorsFacts {
    return { total: this.counts.error + this.counts.critical, recent: [...this.#errors.values()].reverse() };
  }

  get facts(): LogFacts {
    const levels = Object.fromEntries(this.levels.thresholds);
    return { levels, namespaces: logNamespaces(), counts: { ...this.counts } };
  }

  /**
   * Lets more or less of a namespace pass from now on; `"inherit"` leaves it to a shorter prefix.
   *
   * @throws RangeError for a level that there is none, a namespace that is too long, or one too many.
   */
  setLevel(namespace: string, level: LogThreshold | "inherit"): void {
    if (level === "inherit") {
      this.levels.unset(namespace);
      return;
    }
    if (namespace.length > MAX_NAMESPACE_LENGTH) {
      throw new RangeError(`Cannot set the log level of a namespace of more than ${MAX_NAMESPACE_LENGTH} characters`);
    }
    const { thresholds } = this.levels;
    if (!thresholds.has(namespace) && thresholds.size >= MAX_THRESHOLDS) {
      throw new RangeError(`Cannot set the log level of "${namespace}": ${MAX_THRESHOLDS} are set already`);
    }
    this.levels.set(namespace, level);
  }

  [Symbol.dispose](): void {
    this.#observer[Symbol.dispose]();
  }

  #take(event: LogEvent): void {
    this.counts[event.level] += 1;
    this.#lastId += 1;
    this.#ring[this.#lastId % MAX_ENTRIES] = event;
    if (event.level === "error" || event.level === "critical") this.#takeError(event);
  }

  #takeError(event: LogEvent): void {
    const key = keyOf(event);
    const before = this.#errors.get(key);
    this.#errors.delete(key);
    this.#errors.set(key, before === undefined ? firstOf(event) : againOf(before, event));
    if (this.#errors.size > MAX_ERRORS) this.#errors.delete(this.#errors.keys().next().value as string);
  }
}

function isEntry(kept: LogEvent | LogEntry): kept is LogEntry {
  return WORDED.has(kept);
}

function inWords(event: LogEvent, id: number): LogEntry {
  const { timeMs, level } = event;
  const entry = {
    id,
    timeMs,
    level,
    namespace: cut(event.namespace),
    message: messageOf(event),
    lines: linesOf(event),
  };
  WORDED.add(entry);
  return entry;
}

function firstOf(event: LogEvent): ErrorFacts {
  const { level, timeMs } = event;
  const own = { level, namespace: cut(event.namespace), message: messageOf(event), lines: linesOf(event) };
  return { ...own, times: 1, firstMs: timeMs, lastMs: timeMs };
}

function againOf(before: ErrorFacts, event: LogEvent): ErrorFacts {
  return { ...before, times: before.times + 1, lastMs: event.timeMs };
}

/** What makes two errors the same for a reader: who says it, in which words, and of what kind of fault. */
function keyOf(event: LogEvent): string {
  const error: unknown = event["error"];
  const fault = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, KEY_LENGTH) : typeof error;
  return `${event.level} ${event.namespace}\n${event.format}\n${fault}`;
}

function messageOf(event: LogEvent): string {
  return cut(formatEvent(event));
}

function linesOf(event: LogEvent): string[] {
  return Object.hasOwn(event, "error") ? describeError(event["error"]).slice(0, MAX_LINES).map(cut) : [];
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}… (${text.length - MAX_TEXT} more characters)`;
}

/** Which of the ring are in words already: a mark of their own would be a field that a log's event could have too. */
const WORDED: WeakSet<object> = new WeakSet();

/** Some screens full. */
const MAX_ENTRIES = 500;
const MAX_ERRORS = 50;
/** A message that is longer is data. */
const MAX_TEXT = 2_000;
const MAX_LINES = 40;
const KEY_LENGTH = 200;
const MAX_NAMESPACE_LENGTH = 200;
const MAX_THRESHOLDS = 500;
