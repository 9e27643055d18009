import type { Deferred } from "../../../../../core/deferred/deferred.ts";
import type { Clock, DelayedCall } from "../../../../../core/time/clock.ts";
import type { Response } from "../../../message/response.ts";
import type { Target, Targets } from "../../targets.ts";

/** A question that shows whether a server is well. */
export interface HealthCheckOptions {
  /** Path and query, behind that of the server's URL. */
  readonly path: string;
  /** Between one answer and the next question: 5 000 ms. */
  readonly intervalMs?: number | undefined;
  /** Statuses that mean well: below 400. */
  readonly isWell?: ((status: number) => boolean) | undefined;
}

/** Asks each server how it is, again and again, each in its own time. */
export class HealthCheck {
  readonly #clock: Clock;
  readonly #options: HealthCheckOptions;
  readonly #targets: Targets;
  readonly #ask: (target: Target, path: string) => Deferred<Response>;
  readonly #timers = new Map<Target, DelayedCall>();
  readonly #asking = new Map<Target, Deferred<unknown>>();
  #isStopped = false;

  constructor(
    clock: Clock,
    options: HealthCheckOptions,
    targets: Targets,
    ask: (target: Target, path: string) => Deferred<Response>,
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#targets = targets;
    this.#ask = ask;
    for (const target of targets.all) this.#wait(target);
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const asking of [...this.#asking.values()]) asking.cancel();
  }

  #wait(target: Target): void {
    const { intervalMs = INTERVAL_MS } = this.#options;
    this.#timers.set(
      target,
      this.#clock.callLater(intervalMs, () => this.#check(target)),
    );
  }

  #check(target: Target): void {
    const { path, isWell = isNoError } = this.#options;
    this.#timers.delete(target);
    const asking = this.#ask(target, path).addCallback((response) => {
      void response.body?.cancel();
      return isWell(response.status);
    });
    this.#asking.set(target, asking);
    const judged = (isFine: boolean): void => {
      this.#asking.delete(target);
      if (this.#isStopped) return;
      if (isFine) this.#targets.succeeded(target);
      else this.#targets.failed(target, this.#clock.now());
      this.#wait(target);
    };
    asking.addCallbacks(judged, () => judged(false));
  }
}

function isNoError(status: number): boolean {
  return status < 400;
}

const INTERVAL_MS = 5_000;
