import { AsyncResource } from "node:async_hooks";
import type { Clock, DelayedCall } from "../core/time/clock.ts";
import { checkDelay, Wheel, type WheelHost } from "./wheel.ts";

/**
 * The clock and the delayed calls of a NodeReactor: a wheel behind one Node timer. The timer is set again only for a call
 * that is earlier than all others, and never for a cancel, so that adding and cancelling stay within the wheel.
 *
 * Calls that are due together run in slices of at most 10 ms; between two slices Node handles the I/O that waits. A call
 * runs in the async context in which this object was made, not in that of whoever happened to set the timer. The process
 * ends if nothing but a timer without active calls is left.
 *
 * Reading the clock costs more than all the rest, so only the first calls of a turn read it each; from then on one
 * reading, taken after them, serves up to 64 calls. So a call is never early; in a burst it is late by the time that up
 * to 63 more took to be made, or the rest of the turn. Whoever looks at the clock, or at a call's `time`, sees no burst.
 */
export class TimerWheel implements Clock {
  readonly #wheel: Wheel;
  readonly #wake: () => void;
  readonly #endTurn: () => void;
  readonly #enough: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer wakes this; Infinity if it does not. */
  #armedFor = Number.POSITIVE_INFINITY;
  #holdsProcess = true;
  #running = false;
  #wakesThisTurn = false;
  #turnEndWaits = false;
  /** Clock readings for calls since the last end of a turn that this object was told of. */
  #readings = 0;
  #unsettled = 0;
  #sliceEnd = 0;
  #untilLook = 0;

  /** `onError` gets what a call throws. */
  constructor(onError: (error: unknown) => void) {
    const host: WheelHost = {
      now: () => performance.now(),
      reading: () => this.#reading(),
      scheduled: (time) => {
        if (time < this.#armedFor && !this.#running) this.#arm(time);
      },
      emptied: () => this.#awaitTurnEnd(),
      failed: onError,
    };
    this.#wheel = new Wheel(host);
    this.#wake = AsyncResource.bind(() => this.#runSlice());
    this.#endTurn = () => {
      this.#turnEndWaits = false;
      this.#settle(performance.now());
      if (this.#wheel.size === 0) this.#disarm();
    };
    this.#enough = () => {
      if (this.#untilLook-- > 0) return false;
      this.#untilLook = CALLS_BETWEEN_LOOKS;
      return performance.now() >= this.#sliceEnd;
    };
  }

  /** Whether calls that wait keep the process from ending. */
  set holdsProcess(holds: boolean) {
    this.#holdsProcess = holds;
    if (holds) this.#timer?.ref();
    else this.#timer?.unref();
  }

  /** How many calls are active. */
  get size(): number {
    return this.#wheel.size;
  }

  /** The active calls, in the order in which they are due. */
  calls(): readonly DelayedCall[] {
    this.now();
    return this.#wheel.calls();
  }

  now(): number {
    const now = performance.now();
    if (this.#unsettled > 0) this.#settle(now);
    return now;
  }

  callLater(ms: number, f: () => void): DelayedCall {
    checkDelay(ms);
    return this.#wheel.add(ms, f);
  }

  #reading(): number {
    if (this.#readings < READINGS_BEFORE_BURST) {
      this.#readings++;
      return performance.now();
    }
    this.#awaitTurnEnd();
    if (++this.#unsettled < CALLS_PER_READING) return Number.NaN;
    const now = performance.now();
    this.#wheel.settle(now);
    this.#unsettled = 0;
    return now;
  }

  #settle(now: number): void {
    this.#readings = 0;
    this.#unsettled = 0;
    this.#wheel.settle(now);
  }

  #arm(time: number): void {
    this.#disarm();
    this.#armedFor = time;
    const ms = Math.ceil(time - performance.now());
    if (ms > 0) {
      this.#timer = setTimeout(this.#wake, Math.min(ms, LONGEST_TIMEOUT_MS));
      if (!this.#holdsProcess) this.#timer.unref();
    } else if (!this.#wakesThisTurn) {
      this.#wakesThisTurn = true;
      setImmediate(this.#wake);
    }
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #runSlice(): void {
    this.#wakesThisTurn = false;
    this.#running = true;
    const start = performance.now();
    this.#sliceEnd = start + SLICE_MS;
    this.#untilLook = CALLS_BETWEEN_LOOKS;
    this.#settle(start);
    this.#wheel.runDue(start, this.#enough);
    this.#settle(performance.now());
    this.#running = false;
    this.#disarm();
    const next = this.#wheel.nextTime();
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
  }

  // An idle timer is not stopped at once: code that cancels one call mostly makes the next in the same turn.
  #awaitTurnEnd(): void {
    if (this.#turnEndWaits) return;
    this.#turnEndWaits = true;
    setImmediate(this.#endTurn);
  }
}

const SLICE_MS = 10;
const CALLS_BETWEEN_LOOKS = 16;
const READINGS_BEFORE_BURST = 16;
const CALLS_PER_READING = 64;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
