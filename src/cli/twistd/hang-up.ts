import { isatty } from "node:tty";
import { reloadTree } from "../../app/reload.ts";
import type { ServiceLike } from "../../app/service.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Reactor } from "../../core/reactor.ts";
import { onSignal } from "../../reactor/signals.ts";
import type { Audience } from "./audience.ts";
import type { OpenedLog } from "./log.ts";

/**
 * SIGHUP, from the first step on: it opens the log anew, and has what runs read its settings again. In a terminal it means that
 * the terminal is gone, as ever, and stops what runs.
 */
export class HangUp implements Disposable {
  /** The log, once it is open. */
  opened: OpenedLog | undefined = undefined;
  /** Ends what runs; until there is something, the process ends. */
  stop: () => void = () => process.exit(HUNG_UP);
  /** Asked in time: a terminal that is gone is none. */
  readonly #isInTerminal: boolean = isatty(STANDARD_INPUT);
  readonly #listener: Disposable;
  #reload: (() => Promise<void>) | undefined = undefined;
  /** It came before there was something to reload. */
  #wasMissed = false;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor() {
    this.#listener = onSignal("SIGHUP", () => this.#heard());
  }

  /** Now there is something to reload. */
  reloadBy(reload: () => Promise<void>): void {
    this.#reload = reload;
    if (this.#wasMissed) this.#again();
  }

  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
  }

  #heard(): void {
    if (this.#isInTerminal) {
      log.info("Received SIGHUP: the terminal is gone, shutting down");
      this.stop();
      return;
    }
    this.opened?.reopen();
    log.info("Received SIGHUP: the log goes on");
    this.#again();
  }

  #again(): void {
    this.#wasMissed = this.#reload === undefined;
    // Of those that come while one is on its way, one is enough.
    if (this.#wasMissed || this.#waiting > 1) return;
    this.#waiting += 1;
    this.#last = this.#last
      .then(() => this.#reload?.())
      .finally(() => {
        this.#waiting -= 1;
      });
  }
}

/** Stops this reactor, if it runs. */
export function stopping(reactor: Reactor): () => void {
  return () => {
    if (reactor.running) reactor.stop();
  };
}

/** Reloads this tree, and tells who wants to hear of it. */
export function reloading(tree: ServiceLike, audience: Audience): () => Promise<void> {
  return async () => {
    await audience.reloading();
    await reloadTree(tree);
    await audience.ready();
  };
}

const STANDARD_INPUT = 0;
/** As a shell reports it. */
const HUNG_UP = 129;

const log: Logger = new Logger("ropewalk.twistd");
