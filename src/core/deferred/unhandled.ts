import { Logger } from "../log/logger.ts";

/** Receives what nobody else did: the error, and the Deferred (or whatever else) that it came from. */
export type UnhandledSink = (error: unknown, source: object | undefined) => void;

/** Sends unhandled errors to `sink` from now on; returns the sink it replaces. */
export function setUnhandledSink(sink: UnhandledSink): UnhandledSink {
  const previous = current;
  current = sink;
  return previous;
}

/** Reports an error that nobody is there to take. */
export function reportUnhandled(error: unknown, source?: object): void {
  current(error, source);
}

const log = new Logger("ropewalk.deferred");
let current: UnhandledSink = (error) => log.failure("Unhandled error in Deferred", error);
