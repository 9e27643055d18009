import type { Deferred } from "./deferred/deferred.ts";
import { maybeDeferred } from "./deferred/succeed.ts";

/**
 * Starts work that Node does in threads of its own, such as scrypt: nobody can say how long it takes, and no seed decides
 * it. Whoever makes time (a Simulation) installs a hook, and lets no time pass while the work is done.
 */
export function outsideWork<T>(work: () => Promise<T>): Deferred<T> {
  return installed.at(-1)?.(work) ?? maybeDeferred(work);
}

/** Takes the work over, or leaves it alone by returning undefined. */
export type WorkHook = <T>(work: () => Promise<T>) => Deferred<T> | undefined;

/** Makes `hook` the one that is asked, until the function that comes back is called. The one installed last counts. */
export function installWorkHook(hook: WorkHook): () => void {
  const entry: WorkHook = (work) => hook(work);
  installed = [...installed, entry];
  return () => {
    installed = installed.filter((each) => each !== entry);
  };
}

let installed: readonly WorkHook[] = [];
