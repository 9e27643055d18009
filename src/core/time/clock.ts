/** What tells the time and calls later: every reactor, and the `Clock` of `ropewalk/testing`. */
export interface Clock {
  /** Milliseconds on a monotonic scale with an arbitrary origin. */
  now(): number;
  /**
   * Calls `f` once, `ms` milliseconds from now and never inside this call. Calls due in the same instant run in the
   * order of their time, then of their scheduling; `reset` and `delay` schedule anew.
   *
   * @throws RangeError if `ms` is negative or not a number.
   */
  callLater(ms: number, f: () => void): DelayedCall;
}

/** A call that `callLater` will make. Disposing it cancels it if it is still active. */
export interface DelayedCall extends Disposable {
  /** When it is due, on the scale of the clock's `now()`. */
  readonly time: number;
  /** Neither made nor cancelled yet. */
  readonly active: boolean;
  /** @throws AlreadyCalledError after it ran; AlreadyCancelledError after it was cancelled. */
  cancel(): void;
  /** Makes it due `ms` from now. @throws as `cancel` does; RangeError if `ms` is negative. */
  reset(ms: number): void;
  /** Makes it due `ms` later than it was (earlier if negative). @throws as `cancel` does; RangeError if `ms` is not a number. */
  delay(ms: number): void;
}
