import { messageOf } from "../log/value.ts";

/**
 * A Deferred was cancelled before it had a result. Its `name` is `"AbortError"`, so that code which knows only
 * `AbortSignal` recognises it; `cause` is the reason given to `cancel(reason)`, if there was one.
 *
 * @example
 * ```ts
 * const d = new Deferred<string>();
 * d.addErrback((error: Error) => console.log(error.name, error.cause)); // AbortError no longer needed
 * d.cancel("no longer needed");
 * ```
 */
export class CancelledError extends Error {
  override readonly name: string = "AbortError";

  constructor(reason?: unknown) {
    super("The Deferred was cancelled", reason === undefined ? undefined : { cause: reason });
  }
}

/** Something that happens once was asked to happen again: a Deferred to fire, a DelayedCall that ran to be moved. */
export class AlreadyCalledError extends Error {
  override readonly name: string = "AlreadyCalledError";
}

/** A DelayedCall that was cancelled was asked for something. */
export class AlreadyCancelledError extends Error {
  override readonly name: string = "AlreadyCancelledError";
}

/** Something had no result in the time that it was given; `cause` is the CancelledError that ended it. */
export class TimeoutError extends Error {
  override readonly name: string = "TimeoutError";
  /** How long it was given, in ms. */
  readonly timeoutMs: number;

  constructor(timeoutMs: number, options?: ErrorOptions & { readonly message?: string }) {
    super(options?.message ?? `The Deferred had no result within ${timeoutMs} ms`, options);
    this.timeoutMs = timeoutMs;
  }
}

/** The first failure among the Deferreds of `gatherResults`: `cause` is the error, `index` says whose. */
export class FirstError extends Error {
  override readonly name: string = "FirstError";
  /** Position of the Deferred that failed. */
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super(`Deferred ${index} failed: ${messageOf(cause)}`, { cause });
    this.index = index;
  }
}

/** `DeferredQueue.put` found the queue full. */
export class QueueOverflowError extends Error {
  override readonly name: string = "QueueOverflowError";
}

/** `DeferredQueue.get` found as many waiters in the line as the queue allows. */
export class QueueUnderflowError extends Error {
  override readonly name: string = "QueueUnderflowError";
}
