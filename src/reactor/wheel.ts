import { AlreadyCalledError, AlreadyCancelledError } from "../core/deferred/errors.ts";
import type { DelayedCall } from "../core/time/clock.ts";

/** What a wheel needs to know and to tell. */
export interface WheelHost {
  now(): number;
  /** `now()`, or NaN in a burst of calls: then the call gets its time at the next `settle(now)`. */
  reading(): number;
  /** A call was added, or moved, that is due at `time`. */
  scheduled(time: number): void;
  /** The last active call was cancelled. */
  emptied(): void;
  /** A call threw. */
  failed(error: unknown): void;
}

/**
 * Keeps delayed calls in order of their time, then of their scheduling; adding, moving and cancelling cost the same
 * however many there are. It has no clock and no timer of its own: `runDue(now)` makes it go.
 *
 * Five rings of slots: one of 256 slots of 1 ms, then four of 64, each slot as wide as the whole ring below. A call
 * lies in a slot by its distance, and moves to the ring below when its slot comes up; within its millisecond it is
 * sorted when that comes up. What is farther than the last ring reaches (2³² ms) goes round again.
 */
export class Wheel {
  readonly #host: WheelHost;
  /** Sentinels of circular lists: 256 of the first ring, then 64 of each further one. */
  readonly #slots: WheelCall[] = [];
  /** All slots before this millisecond are empty, and no slot that starts later has been moved down. */
  #tick = 0;
  #size = 0;
  #order = 0;
  /** The calls that wait for `settle`, and those that were cancelled meanwhile: no list, because they are mostly few and soon gone. */
  readonly #unsettled: WheelCall[] = [];
  #latestReading = 0;
  /** The calls that are being run, sorted, from `#dueAt` on. */
  readonly #due: WheelCall[] = [];
  #dueAt = 0;

  constructor(host: WheelHost) {
    this.#host = host;
    for (let i = 0; i < FIRST_SLOTS + RINGS.length * RING_SLOTS; i++) {
      this.#slots.push(new WheelCall(this, nothing, 0));
    }
  }

  /** How many calls are active. */
  get size(): number {
    return this.#size;
  }

