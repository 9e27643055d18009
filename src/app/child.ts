import type { CoroutineBody } from "../core/deferred/coroutine.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { TimeoutError } from "../core/deferred/errors.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import type { Reactor } from "../core/reactor.ts";
import type { Clock } from "../core/time/clock.ts";
import { ServiceStartError } from "./errors.ts";
import { type ChildStatus, isServiceParent, type ServiceLike, type ServiceState } from "./service.ts";

/** One service of a MultiService: starts it, stops it, and knows whether there is something to stop. */
export class Child implements ChildStatus {
  readonly name: string;
  readonly service: ServiceLike;
  state: ServiceState = "idle";
  error: Error | undefined = undefined;
  /** A step of its start has succeeded, so a stop is due. */
  #isHeld = false;
  #isPrivileged = false;
  /** What its start waits for, and whether that can be told to give up. */
  #pending: { readonly result: Deferred<unknown>; readonly isPromise: boolean } | undefined;

  constructor(name: string, service: ServiceLike) {
    this.name = name;
    this.service = service;
  }

  *privilegedStart(reactor: Reactor): CoroutineBody<void> {
    if (this.#isPrivileged) return;
    if (this.service.privilegedStartService !== undefined) {
      yield* this.#attempt(() => this.service.privilegedStartService?.(reactor));
    }
    this.#isPrivileged = true;
  }

  *start(reactor: Reactor): CoroutineBody<void> {
    yield* this.privilegedStart(reactor);
    yield* this.#attempt(() => this.service.startService(reactor));
    this.state = "running";
  }

  /** Tells a start to give up. A Promise cannot be told: it gets `timeoutMs` to come to an end. */
  interrupt(clock: Clock, timeoutMs: number): void {
    const { result, isPromise } = this.#pending ?? {};
    if (result === undefined) return;
    if (isServiceParent(this.service)) {
      maybeDeferred(() => this.service.stopService()).addErrback((error) => this.#reportStop(error));
    } else if (isPromise) {
      const limit = clock.callLater(timeoutMs, () => result.cancel(tookTooLong("start", timeoutMs)));
      const over = () => limit[Symbol.dispose]();
      void result.then(over, over);
    } else {
      result.cancel();
    }
  }

  /** Stops what has started of it. Throws what that failed with. */
  *stop(clock: Clock, timeoutMs: number): CoroutineBody<void> {
    this.#isPrivileged = false;
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const hasFailed = this.state === "failed";
    this.state = "stopping";
    try {
      const stopping = maybeDeferred(() => this.service.stopService());
      // A parent has a limit for each of its children, and names the one that hangs.
      const limit = isServiceParent(this.service)
        ? undefined
        : clock.callLater(timeoutMs, () => stopping.cancel(tookTooLong("stop", timeoutMs)));
      try {
        yield stopping;
      } finally {
        limit?.[Symbol.dispose]();
      }
      this.state = hasFailed ? "failed" : "idle";
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  *#attempt(step: () => unknown): CoroutineBody<void> {
    this.state = "starting";
    this.error = undefined;
    try {
      const returned = step();
      const result = maybeDeferred(() => returned);
      const isPromise = !(returned instanceof Deferred) && !result.called;
      this.#pending = { result, isPromise };
      if (isPromise) this.#stopIfLate(returned, result);
      yield result;
      this.#isHeld = true;
    } catch (error) {
      this.#failed(error);
      throw new ServiceStartError(this.name, error);
    } finally {
      this.#pending = undefined;
    }
  }

  /** A Promise that nobody waits for any more may still succeed, and what it started is nobody's then. */
  #stopIfLate(promise: unknown, result: Deferred<unknown>): void {
    void (promise as PromiseLike<unknown>).then(
      () => {
        if (this.#pending?.result === result || !this.error) return;
        maybeDeferred(() => this.service.stopService()).addErrback((error) => this.#reportStop(error));
      },
      () => undefined,
    );
  }

  #failed(error: unknown): void {
    this.state = "failed";
    this.error = error instanceof Error ? error : new Error(String(error), { cause: error });
  }

  #reportStop(error: unknown): void {
    log.error("Cannot stop service {name} after a start that was given up", { name: this.name, error });
  }
}

function tookTooLong(verb: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(timeoutMs, { message: `it did not ${verb} within ${timeoutMs} ms` });
}

const log: Logger = new Logger("ropewalk.app");
