import type { LogObserver } from "../../core/log/event.ts";
import { addObserver } from "../../core/log/observers.ts";
import { logPublisher } from "../../core/log/publisher.ts";
import { textObserver } from "../../core/log/text.ts";
import { FailureError } from "../usage-error.ts";
import type { TwistdOptions } from "./options.ts";
import { logfileOf } from "./place.ts";

/** Where the log goes until it is disposed. */
export interface OpenedLog extends AsyncDisposable {
  /** Opens the log file anew, after somebody moved it. */
  reopen(): void;
  /** Leaves the log file to a user. */
  giveTo(uid: number, gid: number): void;
  /** Takes lines of other processes as they are; undefined if there is no file. */
  readonly write: ((lines: string) => void) | undefined;
}

/**
 * Standard error, unless there is a file or syslog, or both. A worker's file is its primary's: it gets there by standard error,
 * and each of its events names it: the field `worker` in JSON, the beginning of the message in text.
 * What few ask for is loaded when it is asked for.
 */
export async function openLog(options: TwistdOptions, worker: number | undefined): Promise<OpenedLog> {
  // The program's own levels, so that whoever else looks at its log, and changes them, means the same.
  if (options.logLevel !== undefined) logPublisher.levels.configure(options.logLevel);
  const outlets: Outlet[] = [];
  const logfile = logfileOf(options);
  if (logfile !== undefined) {
    outlets.push(worker === undefined ? await fileOutlet(logfile, options) : await standardError(options));
  }
  const syslogs = [
    ...(options.syslog === true ? ["/dev/log"] : []),
    ...(options.syslogTo === undefined ? [] : [options.syslogTo]),
  ];
  for (const where of syslogs) outlets.push(await syslogOutlet(where, options));
  if (outlets.length === 0) outlets.push(await standardError(options));
  const added = outlets.map(({ observer }) =>
    addObserver(worker === undefined ? observer : named(observer, worker, options.logFormat)),
  );
  const captured = options.daemon === true ? (await import("./captured-output.ts")).captureOutput() : undefined;
  return {
    reopen: () => {
      for (const one of outlets) one.reopen?.();
    },
    giveTo: (uid, gid) => {
      for (const one of outlets) one.giveTo?.(uid, gid);
    },
    write: outlets.find(({ write }) => write !== undefined)?.write,
    [Symbol.asyncDispose]: async () => {
      captured?.[Symbol.dispose]();
      for (const one of added) one[Symbol.dispose]();
      for (const one of outlets) await one.close?.();
    },
  };
}

function named(observer: LogObserver, worker: number, logFormat: TwistdOptions["logFormat"]): LogObserver {
  if (logFormat === "json") return (event) => observer({ ...event, worker });
  return (event) => observer({ ...event, format: `worker ${worker}: ${event.format}` });
}

/** Whether the log goes to standard error, and nowhere else. */
export function logsToStandardError(options: TwistdOptions): boolean {
  return logfileOf(options) === undefined && options.syslog === undefined && options.syslogTo === undefined;
}

/** One place that the log goes to. */
interface Outlet {
  readonly observer: LogObserver;
  reopen?(): void;
  giveTo?(uid: number, gid: number): void;
  readonly write?: (lines: string) => void;
  close?(): Promise<void>;
}

async function standardError({ logFormat }: TwistdOptions): Promise<Outlet> {
  // Who reads the log may go away, and a program should outlive that.
  process.stderr.on("error", () => undefined);
  const observe = await observerOf(logFormat);
  return { observer: observe((text) => process.stderr.write(text)), close: flushStandardError };
}

/** Into a pipe whose reader is slow Node writes later, and the end of the process would swallow that. */
function flushStandardError(): Promise<void> {
  if (process.stderr.writableLength === 0) return Promise.resolve();
  return new Promise((done) => {
    const timer = setTimeout(done, FLUSH_LIMIT_MS);
    process.stderr.write("", () => {
      clearTimeout(timer);
      done();
    });
  });
}

async function fileOutlet(path: string, options: TwistdOptions): Promise<Outlet> {
  const { LogFile } = await import("../../reactor/log-file.ts");
  const observe = await observerOf(options.logFormat);
  const file = opened(path, () => {
    return new LogFile(path, {
      rotateBytes: options.logRotateBytes ?? DEFAULT_ROTATE_BYTES,
      rotateDaily: options.logRotate === "daily",
      keep: options.logKeep,
      lossNote: (lost) => lossNote(observe, lost),
    });
  });
  return {
    observer: observe((text) => file.write(text)),
    reopen: () => file.reopen(),
    giveTo: (uid, gid) => file.giveTo(uid, gid),
    write: (lines) => file.write(lines),
    close: async () => file[Symbol.dispose](),
  };
}

async function syslogOutlet(where: string, { prefix }: TwistdOptions): Promise<Outlet> {
  const { openSyslog } = await import("./syslog.ts");
  return openSyslog(where, prefix ?? "twistd");
}

function opened<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new FailureError(`Cannot open log file "${path}": ${(error as Error).message}`, { cause: error });
  }
}

/** An event of the log's own, written past the log: it is about what is being written. */
function lossNote(observe: typeof textObserver, lost: number): string {
  let note = "";
  const timeMs = Date.now();
  const format = "{lost} events were lost: the log file could not be written";
  observe((text) => {
    note = text;
  })({ level: "error", namespace: "ropewalk.twistd", timeMs, format, lost });
  return note;
}

async function observerOf(format: TwistdOptions["logFormat"]): Promise<typeof textObserver> {
  return format === "json" ? (await import("../../core/log/json.ts")).jsonObserver : textObserver;
}

/** With the ten that are kept, what a service that nobody looks after may fill of a disk is 1.1 GB. */
const DEFAULT_ROTATE_BYTES = 100_000_000;
/** For a reader that reads no more. */
const FLUSH_LIMIT_MS = 5_000;
