import { wallTimeMs } from "./clock.ts";
import type { LogEvent, LogObserver } from "./event.ts";
import { LogLevels, severityOf, thresholdsChanged } from "./levels.ts";
import { textObserver } from "./text.ts";

/**
 * Hands events to observers, in the order of adding. Until the first observer comes, the last 65 536 events are kept for
 * it; while there is none, critical ones also go to the last resort. What an observer logs while it is called reaches the
 * others after the event at hand, and never itself.
 *
 * @example
 * ```ts
 * import { Logger, LogPublisher } from "ropewalk/log";
 *
 * const audit = new LogPublisher();
 * new Logger("payments", audit).info("kept");
 * using observer = audit.addObserver((event) => console.log(event.format)); // kept
 * ```
 */
export class LogPublisher {
  /** Which events are kept, and which reach an observer that brought no levels of its own. */
  readonly levels: LogLevels;
  readonly #lastResort: LogObserver;
  readonly #kept: LogEvent[] = [];
  #keptFrom = 0;
  #keeping = true;
  #observers: readonly Entry[] = [];
  readonly #queue: Delivery[] = [];
  /** The observers that the deliveries caused by the present one must pass over; undefined while nothing is delivered. */
  #cause: readonly Entry[] | undefined;

  /** @param lastResort Takes critical events that reach nobody else; the program's own log shows them on the console. */
  constructor(levels: LogLevels = new LogLevels(), lastResort: LogObserver = () => {}) {
    this.levels = levels;
    this.#lastResort = lastResort;
  }

  /**
   * Adds an observer until the returned value is disposed. The first one gets what was kept. `levels` is what reaches
   * this one; default: the publisher's own.
   */
  addObserver(observer: LogObserver, levels: LogLevels = this.levels): Disposable {
    const entry = this.#add(observer, levels);
    if (this.#keeping) {
      this.#keeping = false;
      const kept = [...this.#kept.slice(this.#keptFrom), ...this.#kept.slice(0, this.#keptFrom)];
      this.#kept.length = 0;
      for (const event of kept) this.#queue.push({ event, only: entry, except: [], last: false });
      this.#drain();
    }
    return entry;
  }

  /** Adds an observer that neither takes what was kept nor ends the keeping: one that looks on for a while, as a test does. */
  addOnlooker(observer: LogObserver, levels: LogLevels = this.levels): Disposable {
    return this.#add(observer, levels);
  }

  /** Loggers call this; the event's level is checked for each observer. */
  publish(event: LogEvent): void {
    if (this.#observers.length === 0) {
      if (this.#keeping) this.#keep(event);
      if (event.level === "critical") this.#lastResort(event);
      return;
    }
    this.#queue.push({ event, only: undefined, except: this.#cause ?? [], last: false });
    this.#drain();
  }

  /** The least severity in this namespace that reaches anybody. */
  severityFor(namespace: string): number {
    if (this.#observers.length === 0)
      return this.#keeping ? this.levels.severityFor(namespace) : severityOf("critical");
    return Math.min(...this.#observers.map((entry) => entry.levels.severityFor(namespace)));
  }

  #add(observer: LogObserver, levels: LogLevels): Entry {
    const entry: Entry = {
      observer,
      levels,
      [Symbol.dispose]: (): void => {
        this.#observers = this.#observers.filter((other) => other !== entry);
        thresholdsChanged();
      },
    };
    this.#observers = [...this.#observers, entry];
    thresholdsChanged();
    return entry;
  }

  #keep(event: LogEvent): void {
    if (!passes(this.levels, event)) return;
    if (this.#kept.length < KEPT_LIMIT) {
      this.#kept.push(event);
      return;
    }
    this.#kept[this.#keptFrom] = event;
    this.#keptFrom = (this.#keptFrom + 1) % KEPT_LIMIT;
  }

  #drain(): void {
    if (this.#cause !== undefined) return;
    try {
      for (let at = 0; at < this.#queue.length; at += 1) this.#deliver(this.#queue[at] as Delivery);
    } finally {
      this.#queue.length = 0;
      this.#cause = undefined;
    }
  }

  #deliver({ event, only, except, last }: Delivery): void {
    for (const entry of only === undefined ? this.#observers : [only]) {
      if (except.includes(entry) || !this.#observers.includes(entry) || !passes(entry.levels, event)) continue;
      this.#cause = [...except, entry];
      try {
        entry.observer(event);
      } catch (error) {
        if (last) this.#lastResort(event);
        else this.#report(entry, error);
      }
    }
  }

  #report(failed: Entry, error: unknown): void {
    const cause = this.#cause as readonly Entry[];
    const event: LogEvent = {
      level: "critical",
      namespace: "ropewalk.log",
      timeMs: wallTimeMs(),
      format: "Log observer {observer} failed: {error}",
      observer: failed.observer.name || "(unnamed)",
      error,
    };
    const others = this.#observers.filter((entry) => !cause.includes(entry));
    if (others.length > 0) {
      this.#queue.push({ event, only: undefined, except: cause, last: false });
    } else if (cause.length === 1) {
      // It is alone: it may have failed on that one event only, so it hears of it itself, and once.
      this.#queue.push({ event, only: failed, except: [], last: true });
    }
  }
}

function passes(levels: LogLevels, event: LogEvent): boolean {
  return severityOf(event.level) >= levels.severityFor(event.namespace);
}

interface Entry extends Disposable {
  readonly observer: LogObserver;
  readonly levels: LogLevels;
}

interface Delivery {
  readonly event: LogEvent;
  readonly only: Entry | undefined;
  readonly except: readonly Entry[];
  /** If it fails, only the last resort is left. */
  readonly last: boolean;
}

/** Twisted's figure: enough for the start of any program, some 20 MB at worst. */
const KEPT_LIMIT = 65_536;

/** Where every logger publishes unless told otherwise. */
export const logPublisher: LogPublisher = new LogPublisher(
  new LogLevels(),
  // biome-ignore lint/suspicious/noConsole: what ends here has nobody else to tell
  textObserver((text) => console.error(text.trimEnd())),
);
