import type { Deferred } from "../core/deferred/deferred.ts";
import { maybeDeferred, succeed } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import type { Clock } from "../core/time/clock.ts";
import { LoopingCall } from "../core/time/looping-call.ts";
import { type Health, Service } from "./service.ts";

/**
 * Calls `f` at once and then every `intervalMs`, never twice at a time: what it returns is awaited. An error is logged,
 * makes the service unhealthy until a call succeeds, and does not end it.
 *
 * @example
 * ```ts
 * import { startTree, TimerService } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * await startTree(reactor, new TimerService(60_000, () => console.log("tick"))); // tick
 * reactor.advance(60_000); // tick
 * ```
 */
export class TimerService extends Service {
  readonly intervalMs: number;
  readonly #f: () => unknown;
  #loop: LoopingCall | undefined;
  /** Fires when the loop is stopped and its last call has ended. */
  #done: Deferred<void> | undefined;
  #error: Error | undefined;

  constructor(intervalMs: number, f: () => unknown, options: { readonly name?: string | undefined } = {}) {
    super();
    this.name = options.name ?? (f.name || this.name);
    this.intervalMs = intervalMs;
    this.#f = f;
  }

  override startService(clock: Clock): void {
    this.#error = undefined;
    this.#loop = new LoopingCall(clock, () => this.#tick());
    this.#done = this.#loop.start(this.intervalMs);
  }

  /** Fires when a call that is on its way has ended. */
  override stopService(): Deferred<void> {
    if (this.#loop?.running === true) this.#loop.stop();
    return this.#done ?? succeed();
  }

  override health(): Health {
    return this.#error === undefined ? { ok: true } : { ok: false, detail: this.#error.message };
  }

  #tick(): Deferred<void> {
    return maybeDeferred(this.#f).addCallbacks(
      () => {
        this.#error = undefined;
      },
      (error: unknown) => {
        this.#error = error instanceof Error ? error : new Error(String(error));
        log.error("Cannot finish a call of {name}; the next one comes in its time", { name: this.name, error });
      },
    );
  }
}

const log: Logger = new Logger("ropewalk.app");
