import type { Deferred } from "../core/deferred/deferred.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import type { Later } from "../core/later.ts";
import { Logger } from "../core/log/logger.ts";
import type { Loop, StreamTransport } from "../core/stream-transport.ts";
import type { DelayedCall } from "../core/time/clock.ts";
import { Lingering } from "./linger.ts";
import type { NodeTransport } from "./node-transport.ts";
import type { NodePort } from "./port.ts";
import type { Primary } from "./primary.ts";
import type { RunningProcess } from "./process.ts";
import { ReadBuffers } from "./read-buffers.ts";
import { TimerWheel } from "./timers.ts";
import type { NodeDatagramTransport } from "./udp.ts";

/** What all transports of one NodeReactor share: the clock, the buffers, and the end of the turn. */
export class NodeLoop implements Loop {
  readonly timers: TimerWheel = new TimerWheel((error) => log.error("A delayed call threw", { error }));
  readonly buffers: ReadBuffers = new ReadBuffers();
  readonly lingering: Lingering = new Lingering();
  /** Connections that are being made, and where to. */
  readonly connecting: Map<Deferred<unknown>, string> = new Map();
  readonly ports: Set<NodePort> = new Set();
  /** Every transport that is not closed yet: for shutdown, and for tests that look for leaks. */
  readonly transports: Set<StreamTransport> = new Set();
  readonly datagramPorts: Set<NodeDatagramTransport> = new Set();
  readonly processes: Set<RunningProcess> = new Set();
  /** Whether accepted connections bypass net.Server's streams (see accept.ts). */
  readonly acceptsDirectly: boolean;
  /** That of this process, once it is known to be a worker: as much a fact of the process as its id. */
  static ownPrimary: Primary | undefined = undefined;
  /** Of a worker that shares its ports with others. */
  readonly primary: Primary | undefined;
  #dirty: StreamTransport[] = [];
  #drained: StreamTransport[] = [];
  #yielded: NodeTransport[] = [];
  #scheduled = false;
  #dispatching = 0;

  constructor(acceptsDirectly: boolean) {
    this.acceptsDirectly = acceptsDirectly;
    this.primary = NodeLoop.ownPrimary;
  }

  now(): number {
    return this.timers.now();
  }

  callLater(ms: number, f: () => void): DelayedCall {
    return this.timers.callLater(ms, f);
  }

  /** While the code for it is loaded it counts as a connection that is being made: a stop calls it off. */
  later<M, T>(name: string, module: Later<M>, f: (module: M) => Deferred<T>): Deferred<T> {
    if (module.isLoaded) return maybeDeferred(() => module.use(f));
    const begun: Deferred<T> = module.use((loaded) => {
      this.connecting.delete(begun);
      return f(loaded);
    });
    this.connecting.set(begun, name);
    return begun.addErrback((error: Error) => {
      this.connecting.delete(begun);
      throw error;
    });
  }

  flushSoon(transport: StreamTransport): void {
    this.#dirty.push(transport);
    if (this.#dispatching > 0 || this.#scheduled) return;
    this.#scheduled = true;
    // After the microtasks that run now: what async code writes before it waits again leaves together.
    process.nextTick(flushNow, this);
  }

  drainedSoon(transport: StreamTransport): void {
    if (this.#drained.push(transport) === 1) setImmediate(tellDrained, this);
  }

  readAgainSoon(transport: NodeTransport): void {
    if (this.#yielded.push(transport) === 1) setImmediate(readAgain, this);
  }

  /**
   * Brackets the delivery of one read. What it writes leaves when all reads of this turn are delivered: then what several
   * peers caused to be sent to one leaves together, and the kernel's way in and its way out each stay in the cache.
   */
  beginDispatch(): void {
    this.#dispatching += 1;
  }

  endDispatch(): void {
    this.#dispatching -= 1;
    if (this.#dispatching > 0 || this.#scheduled || this.#dirty.length === 0) return;
    this.#scheduled = true;
    setImmediate(flushNow, this);
  }

  flushAll(): void {
    this.#scheduled = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const transport of dirty) transport.flush();
  }

  tellDrained(): void {
    const drained = this.#drained;
    this.#drained = [];
    for (const transport of drained) transport.drained();
  }

  readAgain(): void {
    const yielded = this.#yielded;
    this.#yielded = [];
    for (const transport of yielded) transport.readAgain();
  }
}

function flushNow(loop: NodeLoop): void {
  loop.flushAll();
}

function readAgain(loop: NodeLoop): void {
  loop.readAgain();
}

function tellDrained(loop: NodeLoop): void {
  loop.tellDrained();
}

const log: Logger = new Logger("ropewalk.reactor");
