import type { Piscina } from "piscina";
import type { Deferred } from "../core/deferred/deferred.ts";
import { fromAsync } from "../core/deferred/from-async.ts";
import { fail, succeed } from "../core/deferred/succeed.ts";
import type { WorkerOptions } from "../core/reactor.ts";
import type { WorkerFailure, WorkerTask } from "./worker-entry.ts";

/**
 * Worker threads for work that keeps the CPU busy, over the package `piscina`. The threads start with the first task, one
 * for each processor at most, end after five idle seconds, and keep the process alive only while they work.
 */
export class Workers {
  #pool: Promise<Piscina> | undefined = undefined;
  /** The calls that have no result yet, and what they call. */
  readonly running: Map<Deferred<unknown>, string> = new Map();

  /**
   * Calls an export of a module with a copy of `argument`, and gives a copy of its result. Fails with a copy of what the
   * call threw (its name, message, stack, cause and own properties such as `code`; its class only if the language has it),
   * or with a TypeError if there is no such function. Cancelling ends the thread, whatever it is doing.
   */
  run<R>(module: URL | string, argument: unknown, options: WorkerOptions = {}): Deferred<R> {
    const from = module instanceof URL ? module.href : module;
    if (/^\.\.?\//.test(from)) {
      return fail(new TypeError(`Cannot find "${from}" from a worker: pass new URL("${from}", import.meta.url)`));
    }
    const task: WorkerTask = { module: from, name: options.name ?? "default", argument };
    const running: Deferred<R> = fromAsync((signal) => {
      return this.#run(task, signal).finally(() => this.running.delete(running)) as Promise<R>;
    });
    this.running.set(running, from);
    return running;
  }

  /** Ends all threads; tasks that have no result yet fail. The next `run` starts new ones. */
  destroy(): Deferred<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    if (pool === undefined) return succeed();
    return fromAsync(async () => (await pool).destroy());
  }

  async #run(task: WorkerTask, signal: AbortSignal): Promise<unknown> {
    try {
      this.#pool ??= startPool();
      const pool = await this.#pool;
      signal.throwIfAborted();
      return await pool.run(task, { signal });
    } catch (error) {
      throw asThrown(error);
    }
  }
}

/** The error again, of what came out of a thread. */
function asThrown(error: unknown): unknown {
  const { failed, name, properties } = (error ?? {}) as Partial<WorkerFailure>;
  if (!(failed instanceof Error)) return error;
  if (failed.name !== name) Object.defineProperty(failed, "name", { value: name, configurable: true, writable: true });
  return Object.assign(failed, properties);
}

async function startPool(): Promise<Piscina> {
  // Most programs never ask for it, and loading it takes longer than all the rest of the reactor.
  const { Piscina } = await import("piscina");
  return new Piscina({
    filename: new URL("./worker-entry.js", import.meta.url).href,
    minThreads: 0,
    idleTimeout: IDLE_TIMEOUT_MS,
  });
}

const IDLE_TIMEOUT_MS = 5_000;
