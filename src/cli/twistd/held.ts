import { Logger } from "../../core/log/logger.ts";

/** What the steps of a start opened, to be given back in reverse. */
export class Held {
  readonly #things: (Disposable | AsyncDisposable)[] = [];

  keep<T extends Disposable | AsyncDisposable>(thing: T): T {
    this.#things.push(thing);
    return thing;
  }

  /** Gives back all of it, each awaited; what fails is logged. */
  async release(): Promise<void> {
    for (const thing of this.#things.splice(0).reverse()) {
      try {
        if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]();
        else thing[Symbol.dispose]();
      } catch (error) {
        log.error("Cannot clean up after the run", { error });
      }
    }
  }
}

const log: Logger = new Logger("ropewalk.twistd");