  /** The active calls, in the order in which they are due. */
  calls(): WheelCall[] {
    this.settle(this.#host.now());
    const calls = this.#due.slice(this.#dueAt).filter(({ state }) => state === DUE);
    for (const slot of this.#slots) {
      for (let call = slot.next; call !== slot; call = call.next) calls.push(call);
    }
    return calls.sort(byTimeThenOrder);
  }

  /** Adds a call that is due `ms` from now. */
  add(ms: number, f: () => void): WheelCall {
    const call = new WheelCall(this, f, this.#order++);
    this.#size++;
    this.#schedule(call, ms);
    return call;
  }

  /** Gives those calls their time, counted from `now`, for which the host had none when they were made. */
  settle(now: number): void {
    const unsettled = this.#unsettled;
    this.#latestReading = now;
    for (const call of unsettled) if (call.state === UNSETTLED) this.#scheduleAt(call, now + call.due);
    unsettled.length = 0;
  }

  /**
   * Runs what is due at `now`, one after the other, until nothing is left or `enough()` says to stop; what is left is
   * run first the next time. Calls that are added meanwhile take their place in the order.
   */
  runDue(now: number, enough: () => boolean): void {
    while (this.#dueAt < this.#due.length || this.#collect(now)) {
      const call = this.#due[this.#dueAt++] as WheelCall;
      if (call.state === DUE) this.#run(call);
      if (enough()) return;
    }
  }

  /** No call is due before this; Infinity if there is none. It may be early, never late. */
  nextTime(): number {
    if (this.#dueAt < this.#due.length) return (this.#due[this.#dueAt] as WheelCall).due;
    if (this.#size === 0) return Number.POSITIVE_INFINITY;
    const near = this.#nextNearTick();
    const far = this.#nextFarTick();
    if (far <= near) return far;
    let time = Number.POSITIVE_INFINITY;
    const slot = this.#slotAt(near);
    for (let call = slot.next; call !== slot; call = call.next) time = Math.min(time, call.due);
    return time;
  }

  /** For WheelCall: takes an active call out of whatever it is in. */
  drop(call: WheelCall): void {
    unlink(call);
    // It was never given a time, and none is read for it now: from the latest reading on is near enough.
    if (call.state === UNSETTLED) call.due += this.#latestReading;
    call.state = CANCELLED;
    call.f = nothing;
    if (--this.#size === 0) this.#host.emptied();
  }

  /** For WheelCall: makes an active call due `ms` from now, in line behind all others. */
  reset(call: WheelCall, ms: number): void {
    this.#takeOut(call);
    this.#schedule(call, ms);
  }

  /** For WheelCall: makes an active call due at `time`, in line behind all others. */
  move(call: WheelCall, time: number): void {
    this.#takeOut(call);
    this.#scheduleAt(call, time);
  }

  /** For WheelCall: when it is due. */
  timeOf(call: WheelCall): number {
    if (call.state === UNSETTLED) this.settle(this.#host.now());
    return call.due;
  }

  #takeOut(call: WheelCall): void {
    if (call.state === DUE) this.#due.splice(this.#due.indexOf(call, this.#dueAt), 1);
    unlink(call);
    call.order = this.#order++;
  }

  #schedule(call: WheelCall, ms: number): void {
    const now = this.#host.reading();
    if (Number.isNaN(now)) {
      call.due = ms;
      if (call.state !== UNSETTLED) this.#unsettled.push(call);
      call.state = UNSETTLED;
    } else {
      this.#latestReading = now;
      this.#scheduleAt(call, now + ms);
    }
  }

  #scheduleAt(call: WheelCall, time: number): void {
    call.due = time;
    this.#place(call);
    this.#host.scheduled(time);
  }

  #run(call: WheelCall): void {
    const f = call.f;
    call.state = CALLED;
    call.f = nothing;
    this.#size--;
    try {
      f();
    } catch (error) {
      this.#host.failed(error);
    }
  }

  #place(call: WheelCall): void {
    const last = this.#due.at(-1);
    if (last !== undefined && this.#dueAt < this.#due.length && call.due < last.due) this.#placeAmongDue(call);
    else {
      call.state = WAITING;
      append(this.#slotFor(Math.max(Math.floor(call.due), this.#tick)), call);
    }
  }

  // Only a call that is moved to before the others can come here; it is rare, so a plain search does.
  #placeAmongDue(call: WheelCall): void {
    let at = this.#dueAt;
    while ((this.#due[at] as WheelCall).due <= call.due) at++;
    call.state = DUE;
    this.#due.splice(at, 0, call);
  }

  #slotFor(tick: number): WheelCall {
    const ahead = tick - this.#tick;
    if (ahead < FIRST_SLOTS) return this.#slotAt(tick);
    if (ahead < 0x4000) return this.#slots[FIRST_SLOTS + ((tick >>> 8) & 63)] as WheelCall;
    if (ahead < 0x10_0000) return this.#slots[FIRST_SLOTS + 64 + ((tick >>> 14) & 63)] as WheelCall;
    if (ahead < 0x400_0000) return this.#slots[FIRST_SLOTS + 128 + ((tick >>> 20) & 63)] as WheelCall;
    const reachable = ahead < 0x1_0000_0000 ? tick : this.#tick + 0xffff_ffff;
    return this.#slots[FIRST_SLOTS + 192 + ((reachable >>> 26) & 63)] as WheelCall;
  }

  #slotAt(tick: number): WheelCall {
    return this.#slots[tick & (FIRST_SLOTS - 1)] as WheelCall;
  }

  /** Moves what is due in the first millisecond that has any into `#due`. False: nothing is due. */
  #collect(now: number): boolean {
    this.#due.length = 0;
    this.#dueAt = 0;
    const nowTick = Math.floor(now);
    for (;;) {
      const tick = this.#size === 0 ? Number.POSITIVE_INFINITY : Math.min(this.#nextNearTick(), this.#nextFarTick());
      if (tick > nowTick) {
        this.#tick = Math.max(this.#tick, nowTick);
        return false;
      }
      this.#tick = tick;
      this.#moveDown();
      this.#take(this.#slotAt(tick), now);
      if (this.#due.length > 0) {
        if (!isSorted(this.#due)) this.#due.sort(byTimeThenOrder);
        return true;
      }
      if (tick === nowTick) return false;
    }
  }

  #take(slot: WheelCall, now: number): void {
    let call = slot.next;
    while (call !== slot) {
      const next = call.next;
      if (call.due <= now) {
        unlink(call);
        call.state = DUE;
        this.#due.push(call);
      }
      call = next;
    }
  }

  /** Empties the slots of the farther rings that start at `#tick` into the rings below. */
  #moveDown(): void {
    for (const ring of RINGS) {
      const at = this.#tick / ring.width;
      if (!Number.isInteger(at)) return;
      const slot = this.#slots[ring.first + (at & (RING_SLOTS - 1))] as WheelCall;
      let call = slot.next;
      slot.next = slot;
      slot.prev = slot;
      while (call !== slot) {
        const next = call.next;
        append(this.#slotFor(Math.max(Math.floor(call.due), this.#tick)), call);
        call = next;
      }
    }
  }

  /** The first millisecond for which the first ring holds anything; Infinity if there is none. */
  #nextNearTick(): number {
    for (let tick = this.#tick; tick < this.#tick + FIRST_SLOTS; tick++) {
      const slot = this.#slotAt(tick);
      if (slot.next !== slot) return tick;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Where the first slot of a farther ring starts that holds anything; Infinity if none does. */
  #nextFarTick(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const ring of RINGS) first = Math.min(first, this.#nextTickOf(ring));
    return first;
  }

  #nextTickOf(ring: Ring): number {
    const here = Math.floor(this.#tick / ring.width);
    for (let at = here + 1; at <= here + RING_SLOTS; at++) {
      const slot = this.#slots[ring.first + (at & (RING_SLOTS - 1))] as WheelCall;
      if (slot.next !== slot) return at * ring.width;
    }
    return Number.POSITIVE_INFINITY;
  }
}

/** A call in a wheel: the links of its list are in it, so that adding one makes one object and no closure. */
export class WheelCall implements DelayedCall {
  readonly #wheel: Wheel;
  /** The fields from here on are the wheel's. */
  f: () => void;
  /** When it is due; while it is unsettled, how many ms after its time is settled. */
  due: number;
  order: number;
  state: number;
  prev: WheelCall;
  next: WheelCall;

  constructor(wheel: Wheel, f: () => void, order: number) {
    this.#wheel = wheel;
    this.f = f;
    this.due = 0.5;
    this.order = order;
    this.state = WAITING;
    this.prev = this;
    this.next = this;
  }

  get time(): number {
    return this.#wheel.timeOf(this);
  }

  get active(): boolean {
    return this.state < CALLED;
  }

  cancel(): void {
    if (this.state >= CALLED) this.#refuse("cancel");
    this.#wheel.drop(this);
  }

  reset(ms: number): void {
    checkDelay(ms);
    if (this.state >= CALLED) this.#refuse("reset");
    this.#wheel.reset(this, ms);
  }

  delay(ms: number): void {
    if (Number.isNaN(ms)) throw new RangeError("Cannot delay a call by NaN ms");
    if (this.state >= CALLED) this.#refuse("delay");
    this.#wheel.move(this, this.time + ms);
  }

  [Symbol.dispose](): void {
    if (this.state < CALLED) this.#wheel.drop(this);
  }

  #refuse(verb: string): never {
    if (this.state === CALLED) throw new AlreadyCalledError(`Cannot ${verb} a delayed call that ran already`);
    throw new AlreadyCancelledError(`Cannot ${verb} a delayed call that was cancelled`);
  }
}

/** @throws RangeError if `ms` is negative or not a number. */
export function checkDelay(ms: number): void {
  if (!(ms >= 0)) throw new RangeError(`Cannot call after ${ms} ms: the delay must be 0 or more`);
}

function append(slot: WheelCall, call: WheelCall): void {
  const last = slot.prev;
  call.prev = last;
  call.next = slot;
  last.next = call;
  slot.prev = call;
}

// A call that is in no list is linked to itself, so that unlinking it again does nothing.
function unlink(call: WheelCall): void {
  call.prev.next = call.next;
  call.next.prev = call.prev;
  call.prev = call;
  call.next = call;
}

// They mostly are: then sorting would be most of the cost of a crowded millisecond.
function isSorted(calls: readonly WheelCall[]): boolean {
  for (let i = 1; i < calls.length; i++) {
    if (byTimeThenOrder(calls[i - 1] as WheelCall, calls[i] as WheelCall) > 0) return false;
  }
  return true;
}

function byTimeThenOrder(a: WheelCall, b: WheelCall): number {
  return a.due - b.due || a.order - b.order;
}

function nothing(): void {}

/** One of the farther rings: where its slots begin in the table, and how many ms one of them spans. */
interface Ring {
  readonly first: number;
  readonly width: number;
}

const FIRST_SLOTS = 256;
const RING_SLOTS = 64;
const RINGS: readonly Ring[] = [8, 14, 20, 26].map((bits, i) => ({
  first: FIRST_SLOTS + i * RING_SLOTS,
  width: 2 ** bits,
}));

/** What a call is, in order: less than CALLED is active. */
const UNSETTLED = 0;
const WAITING = 1;
const DUE = 2;
const CALLED = 3;
const CANCELLED = 4;
