import { Deferred } from "../core/deferred/deferred.ts";
import { succeed } from "../core/deferred/succeed.ts";
import { endProcess } from "../core/end-process.ts";
import { LineSplitter } from "../core/line-splitter.ts";
import { Logger } from "../core/log/logger.ts";
import { environmentWith, ProcessProtocol, type SpawnOptions } from "../core/process.ts";
import type { Reactor } from "../core/reactor.ts";
import type { DelayedCall } from "../core/time/clock.ts";
import { backoff, type ReconnectPolicy } from "../endpoints/backoff.ts";
import { type Health, Service } from "./service.ts";

/** A program to keep running. */
export interface ProcessDescription extends Pick<SpawnOptions, "args" | "cwd" | "uid" | "gid"> {
  readonly program: string;
  /** Variables besides those that this process was started with. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** How a program is kept running. */
export interface MonitorOptions {
  /** A program that ends sooner has failed: the next start waits longer. Default 1 000 ms. */
  readonly minUptimeMs?: number | undefined;
  /**
   * How long to wait after each failure in a row, the first being 0; default `backoff`: 1 s, twice as long each time, at most
   * an hour. A program that ran for `minUptimeMs` is started again at once.
   */
  readonly policy?: ReconnectPolicy | undefined;
  /** How long a program has from SIGTERM to SIGKILL; default 5 000 ms. */
  readonly killTimeoutMs?: number | undefined;
  /** Takes each line of standard output (1) and standard error (2). Default: the logger `ropewalk.procmon`, at level info. */
  readonly output?: ((line: string, descriptor: 1 | 2) => void) | undefined;
}

/**
 * One program, started again whenever it ends: at once if it ran for a while, after longer and longer pauses if not. The stop
 * asks it to end, kills it if it does not, and waits until it is gone. So it goes for whatever the program has started, unless
 * that has left its process group; what outlives the program is ended before its next start. Its standard input is empty.
 *
 * @throws RangeError if a time is below 0.
 * @example
 * ```ts
 * import { MonitoredProcess, startTree } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const worker = new MonitoredProcess("worker", { program: "worker", args: ["--queue", "mail"] });
 * await startTree(reactor, worker);
 * reactor.processes[0]?.exit(1);
 * reactor.settle();
 * console.log(worker.health()); // { ok: false, detail: 'worker waits to be started again: Process ended with status 1' }
 * reactor.advance(2_000);
 * console.log(worker.health().ok, worker.starts); // true 2
 * ```
 */
export class MonitoredProcess extends Service {
  readonly description: ProcessDescription;
  readonly #options: MonitorOptions;
  readonly #policy: ReconnectPolicy;
  #reactor: Reactor | undefined;
  #run: Run | undefined;
  #again: DelayedCall | undefined;
  #failures = 0;
  #starts = 0;
  #lastEnd = "it is not started";

  constructor(name: string, description: ProcessDescription, options: MonitorOptions = {}) {
    super();
    for (const ms of [options.minUptimeMs, options.killTimeoutMs]) {
      if (ms !== undefined && !(ms >= 0)) throw new RangeError(`Cannot monitor a process with a time of ${ms} ms`);
    }
    this.name = name;
    this.description = description;
    this.#options = options;
    this.#policy = options.policy ?? backoff(BACKOFF);
  }

  /** Of the program that runs now; undefined between two. */
  get pid(): number | undefined {
    return this.#run?.transport.pid;
  }

  /** How many times it was started since the service was. */
  get starts(): number {
    return this.#starts;
  }

  override startService(reactor: Reactor): void {
    this.#reactor = reactor;
    this.#failures = 0;
    this.#starts = 0;
    this.#spawn(reactor);
  }

