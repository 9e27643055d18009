import type { Clock, DelayedCall } from "./clock.ts";
import { type CooperativeTask, Task, type Work } from "./cooperative-task.ts";

/**
 * Runs long pieces of work side by side, a step at a time, so that none of them holds up the event loop. A piece of work
 * is a generator (or any iterator): each `yield` ends a step. A yielded Deferred or Promise pauses that task alone.
 *
 * Tasks take turns, one step each, for at most 10 ms; then the event loop has its turn.
 *
 * @example
 * ```ts
 * import { Cooperator } from "ropewalk";
 * import { Clock } from "ropewalk/testing";
 *
 * const clock = new Clock();
 * const cooperator = new Cooperator(clock);
 * function* count(name: string) {
 *   for (let n = 1; n <= 2; n += 1) yield console.log(name, n);
 *   return `${name} is done`;
 * }
 * cooperator.cooperate(count("a"));
 * cooperator.cooperate(count("b")).whenDone().addCallback((text) => console.log(text));
 * clock.advance(0); // a 1, b 1, a 2, b 2, b is done
 * ```
 */
export class Cooperator implements Disposable {
  readonly #clock: Clock;
  readonly #sliceMs: number;
  /** The tasks that can take a step. A Set keeps their order, and a task that is added again goes to the end. */
  readonly #ready: Set<Task<unknown>> = new Set();
  readonly #unfinished: Set<Task<unknown>> = new Set();
  #timer: DelayedCall | undefined;
  #stopped = false;

  /** @param options.sliceMs How long tasks run before the event loop has its turn; default 10. */
  constructor(clock: Clock, { sliceMs = 10 }: { readonly sliceMs?: number } = {}) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
  }

  /** Adds work; its first step comes on a later turn. After `stop` the task is stopped from the start. */
  cooperate<R>(work: Work<R>): CooperativeTask<R> {
    const task: Task<R> = new Task(work, () => this.#changed(task));
    if (this.#stopped) task.stopWithCooperator();
    else this.#changed(task);
    return task;
  }

  /** Stops all tasks, those that will be added too: their `whenDone()` fails with CooperatorStoppedError. */
  stop(): void {
    this.#stopped = true;
    for (const task of this.#unfinished) task.stopWithCooperator();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #changed(task: Task<unknown>): void {
    if (task.finished) this.#unfinished.delete(task);
    else this.#unfinished.add(task);
    if (task.ready) this.#ready.add(task);
    else this.#ready.delete(task);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#ready.size > 0) this.#timer ??= this.#clock.callLater(0, () => this.#runSlice());
    else this.#dropTimer();
  }

  #dropTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #runSlice(): void {
    const startMs = this.#clock.now();
    let steps = 0;
    for (const task of this.#ready) {
      this.#ready.delete(task);
      task.step();
      if (task.ready) this.#ready.add(task);
      steps += 1;
      const elapsedMs = this.#clock.now() - startMs;
      if (elapsedMs >= this.#sliceMs || (elapsedMs === 0 && steps >= STANDING_STEPS)) break;
    }
    this.#timer = undefined;
    this.#schedule();
  }
}

/** A test's clock stands still while tasks run, and would never end a slice of endless ones. */
const STANDING_STEPS = 1000;
