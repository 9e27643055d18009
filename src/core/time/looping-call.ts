import { Deferred } from "../deferred/deferred.ts";
import { CancelledError } from "../deferred/errors.ts";
import { maybeDeferred } from "../deferred/succeed.ts";
import type { Clock, DelayedCall } from "./clock.ts";

/** The loop is not in the state that the call needs: `start` while it runs, `stop` or `reset` while it does not. */
export class LoopingCallStateError extends Error {
  override readonly name: string = "LoopingCallStateError";
}

/**
 * Calls a function again and again, at `start + n × interval`.
 *
 * The phase is fixed: a late call does not shift those that follow. Calls never pile up: those that a busy program missed
 * are left out. A Deferred or Promise that the function returns holds back the next call until it settles. What the
 * function throws, or its Deferred fails with, ends the loop.
 *
 * @example
 * ```ts
 * import { LoopingCall } from "ropewalk";
 * import { Clock } from "ropewalk/testing";
 *
 * const clock = new Clock();
 * const loop = new LoopingCall(clock, () => console.log("tick", clock.now()));
 * loop.start(1_000).addCallback(() => console.log("stopped")); // tick 0
 * clock.advance(2_500); // tick 1000, tick 2000
 * loop.stop(); // stopped
 * ```
 */
export class LoopingCall implements Disposable {
  readonly #clock: Clock;
  readonly #f: () => unknown;
  #running = false;
  #intervalMs = 0;
  #startMs = 0;
  /** Which interval since the start the next call belongs to, or the one at hand. */
  #dueIndex = 0;
  /** The interval that the last count ended with, and its time; undefined until there is one. */
  #countedIndex = 0;
  #countedMs: number | undefined;
  #timer: DelayedCall | undefined;
  #inCall = false;
  /** What the function returned, while it holds back the next call. */
  #pending: Deferred<unknown> | undefined;
  #done: Deferred<void> | undefined;

  /** @param f What to call. The value that it returns, or that its Deferred has, is ignored. */
  constructor(clock: Clock, f: () => unknown) {
    this.#clock = clock;
    this.#f = f;
  }

  /**
   * A loop whose function is told how many intervals went by since it was last called: 1, or more if calls were missed.
   * With an interval of 0 it is always 1.
   *
   * @example
   * ```ts
   * import { LoopingCall } from "ropewalk";
   * import { Clock } from "ropewalk/testing";
   *
   * const clock = new Clock();
   * const loop = LoopingCall.withCount(clock, (count) => console.log(count));
   * loop.start(1_000); // 1
   * clock.stall(3_500);
   * clock.advance(0); // 3
   * loop.stop();
   * ```
   */
  static withCount(clock: Clock, f: (count: number) => unknown): LoopingCall {
    const loop: LoopingCall = new LoopingCall(clock, () => f(loop.#takeCount()));
    return loop;
  }

  /** True from `start` until the loop is stopped or fails, also while it waits for what the function returned. */
  get running(): boolean {
    return this.#running;
  }

  /**
   * Starts the loop, with a first call at once unless `runNow` is false. What comes back fires when the loop is stopped
   * and its last call has ended, and fails when the loop does. Cancelling it stops the loop and cancels what the function
   * returned.
   *
   * @param intervalMs 0 calls again on every turn.
   * @throws RangeError if `intervalMs` is negative or not a number; LoopingCallStateError if the loop runs, or its last
   * call has not ended.
   */
  start(intervalMs: number, { runNow = true }: { readonly runNow?: boolean } = {}): Deferred<void> {
    if (!(intervalMs >= 0)) {
      throw new RangeError(`Cannot start the loop: ${intervalMs} is not zero or more milliseconds`);
    }
    if (this.#running) throw new LoopingCallStateError("Cannot start the loop: it runs already");
    if (this.#inCall) throw new LoopingCallStateError("Cannot start the loop: its last call has not ended");
    const done = new Deferred<void>(() => this.#cancel());
    this.#done = done;
    this.#running = true;
    this.#intervalMs = intervalMs;
    this.#startMs = this.#clock.now();
    this.#dueIndex = 0;
    this.#countedIndex = runNow ? -1 : 0;
    this.#countedMs = undefined;
    if (runNow) this.#call();
    else this.#schedule();
    return done;
  }

  /** Stops the loop; a call at hand may end first. @throws LoopingCallStateError if it does not run. */
  stop(): void {
    this.#needRunning("stop");
    this.#running = false;
    if (this.#dropTimer()) this.#takeDone()?.callback();
  }

  /**
   * Begins the intervals anew: the next call comes one interval from now. While a call is at hand it does nothing.
   *
   * @throws LoopingCallStateError if the loop does not run.
   */
  reset(): void {
    this.#needRunning("reset");
    if (!this.#dropTimer()) return;
    this.#startMs = this.#clock.now();
    this.#dueIndex = 0;
    // A reset before the first call starts the count anew too.
    const countedMs = this.#countedMs ?? this.#startMs;
    this.#countedIndex = Math.trunc((countedMs - this.#startMs) / this.#intervalMs);
    this.#schedule();
  }

  /** Stops the loop if it runs. */
  [Symbol.dispose](): void {
    if (this.#running) this.stop();
  }

  #call(): void {
    this.#timer = undefined;
    this.#inCall = true;
    const result = maybeDeferred(this.#f);
    this.#pending = result;
    result.addCallbacks(
      () => this.#ended(),
      (error) => this.#failed(error),
    );
  }

  #ended(): void {
    this.#inCall = false;
    this.#pending = undefined;
    if (this.#running) this.#schedule();
    else this.#takeDone()?.callback();
  }

  #failed(error: unknown): void {
    this.#inCall = false;
    this.#pending = undefined;
    this.#running = false;
    const done = this.#takeDone();
    // Whoever could hear of it has cancelled; a failure of another kind must not vanish all the same.
    if (done === undefined && !(error instanceof CancelledError)) throw error;
    done?.errback(error);
  }

  /** The canceller of what `start` returned: it fires nothing if that is to fail with a CancelledError. */
  #cancel(): void {
    this.#running = false;
    this.#dropTimer();
    this.#pending?.cancel();
    this.#done = undefined;
  }

  #schedule(): void {
    let delayMs = 0;
    if (this.#intervalMs > 0) {
      const nowMs = this.#clock.now();
      this.#dueIndex = Math.max(this.#dueIndex, this.#indexAt(nowMs)) + 1;
      delayMs = Math.max(0, this.#startMs + this.#dueIndex * this.#intervalMs - nowMs);
    }
    this.#timer = this.#clock.callLater(delayMs, () => this.#call());
  }

  #takeCount(): number {
    if (this.#intervalMs === 0) return 1;
    const nowMs = this.#clock.now();
    // Rounding, or a timer that fires a little early, may put this moment into the interval before.
    const index = Math.max(this.#dueIndex, this.#indexAt(nowMs));
    this.#countedMs = nowMs;
    const count = index - this.#countedIndex;
    this.#countedIndex = index;
    return count;
  }

  #indexAt(nowMs: number): number {
    return Math.floor((nowMs - this.#startMs) / this.#intervalMs);
  }

  #dropTimer(): boolean {
    const timer = this.#timer;
    this.#timer = undefined;
    timer?.cancel();
    return timer !== undefined;
  }

  #takeDone(): Deferred<void> | undefined {
    const done = this.#done;
    this.#done = undefined;
    return done;
  }

  #needRunning(verb: string): void {
    if (!this.#running) throw new LoopingCallStateError(`Cannot ${verb} the loop: it does not run`);
  }
}
