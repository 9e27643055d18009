/**
 * The AsyncLocalStorage context in which a link was added, captured so that the link can run in it.
 *
 * Capturing costs 25 to 150 ns, as much as the rest of a link's life, and most programs have no AsyncLocalStorage to
 * capture. A context can only differ from the empty one after `run` or `enterWith` was called on some storage, so both are
 * wrapped until the first such call: that one puts the originals back and switches capturing on for good. What came
 * before this module was loaded is looked for once, in what a new AsyncResource picks up: on Node 20 and 22 a property
 * for each storage ever used, on Node 24 and later the frame of the context that loads.
 *
 * An AsyncResource is the container because `AsyncLocalStorage.snapshot()`, which makes one and binds a function to it,
 * costs 1 to 12 µs.
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/** The context of the caller, or undefined as long as no AsyncLocalStorage has been used in this process. */
export function captureContext(): AsyncResource | undefined {
  return capturing ? new AsyncResource("Deferred") : undefined;
}

/** True from the first use of an AsyncLocalStorage on: what `captureContext` asks, for a hot path to ask first. */
export let capturing: boolean = hasContext();

function hasContext(): boolean {
  const probe = new AsyncResource("Deferred");
  return Reflect.ownKeys(probe).some((key) => {
    const name = typeof key === "symbol" ? key.description : key;
    if (name === "async_id_symbol" || name === "trigger_async_id_symbol") return false;
    return name !== "context_frame" || Reflect.get(probe, key) !== undefined;
  });
}

function startCapturing(): void {
  capturing = true;
  for (const restore of restores) restore();
}

// A wrapper that someone wrapped in turn cannot be taken out; it stays behind as a plain call.
function tripOn(name: "run" | "enterWith"): () => void {
  const prototype: object = AsyncLocalStorage.prototype;
  const original = Object.getOwnPropertyDescriptor(prototype, name);
  if (original === undefined || !original.configurable || typeof original.value !== "function") {
    capturing = true;
    return () => {};
  }
  const call: (...args: unknown[]) => unknown = original.value;
  function tripwire(this: unknown, ...args: unknown[]): unknown {
    startCapturing();
    return call.apply(this, args);
  }
  Object.defineProperty(prototype, name, { ...original, value: tripwire });
  return () => {
    if (Reflect.get(prototype, name) === tripwire) Object.defineProperty(prototype, name, original);
  };
}

const restores: (() => void)[] = capturing ? [] : [tripOn("run"), tripOn("enterWith")];
