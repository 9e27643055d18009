import { type Deferred, DeferredSemaphore, deferLater } from "ropewalk";
import { MemoryReactor } from "ropewalk/testing";

/**
 * A reactor in memory on which work costs time: `compute` holds its only thread, as a loop does, and `runInWorker` takes as
 * many of its argument's milliseconds in one of so many other threads.
 */
export class ModelledReactor extends MemoryReactor {
  readonly #threads: DeferredSemaphore;

  constructor(threads: number) {
    super();
    this.#threads = new DeferredSemaphore(threads);
  }

  /** Nothing else runs for so long. */
  compute(ms: number): void {
    this.stall(ms);
  }

  override runInWorker<R>(_module: URL | string, ms: unknown): Deferred<R> {
    return this.#threads.run(() => deferLater(this, Number(ms))) as Deferred<R>;
  }
}
