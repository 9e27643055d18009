import type { CoroutineBody } from "../core/deferred/coroutine.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import type { Reactor } from "../core/reactor.ts";
import type { Clock } from "../core/time/clock.ts";
import { ServiceStartError } from "./errors.ts";
import { type ChildStatus, isServiceParent, type ServiceLike, type ServiceState } from "./service.ts";
import { Step } from "./step.ts";

/** One service of a MultiService: starts it, stops it, and knows whether there is something to stop. */
export class Child implements ChildStatus {
  readonly name: string;
  readonly service: ServiceLike;
  state: ServiceState = "idle";
  error: Error | undefined = undefined;
  /** A step of its start has succeeded, so a stop is due. */
  #isHeld = false;
  #isPrivileged = false;
  /** The step of its start that is on its way. */
  #step: Step | undefined;

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

  /** Tells a start to give up; one that cannot be told gets `timeoutMs` to come to an end. */
  interrupt(clock: Clock, timeoutMs: number): void {
    if (this.#step === undefined) return;
    // A parent knows best how to stop its start.
    if (isServiceParent(this.service))
      maybeDeferred(() => this.service.stopService()).addErrback(reportStop(this.name));
    else this.#step.interrupt(timeoutMs, clock);
  }

  /** Stops what has started of it. Throws what that failed with. */
  *stop(clock: Clock, timeoutMs: number): CoroutineBody<void> {
    this.#isPrivileged = false;
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const hasFailed = this.state === "failed";
    this.state = "stopping";
    try {
      const step = new Step("stop", () => this.service.stopService());
      // A parent has a limit for each of its children, and names the one that hangs.
      if (!isServiceParent(this.service)) step.limit(timeoutMs, clock);
      yield* step.wait();
      this.state = hasFailed ? "failed" : "idle";
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  *#attempt(f: () => unknown): CoroutineBody<void> {
    this.state = "starting";
    this.error = undefined;
    const step = new Step("start", f);
    this.#step = step;
    try {
      yield* step.wait();
      this.#isHeld = true;
    } catch (error) {
      this.#failed(error);
      throw new ServiceStartError(this.name, error);
    } finally {
      this.#step = undefined;
    }
  }

  #failed(error: unknown): void {
    this.state = "failed";
    this.error = error instanceof Error ? error : new Error(String(error), { cause: error });
  }
}

function reportStop(name: string): (error: unknown) => void {
  return (error) => log.error("Cannot stop service {name} after a start that was given up", { name, error });
}

const log: Logger = new Logger("ropewalk.app");
