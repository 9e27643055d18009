import type { Reactor } from "../core/reactor.ts";

/**
 * Something that runs until it is told to stop: a port, a timer, a client that reconnects. It is made before there is a
 * reactor, started with one, and can be started again after a stop. What the methods return (a Deferred, a Promise) is
 * awaited. A start that fails leaves nothing behind; `stopService` undoes what a successful `privilegedStartService` did,
 * too.
 *
 * @example
 * ```ts
 * import { type Clock, type DelayedCall } from "ropewalk";
 * import { Service, startTree } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * class Alarm extends Service {
 *   #call: DelayedCall | undefined;
 *   override startService(reactor: Clock): void {
 *     this.#call = reactor.callLater(1_000, () => console.log("wake up"));
 *   }
 *   override stopService(): void {
 *     if (this.#call?.active) this.#call.cancel();
 *   }
 * }
 * const reactor = new MemoryReactor();
 * await startTree(reactor, new Alarm());
 * reactor.advance(1_000); // wake up
 * ```
 */
export abstract class Service implements ServiceLike, AsyncDisposable {
  /** What errors, the log and the live view call it; default: the name of its class. */
  name: string = this.constructor.name;

  /** Comes before root is given up: bind low ports, read keys. Default: nothing. */
  privilegedStartService?(reactor: Reactor): unknown;
  abstract startService(reactor: Reactor): unknown;
  abstract stopService(): unknown;
  /** Whether it does its work. Default: it does as long as it runs. */
  health?(): Health | PromiseLike<Health>;
  /** Reads its settings again, without a pause: `twistd` calls it at SIGHUP. Default: nothing. */
  reloadService?(): unknown;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopService();
  }
}

/** What can be a child of a MultiService: a Service, a ClientService, or any object with these methods. */
export interface ServiceLike {
  readonly name?: string | undefined;
  privilegedStartService?(reactor: Reactor): unknown;
  startService(reactor: Reactor): unknown;
  stopService(): unknown;
  health?(): Health | PromiseLike<Health>;
  reloadService?(): unknown;
}

/** Whether a service does its work. */
export interface Health {
  readonly ok: boolean;
  /** For people: what is wrong, or how well it goes. */
  readonly detail?: string | undefined;
}

/** How far a service is. `failed`: its last start or stop did; `error` of its ChildStatus says how. */
export type ServiceState = "idle" | "starting" | "running" | "stopping" | "failed";

/** A child of a MultiService, as its parent sees it. */
export interface ChildStatus {
  /** Its own name; of children with the same name, the second is `NAME-2`, and so on. */
  readonly name: string;
  readonly service: ServiceLike;
  readonly state: ServiceState;
  /** What its last start or stop failed with. */
  readonly error: Error | undefined;
}

/** A service that has children. */
export interface ServiceParent extends ServiceLike {
  readonly state: ServiceState;
  readonly children: readonly ChildStatus[];
}

/** Told by its shape, since a plug-in may have brought its own copy of this package. */
export function isServiceParent(service: ServiceLike): service is ServiceParent {
  return Array.isArray((service as Partial<ServiceParent>).children);
}
