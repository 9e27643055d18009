import { UnsupportedError } from "../../core/errors.ts";
import { Logger } from "../../core/log/logger.ts";
import type { SimProcess } from "../sim-process.ts";

/** Who listens for which signal, in one process. */
export class SignalListeners {
  readonly #listeners: Map<string, Set<{ readonly f: () => void }>> = new Map();

  /** @throws TypeError if there is no signal of that name, or none that a program can catch. */
  add(signal: string, f: () => void): Disposable {
    if (!NAMES.has(signal)) throw new TypeError(`Cannot listen for signal "${signal}": names look like "SIGHUP"`);
    if (UNCATCHABLE.has(signal)) throw new TypeError(`Cannot listen for signal "${signal}": no program can catch it`);
    const listener = { f };
    const listeners = this.#listeners.get(signal) ?? new Set();
    this.#listeners.set(signal, listeners.add(listener));
    return { [Symbol.dispose]: () => void listeners.delete(listener) };
  }

  /** Returns whether anybody listens. */
  call(signal: string): boolean {
    const listeners = [...(this.#listeners.get(signal) ?? [])];
    for (const { f } of listeners) {
      try {
        f();
      } catch (error) {
        log.failure("A call on signal {signal} threw", error, { signal });
      }
    }
    return listeners.length > 0;
  }
}

/**
 * Sends a signal (`"TERM"` or `"SIGTERM"`): the process hears it in a turn of its own, or ends by it if it does not listen.
 *
 * @throws TypeError if there is no such signal; UnsupportedError for one that stops a process.
 */
export function sendSignal(owner: SimProcess, signal: string): void {
  const name = signal.startsWith("SIG") ? signal : `SIG${signal}`;
  if (!NAMES.has(name)) throw new TypeError(`Cannot send signal "${signal}": there is none of that name`);
  if (STOPPING.has(name)) {
    throw new UnsupportedError(`Cannot send ${name} in a simulation: pause the host instead`);
  }
  if (name === "SIGKILL") {
    owner.exit({ signal: name });
    return;
  }
  owner.soon(() => {
    if (!owner.signals.call(name) && !IGNORED.has(name)) owner.exit({ signal: name });
  });
}

/** As on Node: the first SIGINT or SIGTERM calls `stop`, the second ends the process. */
export function stopOnSignals(owner: SimProcess, stop: () => void): Disposable {
  let heard = false;
  const listeners = Object.entries(STOP_STATUS).map(([signal, exitCode]) =>
    owner.signals.add(signal, () => {
      if (heard) return owner.exit({ exitCode });
      heard = true;
      log.info("Received {signal}: shutting down; once more exits at once", { signal });
      stop();
    }),
  );
  return {
    [Symbol.dispose]: () => {
      for (const listener of listeners) listener[Symbol.dispose]();
    },
  };
}

const STOP_STATUS: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

/** What ends no process that does not listen for it. */
const IGNORED: ReadonlySet<string> = new Set(["SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGPIPE"]);
const UNCATCHABLE: ReadonlySet<string> = new Set(["SIGKILL", "SIGSTOP"]);
const STOPPING: ReadonlySet<string> = new Set(["SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"]);

/** POSIX has these. */
const NAMES: ReadonlySet<string> = new Set(
  (
    "ABRT ALRM BUS CHLD CONT FPE HUP ILL INT IO KILL PIPE PROF QUIT SEGV STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 " +
    "VTALRM WINCH XCPU XFSZ"
  )
    .split(" ")
    .map((name) => `SIG${name}`),
);

const log: Logger = new Logger("ropewalk.sim");
