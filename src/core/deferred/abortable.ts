import { reportUnhandled } from "./unhandled.ts";

/**
 * Cancels `deferred` when `signal` aborts, or now if it has. Returns the function that calls this off.
 *
 * One listener serves all that wait for one signal: a signal that a whole server shares has thousands, where Node warns
 * of a leak at eleven.
 */
export function cancelOnAbort(deferred: Cancellable, signal: AbortSignal): () => void {
  if (signal.aborted) {
    deferred.cancel(signal.reason);
    return () => {};
  }
  const waiting = bySignal.get(signal) ?? watch(signal);
  waiting.deferreds.add(deferred);
  return () => {
    waiting.deferreds.delete(deferred);
    if (waiting.deferreds.size > 0) return;
    signal.removeEventListener("abort", waiting.abort);
    bySignal.delete(signal);
  };
}

interface Cancellable {
  cancel(reason?: unknown): void;
}

interface Waiting {
  readonly deferreds: Set<Cancellable>;
  readonly abort: () => void;
}

function watch(signal: AbortSignal): Waiting {
  const deferreds = new Set<Cancellable>();
  function abort(): void {
    for (const deferred of deferreds) {
      try {
        deferred.cancel(signal.reason);
      } catch (error) {
        // A canceller threw, and an error from an abort listener would end the process.
        reportUnhandled(error, deferred);
      }
    }
  }
  const waiting = { deferreds, abort };
  bySignal.set(signal, waiting);
  signal.addEventListener("abort", abort, { once: true });
  return waiting;
}

const bySignal = new WeakMap<AbortSignal, Waiting>();
