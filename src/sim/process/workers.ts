import { Deferred } from "../../core/deferred/deferred.ts";
import { fail } from "../../core/deferred/succeed.ts";
import type { WorkerOptions } from "../../core/reactor.ts";
import { importModule } from "../node/import-module.ts";
import type { Scheduler } from "../scheduler.ts";
import type { SimProcess } from "../sim-process.ts";

/**
 * Calls an export of a module, with a copy of `argument`, in this thread: real work, which takes no virtual time. The simulation
 * waits for it, and runs one at a time, in the order of the calls, so that it is the same in every run.
 */
export function runWorker<R>(
  owner: SimProcess,
  module: URL | string,
  argument: unknown,
  { name = "default" }: WorkerOptions,
): Deferred<R> {
  const from = module instanceof URL ? module.href : module;
  if (/^\.\.?\//.test(from)) {
    return fail(new TypeError(`Cannot find "${from}" from a worker: pass new URL("${from}", import.meta.url)`));
  }
  try {
    const copy = structuredClone(argument);
    return workOutside(owner, (isCancelled) => call(from, name, copy, isCancelled));
  } catch (error) {
    return workOutside(owner, () => Promise.reject(error));
  }
}

/**
 * Does real work, which takes no virtual time: the simulation waits for it, and does one piece at a time, in the order of the
 * calls. Cancelling drops what comes of it.
 */
export function workOutside<R>(owner: SimProcess, work: (isCancelled: () => boolean) => Promise<unknown>): Deferred<R> {
  const { scheduler } = owner;
  const release = scheduler.hold();
  const turn = takeTurn(scheduler);
  const finish = (): void => {
    turn.end();
    release();
  };
  // Nobody waits for work that was cancelled; what comes of it is dropped.
  const deferred = new Deferred<R>(finish);
  const settle = (settleIt: (deferred: Deferred<R>) => void): void => {
    owner.settleSoon(deferred, settleIt);
    finish();
  };
  turn.begins
    .then(() => work(() => deferred.called))
    .then(
      (value) => settle((waiting) => waiting.callback(value as R)),
      (error: unknown) => settle((waiting) => waiting.errback(error)),
    );
  return deferred;
}

/** A turn begins when those that were taken before, in this simulation, have ended. */
function takeTurn(scheduler: Scheduler): Turn {
  const begins = lastOf.get(scheduler) ?? Promise.resolve();
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  lastOf.set(
    scheduler,
    begins.then(() => ended),
  );
  return { begins, end };
}

interface Turn {
  readonly begins: Promise<void>;
  end(): void;
}

async function call(from: string, name: string, argument: unknown, isCancelled: () => boolean): Promise<unknown> {
  if (isCancelled()) return undefined;
  const work = (await importModule(from))[name];
  if (isCancelled()) return undefined;
  if (typeof work !== "function") {
    throw new TypeError(`Cannot call export "${name}" of ${from} in a worker: it is no function but ${typeof work}`);
  }
  try {
    return structuredClone(await work(argument));
  } catch (error) {
    throw copyOf(error ?? new Error(`Export "${name}" of ${from} threw ${error}`));
  }
}

/** As it would come out of a thread: its class only if the language has it, and of its own properties what can be cloned. */
function copyOf(error: unknown): unknown {
  if (!(error instanceof Error)) return structuredClone(error);
  const copy = structuredClone(error);
  if (copy.name !== error.name) {
    Object.defineProperty(copy, "name", { value: error.name, configurable: true, writable: true });
  }
  const properties = Object.entries(error).filter(([, value]) => isCloneable(value));
  return Object.assign(copy, structuredClone(Object.fromEntries(properties)));
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

const lastOf: WeakMap<Scheduler, Promise<void>> = new WeakMap();
