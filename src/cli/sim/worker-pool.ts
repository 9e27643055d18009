import { type ChildProcess, fork } from "node:child_process";
import type { RunResult } from "../../sim/explore/run-scenario.ts";
import type { Fault } from "../../sim/faults/fault.ts";
import { UsageError } from "../usage-error.ts";

/** What each worker runs. */
export interface WorkerTask {
  readonly file: string;
  readonly plant: string | undefined;
  readonly faults: readonly Fault[] | undefined;
}

/** To a worker: run these seeds, one after the other. */
export interface SeedRange {
  readonly task: WorkerTask;
  readonly firstSeed: number;
  readonly count: number;
}

/** From a worker: a run, the end of a range, or what made it give up. */
export type WorkerMessage = { readonly result: RunResult } | { readonly isDone: true } | { readonly error: string };

/**
 * Processes that run seeds. Ranges are given out in order, and each that was given out is finished: so the lowest seed that fails
 * is among what comes back, whoever was faster.
 */
export class WorkerPool {
  readonly #count: number;
  readonly #task: WorkerTask;
  readonly #children = new Set<ChildProcess>();

  constructor(count: number, task: WorkerTask) {
    this.#count = count;
    this.#task = task;
  }

  /** Runs seeds until `take` says that it is enough. Fails if a worker does. */
  async run(firstSeed: number, seeds: number, take: (result: RunResult) => boolean): Promise<void> {
    const end = firstSeed + seeds;
    let next = firstSeed;
    let isEnough = false;
    const nextRange = (): SeedRange | undefined => {
      if (isEnough || next >= end) return undefined;
      const range = { task: this.#task, firstSeed: next, count: Math.min(RANGE, end - next) };
      next += range.count;
      return range;
    };
    const heard = (result: RunResult): void => {
      if (!take(result)) isEnough = true;
    };
    const workers = Math.min(this.#count, Math.ceil(seeds / RANGE));
    try {
      await Promise.all(Array.from({ length: workers }, () => this.#work(nextRange, heard)));
    } finally {
      this.kill();
    }
  }

  kill(): void {
    for (const child of this.#children) child.kill("SIGTERM");
  }

  #work(nextRange: () => SeedRange | undefined, heard: (result: RunResult) => void): Promise<void> {
    const child = fork(new URL("./worker.js", import.meta.url), { serialization: "advanced" });
    this.#children.add(child);
    return new Promise((resolve, reject) => {
      const goOn = (): void => {
        const range = nextRange();
        if (range !== undefined) child.send(range);
        else resolve();
      };
      child.on("message", (message: WorkerMessage) => {
        if ("result" in message) heard(message.result);
        else if ("isDone" in message) goOn();
        else reject(new UsageError(message.error));
      });
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        this.#children.delete(child);
        reject(new Error(`Worker ended by itself with ${signal ?? `status ${code}`}`));
      });
      goOn();
    });
  }
}

/** Long enough that the messages cost nothing, short enough that all workers end together. */
const RANGE = 8;
