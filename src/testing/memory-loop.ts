import type { Loop, StreamTransport } from "../core/stream-transport.ts";
import type { Clock, DelayedCall } from "../core/time/clock.ts";

/**
 * The turns of a loop in memory. Nothing happens on its own: a turn is run by `turn()`, or by `settle()`, which goes on
 * until nothing is left to do at this instant. With `selfDriven`, a microtask does it.
 */
export class MemoryLoop implements Loop {
  readonly #clock: Clock;
  readonly #selfDriven: boolean;
  #tasks: (() => void)[] = [];
  #dirty: StreamTransport[] = [];
  #drained = new Set<StreamTransport>();
  #running = false;
  #awake = false;

  constructor(clock: Clock, options: { readonly selfDriven?: boolean } = {}) {
    this.#clock = clock;
    this.#selfDriven = options.selfDriven ?? false;
  }

  /** Nothing waits for a turn. */
  get isQuiet(): boolean {
    return this.#tasks.length === 0 && this.#dirty.length === 0 && this.#drained.size === 0;
  }

  now(): number {
    return this.#clock.now();
  }

  callLater(ms: number, f: () => void): DelayedCall {
    return this.#clock.callLater(ms, f);
  }

  /** Calls `task` in the next turn. */
  soon(task: () => void): void {
    this.#tasks.push(task);
    this.#wake();
  }

  flushSoon(transport: StreamTransport): void {
    this.#dirty.push(transport);
    this.#wake();
  }

  drainedSoon(transport: StreamTransport): void {
    this.#drained.add(transport);
    this.#wake();
  }

  /** Runs one turn: what was written leaves, what waited is done, what that wrote leaves. Returns whether more waits. */
  turn(): boolean {
    if (this.#running) throw new Error("Cannot run a turn inside a turn: let the running one end");
    this.#running = true;
    try {
      this.#flushAll();
      const tasks = this.#tasks;
      const drained = this.#drained;
      this.#tasks = [];
      this.#drained = new Set();
      for (const transport of drained) tasks.push(() => transport.drained());
      this.#runAll(tasks);
      this.#flushAll();
    } finally {
      this.#running = false;
    }
    return !this.isQuiet;
  }

  /**
   * Runs turns until nothing is left to do. Inside a turn it does nothing: the running one goes on anyway.
   *
   * @throws Error after `turnLimit` turns (10 000 000): then two ends are answering each other for ever.
   */
  settle(turnLimit: number = TURN_LIMIT): void {
    if (this.#running) return;
    for (let turns = 0; !this.isQuiet; turns += 1) {
      if (turns === turnLimit) throw new Error(`Cannot settle: still busy after ${turnLimit} turns`);
      this.turn();
    }
  }

  #runAll(tasks: (() => void)[]): void {
    let done = 0;
    try {
      for (const task of tasks) {
        done += 1;
        task();
      }
    } finally {
      // What a throwing task kept from running stays due.
      if (done < tasks.length) this.#tasks.unshift(...tasks.slice(done));
    }
  }

  #flushAll(): void {
    while (this.#dirty.length > 0) (this.#dirty.shift() as StreamTransport).flush();
  }

  #wake(): void {
    if (!this.#selfDriven || this.#running || this.#awake) return;
    this.#awake = true;
    void Promise.resolve().then(() => {
      this.#awake = false;
      this.settle();
    });
  }
}

/** Far more than any test of a few megabytes, cut into single bytes, needs. */
const TURN_LIMIT = 10_000_000;
