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
 *
 * Under a script runner (`npm start`) one Ctrl-C comes twice: from the terminal, which tells the whole group, and from the
 * runner, which passes on what it is told. So there what comes within `echoMs` of the first is taken for its echo, and
 * the listeners, with the process, stay for it as long: without them it would end the process with another status.
 */
export function stopOnSignals(stop: () => void, echoMs: number = usualEchoMs()): Disposable {
  let heardAtMs = Number.NaN;
  let echoed = false;
  let staying: NodeJS.Timeout | undefined;
  const listeners = onStopSignals((signal, status) => {
    if (performance.now() - heardAtMs < echoMs) {
      echoed = true;
      staying?.unref();
      return;
    }
    if (!Number.isNaN(heardAtMs)) process.exit(status);
    heardAtMs = performance.now();
    log.info("Received {signal}: shutting down; once more exits at once", { signal });
    stop();
  });
  const leave = () => listeners[Symbol.dispose]();
  return {
    [Symbol.dispose]: () => {
      const leftMs = heardAtMs + echoMs - performance.now();
      if (!(leftMs > 0)) return leave();
      staying = setTimeout(leave, leftMs);
      if (echoed) staying.unref();
    },
  };
}

/** Calls `f` at each SIGINT and SIGTERM, with the status by which a shell would say that it ended a process. */
export function onStopSignals(f: (signal: NodeJS.Signals, status: number) => void): Disposable {
  const listeners = STOPPING.map((signal) => onSignal(signal, () => f(signal, 128 + constants.signals[signal])));
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

/** Every script runner sets this variable, as npm does. */
function usualEchoMs(): number {
  return process.env["npm_lifecycle_event"] === undefined ? 0 : ECHO_MS;
}

/** A busy machine may take this long over passing a signal on; nobody presses Ctrl-C twice in it and means it. */
const ECHO_MS = 500;
const STOPPING: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"];
const UNCATCHABLE: ReadonlySet<string> = new Set(["SIGKILL", "SIGSTOP"]);
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

const log: Logger = new Logger("ropewalk.reactor");
