import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import type { LogObserver } from "../core/log/event.ts";
import { Logger } from "../core/log/logger.ts";
import { addObserver } from "../core/log/observers.ts";
import { textObserver } from "../core/log/text.ts";
import type { Lifecycle } from "../core/reactor.ts";
import { onStopSignals } from "./signals.ts";

/** What `run` and `react` may be told besides the main function. */
export interface RunOptions {
  /**
   * Takes the log while the reactor runs; default: a line of text for each event, on standard error. `false` adds no
   * observer: events go to those that the program has added.
   */
  readonly log?: LogObserver | false | undefined;
}

/** What `run` does, on a reactor that is there: see there. */
export async function serveOn<R extends Lifecycle>(
  reactor: R,
  main: (reactor: R, signal: AbortSignal) => unknown,
  options: RunOptions = {},
): Promise<void> {
  using _log = logTo(options.log);
  await runMain(reactor, main, (outcome) => {
    if (outcome.error === undefined) return;
    log.failure("The main function failed: stopping", outcome.error);
    process.exitCode = 1;
    stop(reactor);
  });
}

/** What `react` does, on a reactor that is there: see there. */
export async function reactOn<R extends Lifecycle>(
  reactor: R,
  main: (reactor: R, signal: AbortSignal) => MainResult | PromiseLike<MainResult>,
  options: RunOptions = {},
): Promise<void> {
  using _log = logTo(options.log);
  // Stays if the reactor is stopped first.
  process.exitCode = 1;
  let isDone = false;
  using _status = onStopSignals((_signal, status) => {
    if (!isDone) process.exitCode = status;
  });
  await runMain(reactor, main, ({ value, error }) => {
    isDone = true;
    if (error === undefined) process.exitCode = exitCodeOf(value);
    else log.failure("The main function failed", error);
    stop(reactor);
  });
}

/** The exit status, 0 to 255; nothing is 0. */
// biome-ignore lint/suspicious/noConfusingVoidType: a main function that returns nothing is the usual one
export type MainResult = number | undefined | void;

interface Outcome {
  readonly value?: unknown;
  readonly error?: unknown;
}

/** Runs the reactor with `main` in it. `settled` is told what came of main, unless the reactor stopped first. */
async function runMain<R extends Lifecycle>(
  reactor: R,
  main: (reactor: R, signal: AbortSignal) => unknown,
  settled: (outcome: Outcome) => void,
): Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  let result: unknown;
  using _step = reactor.addTrigger("before", "shutdown", () => {
    stopping.abort(new CancelledError("The reactor stops"));
    // What an async function waits for only it can cancel, with the signal.
    if (result instanceof Deferred) result.cancel(signal.reason);
  });
  reactor.callWhenRunning(() => {
    const settling = maybeDeferred(() => {
      result = main(reactor, signal);
      return result;
    });
    settling.addCallbacks(
      (value) => {
        if (!signal.aborted) settled({ value });
      },
      (error: Error | undefined) => {
        if (!signal.aborted) settled({ error: error ?? new Error("Main function failed without an error") });
        else if (error?.name !== "AbortError") log.failure("The main function failed during shutdown", error);
      },
    );
  });
  await reactor.run();
}

function stop(reactor: Lifecycle): void {
  if (reactor.running) reactor.stop();
}

function exitCodeOf(value: unknown): number {
  if (value === undefined) return 0;
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255) return value as number;
  log.error("The main function gave {value} for an exit status: want an integer from 0 to 255", { value });
  return 1;
}

function logTo(observer: LogObserver | false = textObserver((text) => process.stderr.write(text))): Disposable {
  if (observer === false) return { [Symbol.dispose]: () => {} };
  // Who reads the log may go away, and a program should outlive that. There is nowhere left to say so.
  const ignore = () => {};
  process.stderr.on("error", ignore);
  const added = addObserver(observer);
  return {
    [Symbol.dispose]: () => {
      added[Symbol.dispose]();
      process.stderr.off("error", ignore);
    },
  };
}

const log: Logger = new Logger("ropewalk.run");
