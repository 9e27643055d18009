/**
 * The AsyncLocalStorage context in which a link was added, captured so that the link can run in it.
 *
 * Capturing costs 25 to 150 ns, as much as the rest of a link's life, and most programs have no AsyncLocalStorage to
 * capture. A context can only differ from the empty one after `run` or `enterWith` was called on some storage, so both are
 * wrapped until the first such call: that one puts the originals back and switches capturing on for good. What came
 * before this module was loaded is looked for once, in what a new AsyncResource picks up: on Node 20 and 22 a property
 * for each storage ever used, on Node 24 and later the frame of the context that loads. (What
 * this misses: on Node 24, a context that was entered before this module was loaded, by other code than that which
 * loads it, in a program that never calls `run` or `enterWith` again.)
 *
 * An AsyncResource is the container because `AsyncLocalStorage.snapshot()`, which makes one and binds a function to it,
 * costs 1 to 12 µs.
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/** The context of the caller, or undefined as long as no AsyncLocalStorage has been used in this process. */
export function captureContext(): AsyncResource | undefined {
  return capturing ? new AsyncResource("Deferred") : undefined;
}

// What an AsyncResource has where no storage was ever used; the last on Node 24 and later only.
const EMPTY = new Set(["async_id_symbol: number", "trigger_async_id_symbol: number", "context_frame: undefined"]);

/** True from the first use of an AsyncLocalStorage on: what `captureContext` asks, for a hot path to ask first. */
export let capturing: boolean = hasContext();

function hasContext(): boolean {
  const probe = new AsyncResource("Deferred");
  return Object.getOwnPropertySymbols(probe).some((key) => {
    return !EMPTY.has(`${key.description}: ${typeof Reflect.get(probe, key)}`);
  });
}

function layTripwire(name: "run" | "enterWith"): void {
  const prototype: object = AsyncLocalStorage.prototype;
  const original = Object.getOwnPropertyDescriptor(prototype, name);
  if (original?.configurable !== true) {
    capturing = true;
    return;
  }
  const call: (...args: unknown[]) => unknown = original.value;
  function tripwire(this: unknown, ...args: unknown[]): unknown {
    capturing = true;
    for (const remove of removals.splice(0)) remove();
    return call.apply(this, args);
  }
  Object.defineProperty(prototype, name, { ...original, value: tripwire });
  removals.push(() => {
    // Where somebody has wrapped it meanwhile it cannot be taken out; it stays behind as a plain call.
    if (Reflect.get(prototype, name) === tripwire) Object.defineProperty(prototype, name, original);
  });
}

const removals: (() => void)[] = [];

if (!capturing) {
  layTripwire("run");
  layTripwire("enterWith");
}
