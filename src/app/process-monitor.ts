import type { Deferred } from "../core/deferred/deferred.ts";
import { MonitoredProcess, type MonitorOptions, type ProcessDescription } from "./monitored-process.ts";
import { MultiService } from "./multi-service.ts";

/**
 * Keeps programs running, each a {@link MonitoredProcess} among its children: started in the order of adding, and stopped in
 * reverse, one after the other, so that what others need goes last.
 *
 * @example
 * ```ts
 * import { ProcessMonitor, startTree } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const monitor = new ProcessMonitor();
 * monitor.addProcess("database", { program: "postgres", args: ["-D", "data"] });
 * monitor.addProcess("web", { program: "node", args: ["web.js"], env: { PORT: "8080" } });
 * await startTree(reactor, monitor);
 * console.log(reactor.processes.map(({ program }) => program)); // [ 'postgres', 'node' ]
 * ```
 */
export class ProcessMonitor extends MultiService {
  readonly #options: MonitorOptions;

  /** `options` are those of every process, unless `addProcess` says otherwise. @throws RangeError if a time is below 0. */
  constructor(options: MonitorOptions = {}) {
    // More than any of them takes to be killed, unless that is in the hands of a debugger.
    super({ name: "procmon", stopTimeoutMs: (options.killTimeoutMs ?? 0) + STOP_MARGIN_MS });
    this.#options = options;
  }

  /** If the monitor runs, so does the program from now on, and the Deferred fires then; otherwise with the monitor's start. */
  addProcess(name: string, description: ProcessDescription, options: MonitorOptions = {}): Deferred<void> {
    return this.addService(new MonitoredProcess(name, description, { ...this.#options, ...options }));
  }

  /** Ends the program; fires when it is gone. @throws RangeError if there is none of that name. */
  removeProcess(name: string): Deferred<void> {
    return this.removeService(this.getServiceNamed(name));
  }

  /** Ends the program and starts it again at once; fires then. @throws RangeError if there is none of that name. */
  restartProcess(name: string): Deferred<void> {
    return this.restartService(this.getServiceNamed(name));
  }
}

const STOP_MARGIN_MS = 15_000;
