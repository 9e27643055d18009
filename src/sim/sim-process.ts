import type { Deferred } from "../core/deferred/deferred.ts";
import { Logger } from "../core/log/logger.ts";
import type { Loop, StreamTransport } from "../core/stream-transport.ts";
import type { HostClock, HostTimer } from "./host-clock.ts";
import type { FlyingPacket } from "./network/packet.ts";
import { Descriptors } from "./process/descriptors.ts";
import { SignalListeners } from "./process/signals.ts";
import { setRunning } from "./running.ts";
import type { Chore, Scheduler, SimEvent } from "./scheduler.ts";
import type { Observers } from "./trace/observer.ts";

/** What a process needs of the machine that it runs on. */
export interface Machine {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly observers: Observers;
  readonly clock: HostClock;
  /** Until then no process of this machine does anything; its kernel goes on. */
  readonly pausedUntilMs: number;
  /** What its processes read of each connection; usually without limit. */
  readonly readBytesPerSecond: number;
}

/**
 * One run of a program on a host: the turns of its loop. When it has died, nothing that was its own happens any more, and
 * nobody is told.
 */
export class SimProcess implements Loop, Chore {
  readonly machine: Machine;
  isAlive = true;
  /** What ends when the process is killed: its connections and ports. */
  readonly open: Set<{ killed(): void }> = new Set();
  readonly descriptors: Descriptors = new Descriptors();
  readonly signals: SignalListeners = new SignalListeners();
  /** Told when it has ended of its own accord, or by a signal; not when power fails. */
  onExit: (end: ProcessEnd) => void = () => {};
  #dirty: StreamTransport[] = [];
  #flushing = false;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  get scheduler(): Scheduler {
    return this.machine.scheduler;
  }

  now(): number {
    return this.machine.clock.now();
  }

  callLater(ms: number, f: () => void): HostTimer {
    return this.machine.clock.callLater(ms, f, this);
  }

  /** Runs `f` as code of this process. What it throws is logged. */
  enter(f: () => void): void {
    const { scheduler } = this;
    scheduler.touched = true;
    const before = setRunning(this);
    try {
      f();
    } catch (error) {
      log.failure("a call of {host}", error, { host: this.machine.name });
    } finally {
      // The microtasks that it made are its own; the scheduler says when they are through.
      if (before !== undefined) setRunning(before);
    }
  }

  /** Hands a datagram over. The one way to here that has to be fast: no closure, no turn of its own. */
  take(reader: DatagramReader, packet: FlyingPacket, isShared: boolean): void {
    const { machine } = this;
    if (!this.isAlive) return;
    if (machine.pausedUntilMs > machine.scheduler.nowMs) {
      this.soon(() => reader.read(packet, isShared));
      return;
    }
    machine.scheduler.touched = true;
    setRunning(this);
    reader.read(packet, isShared);
  }

  /** Runs `f` in a turn of its own at this instant; later if the machine pauses, never if the process dies before. */
  soon(f: () => void): void {
    this.scheduler.soon(new ProcessTurn(this, f));
  }

  /** `soon`, after so many ms of true time: what a kernel does for a process. */
  later(ms: number, f: () => void): void {
    this.scheduler.at(this.scheduler.nowMs + ms, new ProcessTurn(this, f));
  }

  /** Settles `deferred` in a turn of its own, unless it was cancelled meanwhile. */
  settleSoon<T>(deferred: Deferred<T>, settle: (deferred: Deferred<T>) => void): void {
    this.soon(() => {
      if (!deferred.called) settle(deferred);
    });
  }

  flushSoon(transport: StreamTransport): void {
    this.#dirty.push(transport);
    if (this.#flushing) return;
    this.#flushing = true;
    // Whoever writes from outside of any event, a test, has touched it too.
    this.scheduler.touched = true;
    this.scheduler.afterTouch(this);
  }

  drainedSoon(transport: StreamTransport): void {
    this.soon(() => transport.drained());
  }

  /** What was written in this turn leaves. */
  perform(): void {
    this.#flushing = false;
    const dirty = this.#dirty;
    if (!this.isAlive) return;
    for (let at = 0; at < dirty.length; at += 1) {
      const transport = dirty[at] as StreamTransport;
      this.enter(() => transport.flush());
    }
    dirty.length = 0;
  }

  /** Ends, at once: its kernel closes what it had open. */
  exit(end: ProcessEnd): void {
    if (!this.isAlive) return;
    this.die(true);
    this.onExit(end);
  }

  /** The process is gone; with `orderly`, its kernel closes what it had open. */
  die(orderly: boolean): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#dirty = [];
    if (orderly) for (const each of [...this.open]) each.killed();
    this.open.clear();
  }
}

/** How a process ended: it has one of the two. */
export interface ProcessEnd {
  readonly exitCode?: number;
  readonly signal?: string;
}

/** An open UDP port. It catches what its protocol throws. */
interface DatagramReader {
  read(packet: FlyingPacket, isShared: boolean): void;
}

class ProcessTurn implements SimEvent {
  timeMs = 0;
  order = 0;
  slot = -1;
  readonly #process: SimProcess;
  readonly #f: () => void;

  constructor(owner: SimProcess, f: () => void) {
    this.#process = owner;
    this.#f = f;
  }

  happen(): void {
    const { isAlive, machine } = this.#process;
    if (!isAlive) return;
    if (machine.pausedUntilMs > machine.scheduler.nowMs) machine.scheduler.at(machine.pausedUntilMs, this);
    else this.#process.enter(this.#f);
  }
}

const log: Logger = new Logger("ropewalk.sim");
