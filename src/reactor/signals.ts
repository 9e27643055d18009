import { constants } from "node:os";
import { Logger } from "../core/log/logger.ts";

/**
 * Calls `f` at each arrival of `signal` (`"SIGHUP"`), until disposed; what it throws is logged. While anybody listens,
 * the signal's own effect (ending the process, for most) is off.
 *
 * @throws TypeError if there is no signal of that name, or none that a program can catch.
 */
export function onSignal(signal: string, f: () => void): Disposable {
  const name = checkSignal(signal);
  const listener = () => {
    try {
      f();
    } catch (error) {
      log.failure("A call on signal {signal} threw", error, { signal });
    }
  };
  process.on(name, listener);
  return {
    [Symbol.dispose]: () => {
      process.off(name, listener);
    },
  };
}

/**
 * Lets SIGINT and SIGTERM call `stop` the first time; the second time the process exits at once, with status 128 plus the
 * signal's number as a shell would report it. A reactor keeps this from start-up until shutdown is complete.
 */
export function stopOnSignals(stop: () => void): Disposable {
  let asked = false;
  const hear = (signal: NodeJS.Signals) => {
    if (asked) process.exit(128 + constants.signals[signal]);
    asked = true;
    log.info("Received {signal}: shutting down; once more exits at once", { signal });
    stop();
  };
  const listeners = STOPPING.map((signal) => onSignal(signal, () => hear(signal)));
  return {
    [Symbol.dispose]: () => {
      for (const listener of listeners) listener[Symbol.dispose]();
    },
  };
}

/** Keeps the process from ending for want of anything to do, until disposed: a reactor that runs waits for its stop. */
export function stayAlive(): Disposable {
  const timer = setInterval(() => {}, LONGEST_INTERVAL_MS);
  return {
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function checkSignal(signal: string): NodeJS.Signals {
  if (!Object.hasOwn(constants.signals, signal)) {
    throw new TypeError(`Cannot listen for signal "${signal}": names look like "SIGHUP"`);
  }
  if (UNCATCHABLE.has(signal)) throw new TypeError(`Cannot listen for signal "${signal}": no program can catch it`);
  return signal as NodeJS.Signals;
}

const STOPPING: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"];
const UNCATCHABLE: ReadonlySet<string> = new Set(["SIGKILL", "SIGSTOP"]);
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

const log: Logger = new Logger("ropewalk.reactor");
