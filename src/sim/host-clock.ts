import { AlreadyCalledError, AlreadyCancelledError } from "../core/deferred/errors.ts";
import type { DelayedCall } from "../core/time/clock.ts";
import type { Scheduler, SimEvent } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";

/** The clock of one host: it may be set wrong, and may run too fast or too slow. */
export class HostClock {
  readonly scheduler: Scheduler;
  readonly #startMs: number;
  /** What the wall clock is ahead. */
  #offsetMs = 0;
  /** Its milliseconds for each true one. */
  #rate = 1;
  #trueAnchorMs = 0;
  #anchorMs = 0;
  /** A call never sees an instant before its own, whatever the rate makes of the last digit. */
  #floorMs = 0;
  /** Calls that are due at no time. */
  readonly #never: Set<HostTimer> = new Set();

  constructor(scheduler: Scheduler, wallStartMs: number) {
    this.scheduler = scheduler;
    this.#startMs = wallStartMs;
  }

  /** Monotonic: it never jumps. */
  now(): number {
    const now = this.#anchorMs + (this.scheduler.nowMs - this.#trueAnchorMs) * this.#rate;
    return Math.max(now, this.#floorMs);
  }

  wallTimeMs(): number {
    return this.#startMs + this.now() + this.#offsetMs;
  }

  /** `offsetMs` moves the wall clock; `rate` (1.01: one percent fast) changes how both go from now on. */
  skew(offsetMs: number, rate: number): void {
    const now = this.now();
    this.#trueAnchorMs = this.scheduler.nowMs;
    this.#anchorMs = now;
    this.#rate = rate;
    this.#offsetMs = offsetMs;
    for (const timer of this.scheduler.scheduled.filter((event) => event instanceof HostTimer)) {
      if (timer.clock !== this) continue;
      this.scheduler.remove(timer);
      this.scheduler.at(this.#trueTime(timer.time), timer);
    }
  }

  /** @throws RangeError if `ms` is negative or not a number. */
  callLater(ms: number, f: () => void, owner: SimProcess): HostTimer {
    checkDelay("call later", ms);
    const timer = new HostTimer(this, f, owner);
    this.schedule(timer, this.now() + ms);
    return timer;
  }

  schedule(timer: HostTimer, time: number): void {
    timer.time = time;
    if (time < Number.POSITIVE_INFINITY) this.scheduler.at(this.#trueTime(time), timer);
    else this.#never.add(timer);
  }

  unschedule(timer: HostTimer): void {
    if (!this.#never.delete(timer)) this.scheduler.remove(timer);
  }

  /** The calls that a process has made here and that are still to come, in the order in which they are due. */
  callsOf(owner: SimProcess): readonly HostTimer[] {
    const timers = [...this.scheduler.scheduled, ...this.#never].filter((event) => event instanceof HostTimer);
    return timers.filter((timer) => timer.owner === owner).sort((a, b) => a.time - b.time || a.order - b.order);
  }

  /** Its time has come. */
  reach(timer: HostTimer): void {
    if (timer.time > this.#floorMs) this.#floorMs = timer.time;
  }

  #trueTime(time: number): number {
    return this.#trueAnchorMs + (time - this.#anchorMs) / this.#rate;
  }
}

/** A call that a simulated process will make. */
export class HostTimer implements DelayedCall, SimEvent {
  /** By the host's clock. */
  time = 0;
  timeMs = 0;
  order = 0;
  slot = -1;
  #state: "waiting" | "made" | "cancelled" = "waiting";
  readonly clock: HostClock;
  readonly #f: () => void;
  readonly owner: SimProcess;

  constructor(clock: HostClock, f: () => void, owner: SimProcess) {
    this.clock = clock;
    this.#f = f;
    this.owner = owner;
  }

  get active(): boolean {
    return this.#state === "waiting";
  }

  happen(): void {
    const { isAlive, machine } = this.owner;
    if (!isAlive) return;
    if (machine.pausedUntilMs > machine.scheduler.nowMs) {
      machine.scheduler.at(machine.pausedUntilMs, this);
    } else {
      this.clock.reach(this);
      this.#state = "made";
      this.owner.enter(this.#f);
    }
  }

  cancel(): void {
    this.#check("cancel");
    this.#state = "cancelled";
    this.clock.unschedule(this);
  }

  reset(ms: number): void {
    this.#check("reset");
    checkDelay("reset a delayed call", ms);
    this.#move(this.clock.now() + ms);
  }

  delay(ms: number): void {
    this.#check("delay");
    if (Number.isNaN(ms)) throw new RangeError("Cannot delay a call: NaN is no number of milliseconds");
    this.#move(this.time + ms);
  }

  [Symbol.dispose](): void {
    if (this.active) this.cancel();
  }

  #move(time: number): void {
    this.clock.unschedule(this);
    this.clock.schedule(this, time);
  }

  #check(verb: string): void {
    if (this.#state === "made") throw new AlreadyCalledError(`Cannot ${verb} a delayed call that was made`);
    if (this.#state === "cancelled")
      throw new AlreadyCancelledError(`Cannot ${verb} a delayed call that was cancelled`);
  }
}

function checkDelay(verb: string, ms: number): void {
  if (!(ms >= 0)) throw new RangeError(`Cannot ${verb}: ${ms} is not zero or more milliseconds`);
}
