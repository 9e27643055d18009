import { type CoroutineBody, coroutine } from "../core/deferred/coroutine.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { DeferredLock } from "../core/deferred/lock.ts";
import { fail, succeed } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import type { Reactor } from "../core/reactor.ts";
import { Child } from "./child.ts";
import { ServiceStateError, ServiceStopError, type StopFailure } from "./errors.ts";
import { type ChildStatus, Service, type ServiceLike, type ServiceParent, type ServiceState } from "./service.ts";

/** What can be said of a MultiService when it is made. */
export interface MultiServiceOptions {
  /** What errors, the log and the live view call it; default: the name of its class. */
  readonly name?: string | undefined;
  /** Its first children. */
  readonly services?: readonly ServiceLike[] | undefined;
  /** How long each child may take to stop before the others go on without it; default 10 000 ms. */
  readonly stopTimeoutMs?: number | undefined;
}

/**
 * Services as one: started in the order of adding, each when the one before it has started, and stopped in reverse, each
 * awaited. If one does not start, those before it are stopped again, and a ServiceStartError names it. One that does not
 * stop within `stopTimeoutMs` is left behind, and a ServiceStopError names it. A stop during the start ends the start.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { MultiService, StreamServerService, startTree } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const ports = ["tcp:80", "tcp:8080"].map((endpoint) => new StreamServerService(endpoint, () => new Protocol()));
 * const web = new MultiService({ name: "web", services: ports });
 * await startTree(reactor, web);
 * console.log(web.children.map(({ name, state }) => `${name} is ${state}`)); // [ 'tcp:80 is running', 'tcp:8080 is running' ]
 * await web.stopService();
 * ```
 */
export class MultiService extends Service implements ServiceParent, Iterable<ServiceLike> {
  /** How long each child may take to stop. */
  stopTimeoutMs: number;
  readonly #children: Child[] = [];
  /** One start, stop or restart at a time. */
  readonly #turn: DeferredLock = new DeferredLock();
  #state: ServiceState = "idle";
  #isPrivileged = false;
  #reactor: Reactor | undefined;
  #isStopAsked = false;
  readonly #stopWaiters: Set<Deferred<void>> = new Set();

