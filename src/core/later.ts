import type { Deferred } from "./deferred/deferred.ts";
import { fromAsync } from "./deferred/from-async.ts";

/**
 * A module that most programs never need, loaded when it is first used: a program's start costs what it loads. Only for what
 * waits for the outside anyway: loading takes turns of the real event loop, which no simulated clock knows of.
 */
export class Later<M> {
  readonly #load: () => Promise<M>;
  #module: M | undefined = undefined;

  constructor(load: () => Promise<M>) {
    this.#load = load;
  }

  /** Whether `use` calls at once. */
  get isLoaded(): boolean {
    return this.#module !== undefined;
  }

  /** Calls `f` with the module: at once if it is there. What cannot be loaded is tried again by the next call. */
  use<T>(f: (module: M) => Deferred<T>): Deferred<T> {
    if (this.#module !== undefined) return f(this.#module);
    return fromAsync(() => this.#load()).addCallback((module) => {
      this.#module = module;
      return f(module);
    });
  }
}