  override stopService(): Deferred<void> {
    this.#again?.cancel();
    this.#again = undefined;
    const reactor = this.#reactor;
    this.#reactor = undefined;
    if (reactor === undefined || this.#run === undefined) return succeed();
    return this.#run.stop();
  }

  override health(): Health {
    if (this.#run !== undefined) return { ok: true };
    return { ok: false, detail: `${this.name} waits to be started again: ${this.#lastEnd}` };
  }

  #spawn(reactor: Reactor): void {
    const { program, args, env, cwd, uid, gid } = this.description;
    const { output = this.#log, killTimeoutMs = KILL_TIMEOUT_MS } = this.#options;
    const run = new Run(reactor, killTimeoutMs, output, (reason) => this.#ended(reactor, run, reason));
    this.#run = run;
    this.#starts += 1;
    const all = environmentWith(reactor.environment.variables, env);
    const descriptors = ["ignore", "pipe", "pipe"] as const;
    reactor.spawnProcess(run, program, { args, env: all, cwd, uid, gid, ownGroup: true, descriptors });
  }

  #ended(reactor: Reactor, run: Run, reason: Error): void {
    this.#run = undefined;
    this.#lastEnd = reason.message;
    // Its own stop, and perhaps a new start with another reactor.
    if (this.#reactor !== reactor) return;
    const upMs = reactor.now() - run.startedMs;
    const isFailure = upMs < (this.#options.minUptimeMs ?? MIN_UPTIME_MS);
    const delayMs = isFailure ? this.#policy(this.#failures, () => reactor.random()) : 0;
    this.#failures = isFailure ? this.#failures + 1 : 0;
    const fields = {
      process: this.name,
      problem: reason.message,
      upMs: Math.round(upMs),
      delayMs: Math.round(delayMs),
    };
    log.warn("{process} ended after {upMs} ms: {problem}: starting it again in {delayMs} ms", fields);
    this.#again = reactor.callLater(delayMs, () => {
      this.#again = undefined;
      this.#spawn(reactor);
    });
  }

  #log = (line: string, descriptor: 1 | 2): void => {
    log.info("{process}: {line}", { process: this.name, line, descriptor });
  };
}

/** From a start to the end of the program. */
class Run extends ProcessProtocol {
  readonly startedMs: number;
  readonly #clock: Reactor;
  readonly #killTimeoutMs: number;
  readonly #out: LineSplitter;
  readonly #err: LineSplitter;
  readonly #onEnd: (reason: Error) => void;
  readonly #gone: Deferred<void> = new Deferred();
  #ending: Disposable | undefined;
  #isStopped = false;

  constructor(
    clock: Reactor,
    killTimeoutMs: number,
    output: (line: string, descriptor: 1 | 2) => void,
    onEnd: (reason: Error) => void,
  ) {
    super();
    this.#clock = clock;
    this.#killTimeoutMs = killTimeoutMs;
    this.startedMs = clock.now();
    this.#out = new LineSplitter((line) => output(line, 1));
    this.#err = new LineSplitter((line) => output(line, 2));
    this.#onEnd = onEnd;
  }

  stop(): Deferred<void> {
    this.#isStopped = true;
    if (this.transport.pid !== undefined) this.#end();
    return this.#gone;
  }

  override connectionMade(): void {
    // Told to stop before it ran.
    if (this.#isStopped) this.#end();
  }

  override outReceived(data: Uint8Array): void {
    this.#out.push(data);
  }

  override errReceived(data: Uint8Array): void {
    this.#err.push(data);
  }

  /** Children of its own that outlive it hold its output open, and what else the next start of it may need. */
  override processExited(): void {
    this.#ending?.[Symbol.dispose]();
    this.#ending = endProcess(this.#clock, this.transport, this.#killTimeoutMs);
  }

  override processEnded(reason: Error): void {
    this.#ending?.[Symbol.dispose]();
    this.#out.end();
    this.#err.end();
    this.#onEnd(reason);
    this.#gone.callback();
  }

  #end(): void {
    this.#ending ??= endProcess(this.#clock, this.transport, this.#killTimeoutMs);
  }
}

const log: Logger = new Logger("ropewalk.procmon");

const MIN_UPTIME_MS = 1_000;
/** As init systems have it: longer than a program takes to finish a request, shorter than an operator waits. */
const KILL_TIMEOUT_MS = 5_000;
const BACKOFF = { initialDelayMs: 1_000, factor: 2, maxDelayMs: 3_600_000 };