  constructor(options: MultiServiceOptions = {}) {
    super();
    this.name = options.name ?? this.name;
    this.stopTimeoutMs = options.stopTimeoutMs ?? STOP_TIMEOUT_MS;
    for (const service of options.services ?? []) this.#adopt(service);
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** All children are started, and none is told to stop. */
  get running(): boolean {
    return this.#state === "running";
  }

  /** The children as they are now, in the order of adding. */
  get children(): readonly ChildStatus[] {
    return [...this.#children];
  }

  *[Symbol.iterator](): IterableIterator<ServiceLike> {
    for (const { service } of this.#children) yield service;
  }

  /** The child whose name in `children` this is. @throws RangeError if there is none. */
  getServiceNamed(name: string): ServiceLike {
    const child = this.#children.find((one) => one.name === name);
    if (child !== undefined) return child.service;
    const known = this.#children.map((one) => `"${one.name}"`).join(", ") || "none";
    throw new RangeError(`Cannot find service "${name}" in "${this.name}": the children are ${known}`);
  }

  /**
   * Adds a child. If this runs, the child is started at once: the Deferred fires when it has started, or fails with
   * ServiceStartError, and the child is not added. While this starts, the child is started in its turn; otherwise with the
   * next start.
   *
   * @throws TypeError if it is a child of this already.
   */
  addService(service: ServiceLike): Deferred<void> {
    const child = this.#adopt(service);
    return this.#state === "running" ? this.#inTurn(() => this.#startAdded(child)) : succeed();
  }

  /**
   * Takes a child out; if it runs, it is stopped first. Fails with ServiceStopError, and the child is out all the same.
   *
   * @throws RangeError if it is no child of this.
   */
  removeService(service: ServiceLike): Deferred<void> {
    const child = this.#childOf(service);
    return this.#inTurn(() => this.#remove(child));
  }

  /**
   * Stops a child and starts it again, also one that has failed. Fails with ServiceStopError or ServiceStartError, and with
   * ServiceStateError unless this runs.
   *
   * @throws RangeError if it is no child of this.
   */
  restartService(service: ServiceLike): Deferred<void> {
    const child = this.#childOf(service);
    return this.#inTurn(() => this.#restart(child));
  }

  /** Gives each child its privileged start. Fails as `startService` does. */
  override privilegedStartService(reactor: Reactor): Deferred<void> {
    return this.#begin(reactor, (child) => child.privilegedStart(reactor), "starting");
  }

  /**
   * Starts all children, and before that those that had no privileged start yet. Fails with ServiceStartError, with
   * CancelledError if it is stopped meanwhile, or with ServiceStateError.
   */
  override startService(reactor: Reactor): Deferred<void> {
    if (this.#isPrivileged) return this.#begin(reactor, (child) => child.start(reactor), "running");
    return this.privilegedStartService(reactor).addCallback(() => this.startService(reactor));
  }

  /** Fires when all are stopped. Asked again meanwhile, it waits for the same. Fails with ServiceStopError. */
  override stopService(): Deferred<void> {
    const waiter = new Deferred<void>((cancelled) => this.#stopWaiters.delete(cancelled));
    this.#stopWaiters.add(waiter);
    if (!this.#isStopAsked) this.#stop();
    return waiter;
  }

  #adopt(service: ServiceLike): Child {
    if (this.#children.some((child) => child.service === service)) {
      throw new TypeError(`Cannot add service "${nameOf(service)}" to "${this.name}": it is there already`);
    }
    const name = nameOf(service);
    const taken = new Set(this.#children.map((child) => child.name));
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
    const child = new Child(free, service);
    this.#children.push(child);
    return child;
  }

  #childOf(service: ServiceLike): Child {
    const child = this.#children.find((one) => one.service === service);
    if (child === undefined) throw new RangeError(`Cannot find service "${nameOf(service)}" in "${this.name}"`);
    return child;
  }

  #begin(reactor: Reactor, step: (child: Child) => CoroutineBody<void>, end: ServiceState): Deferred<void> {
    const isNext = this.#isPrivileged && this.#state === "starting" && end === "running";
    if (!isNext && this.#state !== "idle" && this.#state !== "failed") return fail(this.#cannot("start"));
    this.#state = "starting";
    this.#isPrivileged = false;
    this.#reactor = reactor;
    return this.#inTurn(() => this.#startEach(step, end));
  }

  *#startEach(step: (child: Child) => CoroutineBody<void>, end: ServiceState): CoroutineBody<void> {
    try {
      // By index: a child that is added by one that starts comes in its turn.
      for (let i = 0; i < this.#children.length; i++) {
        this.#checkNotStopping();
        yield* step(this.#children[i] as Child);
      }
      this.#checkNotStopping();
      this.#state = end;
      this.#isPrivileged = end === "starting";
    } catch (error) {
      for (const { service, error: reason } of yield* this.#stopAll()) {
        log.error("Cannot stop service {service} after a start that failed", { service, error: reason });
      }
      this.#state = "failed";
      if (this.#isStopAsked && !wasCancelled(error)) log.error("{reason.message}", { reason: error });
      this.#checkNotStopping();
      throw error;
    }
  }

  *#startAdded(child: Child): CoroutineBody<void> {
    const reactor = this.#reactorWhileRunning;
    // A stop may have had its turn before: then the child waits for the next start, as the others do.
    if (reactor === undefined) return;
    try {
      yield* child.start(reactor);
    } catch (error) {
      yield* this.#remove(child);
      throw error;
    }
  }

  *#restart(child: Child): CoroutineBody<void> {
    const reactor = this.#reactorWhileRunning;
    if (reactor === undefined) throw this.#cannot("restart a child of");
    yield* this.#stopChild(child);
    try {
      yield* child.start(reactor);
    } catch (error) {
      yield* this.#stopChild(child);
      throw error;
    }
  }

  *#remove(child: Child): CoroutineBody<void> {
    try {
      yield* this.#stopChild(child);
    } finally {
      this.#children.splice(this.#children.indexOf(child), 1);
    }
  }

  *#stopChild(child: Child): CoroutineBody<void> {
    if (this.#reactor === undefined) return;
    try {
      yield* child.stop(this.#reactor, this.stopTimeoutMs);
    } catch (error) {
      throw new ServiceStopError([{ service: child.name, error }]);
    }
  }

  #stop(): void {
    this.#isStopAsked = true;
    if (this.#reactor !== undefined) {
      for (const child of this.#children) child.interrupt(this.#reactor, this.stopTimeoutMs);
    }
    this.#inTurn(() => this.#stopInReverse()).addCallbacks(
      () => this.#stopped((waiter) => waiter.callback()),
      (error) => this.#stopped((waiter) => waiter.errback(error)),
    );
  }

  *#stopInReverse(): CoroutineBody<void> {
    this.#state = "stopping";
    this.#isPrivileged = false;
    const failures = yield* this.#stopAll();
    this.#state = failures.length === 0 ? "idle" : "failed";
    if (failures.length > 0) throw new ServiceStopError(failures);
  }

  #stopped(tell: (waiter: Deferred<void>) => void): void {
    this.#isStopAsked = false;
    for (const waiter of [...this.#stopWaiters]) if (this.#stopWaiters.delete(waiter)) tell(waiter);
  }

  /** Stops all that have started, in reverse, one after the other. */
  *#stopAll(): Generator<unknown, StopFailure[], unknown> {
    const failures: StopFailure[] = [];
    for (const child of [...this.#children].reverse()) {
      try {
        if (this.#reactor !== undefined) yield* child.stop(this.#reactor, this.stopTimeoutMs);
      } catch (error) {
        failures.push({ service: child.name, error });
      }
    }
    return failures;
  }

  get #reactorWhileRunning(): Reactor | undefined {
    return this.running && !this.#isStopAsked ? this.#reactor : undefined;
  }

  #inTurn(body: () => CoroutineBody<void>): Deferred<void> {
    return this.#turn.run(() => coroutine(body));
  }

  #checkNotStopping(): void {
    if (this.#isStopAsked) throw new CancelledError(`Service "${this.name}" was stopped while it started`);
  }

  #cannot(doing: string): ServiceStateError {
    return new ServiceStateError(`Cannot ${doing} service "${this.name}": it is ${this.#state}`);
  }
}

function nameOf(service: ServiceLike): string {
  return service.name || service.constructor?.name || "service";
}

function wasCancelled(error: unknown): boolean {
  return error instanceof CancelledError || (error as Error).cause instanceof CancelledError;
}

const log: Logger = new Logger("ropewalk.app");

/** As Docker waits before it kills; systemd waits longer. */
const STOP_TIMEOUT_MS = 10_000;
