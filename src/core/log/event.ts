import type { LogLevel } from "./levels.ts";

/** One thing that happened: four fixed fields, and those that the caller gave. */
export interface LogEvent {
  readonly level: LogLevel;
  /** Dotted, from the general to the special: `ropewalk.http1.server`. */
  readonly namespace: string;
  /** Milliseconds since 1970; 0 where no reactor has installed a wall clock. */
  readonly timeMs: number;
  /** The message, with `{field}` and `{field.part}` to fill in. */
  readonly format: string;
  readonly [field: string]: unknown;
}

/**
 * What an event says besides its message. `error` is the field for what was thrown: observers show its stack and causes.
 * The names of an event's own parts are reserved.
 */
export interface LogFields {
  readonly [field: string]: unknown;
  readonly level?: never;
  readonly namespace?: never;
  readonly timeMs?: never;
  readonly format?: never;
  readonly message?: never;
}

/** Takes each event that passes. One that throws is reported to the other observers and stays on. */
export type LogObserver = (event: LogEvent) => void;
