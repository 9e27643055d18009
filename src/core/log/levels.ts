/** How much an event matters, least first. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "critical";

/** The least level that passes; `"off"` lets nothing pass. */
export type LogThreshold = LogLevel | "off";

/**
 * Which level each namespace must reach. The longest dotted prefix decides: `a.b` decides for `a.b` and `a.b.c`, not for
 * `a.bc`; the empty namespace decides for all that nothing else does, and starts as `"info"`.
 *
 * @example
 * ```ts
 * import { LogLevels } from "ropewalk/log";
 *
 * const levels = new LogLevels("warn,chat=debug");
 * console.log(levels.enabled("chat.room", "debug"), levels.enabled("chatter", "debug")); // true false
 * ```
 */
export class LogLevels {
  readonly #thresholds: Map<string, number> = new Map([["", severityOf(DEFAULT_LEVEL)]]);
  readonly #found: Map<string, number> = new Map();

  /** @throws RangeError as `configure` does. */
  constructor(text: string = "") {
    this.configure(text);
  }

  /**
   * Reads what a command line gives: `LEVEL` for all, `NAMESPACE=LEVEL` for some, separated by commas; later ones win.
   * Nothing changes unless all of it is good.
   *
   * @throws RangeError if a level is unknown.
   */
  configure(text: string): void {
    const parsed = text
      .split(",")
      .filter((part) => part.trim() !== "")
      .map((part) => parsePart(text, part));
    for (const [namespace, level] of parsed) this.set(namespace, level);
  }

  /** @throws RangeError if the level is unknown. */
  set(namespace: string, level: LogThreshold): void {
    if (!isThreshold(level)) {
      throw new RangeError(`Cannot set the log level of "${namespace}": "${level}" is not one of ${KNOWN_LEVELS}`);
    }
    this.#thresholds.set(namespace, severityOf(level));
    this.#changed();
  }

  /** Forgets what was set for exactly this namespace, so that a shorter prefix decides; `""` goes back to `"info"`. */
  unset(namespace: string): void {
    if (namespace === "") this.#thresholds.set("", severityOf(DEFAULT_LEVEL));
    else this.#thresholds.delete(namespace);
    this.#changed();
  }

  /** What was set, by namespace; `""` is for all that nothing else decides. A copy. */
  get thresholds(): ReadonlyMap<string, LogThreshold> {
    return new Map([...this.#thresholds].map(([namespace, severity]) => [namespace, LEVELS[severity] as LogThreshold]));
  }

  /** Whether an event of this namespace and level passes. */
  enabled(namespace: string, level: LogLevel): boolean {
    return severityOf(level) >= this.severityFor(namespace);
  }

  /** The threshold as a number, for comparing with `severityOf`. */
  severityFor(namespace: string): number {
    const found = this.#found.get(namespace);
    if (found !== undefined) return found;
    const severity = this.#search(namespace);
    if (this.#found.size >= FOUND_LIMIT) this.#found.clear();
    this.#found.set(namespace, severity);
    return severity;
  }

  #search(namespace: string): number {
    for (let prefix = namespace; prefix !== ""; prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf(".")))) {
      const severity = this.#thresholds.get(prefix);
      if (severity !== undefined) return severity;
    }
    return this.#thresholds.get("") as number;
  }

  #changed(): void {
    this.#found.clear();
    thresholdsChanged();
  }
}

/** 0 for debug to 4 for critical; 5 for off. */
export function severityOf(level: LogThreshold): number {
  return LEVELS.indexOf(level);
}

/** Tells every logger that the threshold it remembers may be out of date. */
export function thresholdsChanged(): void {
  thresholds.generation += 1;
}

/** Counts changes of any threshold, so that a disabled log call costs one comparison. */
export const thresholds: { generation: number } = { generation: 0 };

function parsePart(text: string, part: string): [namespace: string, level: LogThreshold] {
  const cut = part.lastIndexOf("=");
  const namespace = part.slice(0, Math.max(0, cut)).trim();
  const level = part.slice(cut + 1).trim();
  if (isThreshold(level)) return [namespace, level];
  throw new RangeError(`Cannot parse log levels "${text}": "${level}" is not one of ${KNOWN_LEVELS}`);
}

function isThreshold(text: string): text is LogThreshold {
  return (LEVELS as readonly string[]).includes(text);
}

const LEVELS: readonly LogThreshold[] = ["debug", "info", "warn", "error", "critical", "off"];
const KNOWN_LEVELS: string = LEVELS.join(", ");
const DEFAULT_LEVEL: LogLevel = "info";
/** Namespaces are few and fixed; a program that makes them up as it goes must not fill the memory. */
const FOUND_LIMIT = 1024;
