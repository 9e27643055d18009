import { AlreadyCalledError, AlreadyCancelledError } from "../core/deferred/errors.ts";
import type { Clock as CoreClock, DelayedCall } from "../core/time/clock.ts";
import { AdvanceTurns } from "./advance-turns.ts";

/** What a Clock can be told. */
export interface ClockOptions {
  /** What `now()` says at first; default 0. */
  readonly startMs?: number | undefined;
  /** Remembers where each call was made, for `madeAt`; costs some microseconds a call. Default false. */
  readonly traceCalls?: boolean | undefined;
}

/** A call that a Clock will make. */
export interface ClockCall extends DelayedCall {
  /** The place that called `callLater`, as a stack frame; undefined unless the clock was made with `traceCalls`. */
  readonly madeAt: string | undefined;
}

/**
 * Time that moves only when a test says so.
 *
 * `advance` makes each call at its own due time: inside it, `now()` is that time. Calls that come up on the way are made
 * in the same advance. Calls due in the same instant are made in the order of their scheduling; `reset` and `delay`
 * schedule anew. `stall` is time that passes while nothing can run, as on a busy machine: what fell due is made late.
 *
 * @example
 * ```ts
 * import { Clock } from "ropewalk/testing";
 *
 * const clock = new Clock();
 * clock.callLater(250, () => console.log("called at", clock.now()));
 * clock.advance(1_000); // called at 250
 * console.log(clock.now()); // 1000
 * ```
 */
export class Clock implements CoreClock {
  #nowMs: number;
  readonly #traceCalls: boolean;
  /** By time, then by scheduling. */
  readonly #calls: Call[] = [];
  #scheduled = 0;
  readonly #turns: AdvanceTurns = new AdvanceTurns();
  readonly #queue: Queue = {
    now: () => this.#nowMs,
    insert: (call) => {
      this.#scheduled += 1;
      call.order = this.#scheduled;
      this.#calls.splice(this.#placeFor(call), 0, call);
    },
    remove: (call) => void this.#calls.splice(this.#placeFor(call), 1),
  };

  constructor({ startMs = 0, traceCalls = false }: ClockOptions = {}) {
    this.#nowMs = startMs;
    this.#traceCalls = traceCalls;
  }

  now(): number {
    return this.#nowMs;
  }

  /** @throws RangeError if `ms` is negative or not a number. Infinity is allowed, and never due. */
  callLater(ms: number, f: () => void): ClockCall {
    checkDelay("call later", ms);
    const call = new Call(f, this.#queue, this.#traceCalls ? placeOf(this.callLater) : undefined);
    call.schedule(this.#nowMs + ms);
    return call;
  }

  /**
   * Moves on by `ms`, making what falls due. If a call throws, the time is moved to the end all the same, the rest stays
   * queued for the next advance, and the error comes out here. A call may itself advance the clock.
   *
   * @throws RangeError if `ms` is negative or not finite; Error if 200 000 calls in a row do not move the time, which
   * is what a loop of `callLater(0)` does.
   */
  advance(ms: number): void {
    checkMove("advance the clock", ms);
    const endMs = this.#nowMs + ms;
    this.#turns.enter();
    try {
      this.#makeCallsUntil(endMs);
    } finally {
      this.#nowMs = Math.max(this.#nowMs, endMs);
      this.#turns.leave();
    }
  }

  /** Advances by each of these in turn. @throws as `advance` does. */
  pump(steps: Iterable<number>): void {
    for (const ms of steps) this.advance(ms);
  }

  /**
   * Moves on by `ms` without making any call: what falls due meanwhile is made late, by the next `advance` (of 0, say),
   * and sees the later `now()`.
   *
   * @throws RangeError if `ms` is negative or not finite.
   *
   * @example
   * ```ts
   * import { Clock } from "ropewalk/testing";
   *
   * const clock = new Clock();
   * clock.callLater(250, () => console.log("called at", clock.now()));
   * clock.stall(1_000);
   * clock.advance(0); // called at 1000
   * ```
   */
  stall(ms: number): void {
    checkMove("stall the clock", ms);
    this.#nowMs += ms;
  }

  /** The calls that are still to be made, in the order in which they will be. */
  getDelayedCalls(): readonly ClockCall[] {
    return [...this.#calls];
  }

  #makeCallsUntil(endMs: number): void {
    let standing = 0;
    for (let call = this.#calls[0]; call !== undefined && call.time <= endMs; call = this.#calls[0]) {
      standing = call.time > this.#nowMs ? 0 : standing + 1;
      if (standing >= STANDING_LIMIT) throw new Error(standingMessage(this.#nowMs, call));
      this.#nowMs = Math.max(this.#nowMs, call.time);
      this.#calls.shift();
      call.make();
    }
  }

  /** The index of this call, or where it belongs. */
  #placeFor(call: Call): number {
    let low = 0;
    let high = this.#calls.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#calls[middle] as Call).isBefore(call)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What a call needs of its clock. */
interface Queue {
  now(): number;
  insert(call: Call): void;
  remove(call: Call): void;
}

class Call implements ClockCall {
  time = 0;
  order = 0;
  #state: "waiting" | "made" | "cancelled" = "waiting";
  readonly #f: () => void;
  readonly #queue: Queue;
  readonly #place: { readonly stack?: string } | undefined;

  constructor(f: () => void, queue: Queue, place: { readonly stack?: string } | undefined) {
    this.#f = f;
    this.#queue = queue;
    this.#place = place;
  }

  get active(): boolean {
    return this.#state === "waiting";
  }

  get madeAt(): string | undefined {
    return this.#place?.stack?.split("\n")[1]?.trim();
  }

  cancel(): void {
    this.#check("cancel");
    this.#queue.remove(this);
    this.#state = "cancelled";
  }

  reset(ms: number): void {
    this.#check("reset");
    checkDelay("reset a delayed call", ms);
    this.#move(this.#queue.now() + ms);
  }

  delay(ms: number): void {
    this.#check("delay");
    if (Number.isNaN(ms)) throw new RangeError("Cannot delay a call: NaN is no number of milliseconds");
    this.#move(this.time + ms);
  }

  [Symbol.dispose](): void {
    if (this.active) this.cancel();
  }

  schedule(time: number): void {
    this.time = time;
    this.#queue.insert(this);
  }

  make(): void {
    this.#state = "made";
    this.#f();
  }

  isBefore(other: Call): boolean {
    return this.time < other.time || (this.time === other.time && this.order < other.order);
  }

  #move(time: number): void {
    this.#queue.remove(this);
    this.schedule(time);
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

function checkMove(verb: string, ms: number): void {
  if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`Cannot ${verb}: ${ms} is not a finite number of milliseconds, zero or more`);
  }
}

function placeOf(above: (ms: number, f: () => void) => unknown): { readonly stack?: string } {
  const place: { readonly stack?: string } = {};
  Error.captureStackTrace(place, above);
  return place;
}

function standingMessage(nowMs: number, call: Call): string {
  const made = call.madeAt === undefined ? "" : `, the next of them made ${call.madeAt}`;
  return `Cannot advance the clock beyond ${nowMs}: ${STANDING_LIMIT} calls in a row were due at once${made}`;
}

const STANDING_LIMIT = 200_000;
