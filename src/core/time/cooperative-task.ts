import { isObject, isThenable } from "../deferred/chain.ts";
import { Deferred } from "../deferred/deferred.ts";
import { CancelledError } from "../deferred/errors.ts";
import { fail, succeed, toDeferred } from "../deferred/succeed.ts";
import { reportUnhandled } from "../deferred/unhandled.ts";
import {
  CooperatorStoppedError,
  TaskDoneError,
  TaskFailedError,
  type TaskFinishedError,
  TaskNotPausedError,
  TaskStoppedError,
} from "./cooperator-errors.ts";

/** Work in steps: a generator, say. A Deferred or Promise that it yields is waited for; other values are ignored. */
export type Work<R> = Iterable<unknown, R, undefined> | Iterator<unknown, R, undefined>;

/**
 * One piece of work among those of a Cooperator: `cooperate` makes it.
 *
 * @example
 * ```ts
 * import { Cooperator } from "ropewalk";
 * import { Clock } from "ropewalk/testing";
 *
 * const clock = new Clock();
 * function* work() {
 *   yield console.log("first step");
 *   yield console.log("second step");
 * }
 * const task = new Cooperator(clock).cooperate(work());
 * task.whenDone().addErrback((error: Error) => console.log(error.name));
 * task.pause();
 * clock.advance(1_000); // nothing
 * task.stop(); // TaskStoppedError
 * ```
 */
export interface CooperativeTask<R> {
  /** Done, stopped or failed. */
  readonly finished: boolean;
  /**
   * Fires with what the work returned. Fails with what it threw or what a Deferred that it yielded failed with, and with
   * TaskStoppedError or CooperatorStoppedError after a stop. Each call gives a Deferred of its own; cancelling that
   * leaves the task alone.
   */
  whenDone(): Deferred<R>;
  /** Takes no more steps until `resume` was called as often. @throws TaskFinishedError if it is finished. */
  pause(): void;
  /** Takes one `pause` back. @throws TaskFinishedError if it is finished; TaskNotPausedError if it is not paused. */
  resume(): void;
  /**
   * Ends the task: cancels what it waits for and lets a generator's `finally` clean up. What these throw is logged.
   *
   * @throws TaskFinishedError if it is finished.
   */
  stop(): void;
}

/** A task as its Cooperator sees it. */
export class Task<R> implements CooperativeTask<R> {
  readonly #iterator: Iterator<unknown, R, undefined>;
  readonly #changed: () => void;
  readonly #waiters: Set<Deferred<R>> = new Set();
  #pauses = 0;
  #stepping = false;
  /** The yielded Deferred that is waited for. */
  #awaited: Deferred<unknown> | undefined;
  #outcome: Outcome<R> | undefined;
  /** A failure that nobody has asked for yet: it ends up as an unhandled error. */
  #unclaimed: Deferred<never> | undefined;

  /** @param changed Told when `ready` or `finished` may have changed. */
  constructor(work: Work<R>, changed: () => void) {
    this.#iterator = Symbol.iterator in work ? work[Symbol.iterator]() : work;
    this.#changed = changed;
  }

  get finished(): boolean {
    return this.#outcome !== undefined;
  }

  /** It can take a step: neither finished, nor paused, nor waiting for what it yielded. */
  get ready(): boolean {
    return this.#outcome === undefined && this.#pauses === 0 && this.#awaited === undefined;
  }

  whenDone(): Deferred<R> {
    this.#unclaimed?.addErrback(() => {});
    this.#unclaimed = undefined;
    if (this.#outcome !== undefined && !this.#stepping) return settled(this.#outcome);
    const waiter = new Deferred<R>(() => void this.#waiters.delete(waiter));
    this.#waiters.add(waiter);
    return waiter;
  }

  pause(): void {
    this.#needUnfinished();
    this.#pauses += 1;
    this.#changed();
  }

  resume(): void {
    this.#needUnfinished();
    if (this.#pauses === 0) throw new TaskNotPausedError();
    this.#pauses -= 1;
    this.#changed();
  }

  stop(): void {
    this.#needUnfinished();
    this.#end({ kind: "stopped" });
  }

  /** `stop` for the Cooperator, which stops as a whole. */
  stopWithCooperator(): void {
    this.#end({ kind: "cooperator stopped" });
  }

  /** Takes one step, for the Cooperator. */
  step(): void {
    this.#stepping = true;
    const result = this.#next();
    this.#stepping = false;
    if (this.#outcome !== undefined) {
      // It was stopped from within its own step.
      this.#cleanUp();
      this.#settle(this.#outcome);
    } else if ("error" in result) {
      this.#finish({ kind: "failed", error: result.error });
    } else if (result.done === true) {
      this.#finish({ kind: "done", value: result.value });
    } else if (isObject(result.value) && isThenable(result.value)) {
      this.#await(toDeferred(result.value));
    }
  }

  #next(): IteratorResult<unknown, R> | { readonly error: unknown } {
    try {
      return this.#iterator.next();
    } catch (error) {
      if (this.#outcome === undefined) return { error };
      reportUnhandled(error, this);
      return { done: false, value: undefined };
    }
  }

  #await(awaited: Deferred<unknown>): void {
    this.#awaited = awaited;
    awaited.addCallbacks(
      () => {
        if (this.#outcome !== undefined) return;
        this.#awaited = undefined;
        this.#changed();
      },
      (error) => {
        if (this.#outcome === undefined) this.#finish({ kind: "failed", error });
        // After a stop nobody waits for it; only the stop's own cancelling is no news.
        else if (!(error instanceof CancelledError)) throw error;
      },
    );
  }

  #end(outcome: Outcome<R>): void {
    this.#outcome = outcome;
    this.#changed();
    try {
      this.#awaited?.cancel();
    } catch (error) {
      reportUnhandled(error, this);
    }
    if (this.#stepping) return;
    this.#cleanUp();
    this.#settle(outcome);
  }

  #finish(outcome: Outcome<R>): void {
    this.#outcome = outcome;
    this.#changed();
    if (outcome.kind === "failed" && this.#waiters.size === 0) this.#unclaimed = fail(outcome.error);
    this.#settle(outcome);
  }

  #cleanUp(): void {
    try {
      this.#iterator.return?.();
    } catch (error) {
      reportUnhandled(error, this);
    }
  }

  #settle(outcome: Outcome<R>): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) {
      if (outcome.kind === "done") waiter.callback(outcome.value);
      else waiter.errback(errorOf(outcome));
    }
  }

  #needUnfinished(): void {
    if (this.#outcome !== undefined) throw finishedError(this.#outcome);
  }
}

type Outcome<R> = Done<R> | Undone;

interface Done<R> {
  readonly kind: "done";
  readonly value: R;
}

type Undone =
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "stopped" | "cooperator stopped" };

/** What `whenDone()` says. */
function settled<R>(outcome: Outcome<R>): Deferred<R> {
  return outcome.kind === "done" ? succeed(outcome.value) : fail(errorOf(outcome));
}

function errorOf(outcome: Undone): unknown {
  return outcome.kind === "failed" ? outcome.error : finishedError(outcome);
}

/** What everything else says from then on. */
function finishedError(outcome: Outcome<unknown>): TaskFinishedError {
  switch (outcome.kind) {
    case "done":
      return new TaskDoneError();
    case "failed":
      return new TaskFailedError(outcome.error);
    case "stopped":
      return new TaskStoppedError();
    case "cooperator stopped":
      return new CooperatorStoppedError();
  }
}
