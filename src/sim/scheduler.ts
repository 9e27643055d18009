/*
 * Theory of operation. All that happens in a simulation is an event: an object with an instant of virtual time. The
 * scheduler makes them happen one by one, by time and then by the order of scheduling. An event that ran code of a program
 * (`touched`) is followed by all the microtasks which that code queued, and by what these wrote, before the next one: so
 * the order in which promises settle cannot reach into the order of events.
 */
import { installTurnHook } from "../core/deferred/turn.ts";
import { installWorkHook } from "../core/outside-work.ts";
import { EventHeap } from "./event-heap.ts";
import { FlyingPacket } from "./network/packet.ts";
import { afterMicrotasks, afterRealTurn } from "./node/microtasks.ts";
import { workOutside } from "./process/workers.ts";
import { runningProcess, setRunning } from "./running.ts";

/** Something that happens at one instant of virtual time. All but `happen` belongs to the scheduler. */
export interface SimEvent {
  timeMs: number;
  order: number;
  /** Its place in the schedule; -1 if it is not in it. Start with that. */
  slot: number;
  happen(): void;
}

/** What has to be done before the next event, or before the time moves. */
export interface Chore {
  perform(): void;
}

/** Virtual time, and what happens in it. */
export class Scheduler {
  /** Milliseconds since the simulation began. */
  nowMs = 0;
  /** Set by whoever calls code of a program: promises may have been made. */
  touched = false;
  /** Events that have happened. */
  happened = 0;
  /** Called after each event and all that came of it; what it throws ends the drive. */
  afterEvent: (() => void) | undefined = undefined;
  /** Called around the time in which code of programs runs: to set up the guard, and to take it down. */
  onEnter: () => void = nothing;
  onLeave: () => void = nothing;
  readonly #heap = new EventHeap();
  #ordered = 0;
  #soon: SimEvent[] = [];
  #soonAt = 0;
  #afterTouch: Chore[] = [];
  #beforeTime: Chore[] = [];
  /** Real turns to wait before the next event: something real, a TLS handshake, is under way. */
  #realTurns = 0;
  #holds = 0;
  #sinceRealTurn = 0;
  #driving = false;
  #checks: (() => void)[] = [];
  #checksNext: (() => void)[] = [];

  /** Makes `event` happen at `timeMs`, or now if that has passed. */
  at(timeMs: number, event: SimEvent): void {
    this.#ordered += 1;
    event.timeMs = Math.max(timeMs, this.nowMs);
    event.order = this.#ordered;
    this.#heap.push(event);
  }

  /** Takes an event back that is in the schedule. */
  remove(event: SimEvent): void {
    this.#heap.remove(event);
  }

  /** Makes `event` happen at this instant: after all that was asked so before and all that arrives, ahead of what else is due. */
  soon(event: SimEvent): void {
    event.timeMs = this.nowMs;
    this.#soon.push(event);
  }

  /** Performs `chore` once, when the microtasks of this event have run. */
  afterTouch(chore: Chore): void {
    this.#afterTouch.push(chore);
  }

  /** Performs `chore` once, when nothing is left to happen soon, before an event from the schedule. */
  beforeTime(chore: Chore): void {
    this.#beforeTime.push(chore);
  }

  /** Something outside has to finish first, at no cost in virtual time; call what comes back when it did. */
  hold(): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (held) this.#holds -= 1;
      held = false;
    };
  }

  /** Lets Node's own loop turn that often before the next event. */
  awaitRealTurns(count: number): void {
    if (this.#realTurns < count) this.#realTurns = count;
  }

  /** When the next event is due; undefined if there is none. */
  get nextMs(): number | undefined {
    return this.#soonAt < this.#soon.length || this.#beforeTime.length > 0 ? this.nowMs : this.#heap.first?.timeMs;
  }

  /** All events that are scheduled, in no order. */
  get scheduled(): readonly SimEvent[] {
    return this.#heap.events;
  }

  /**
   * Makes everything happen until `endMs`, or until `isDone` says so between two events. Fails with what an event threw.
   *
   * @throws Error if it is driven already.
   */
  drive(endMs: number, isDone: () => boolean): Promise<void> {
    if (this.#driving) throw new Error("Cannot drive a simulation that is being driven: await the call before");
    this.#driving = true;
    const uninstallTurns = installTurnHook((check) => void this.#checks.push(check));
    const uninstallWork = installWorkHook((work) => {
      const owner = runningProcess();
      return owner && workOutside(owner, work);
    });
    return new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void): void => {
        this.#driving = false;
        setRunning(undefined);
        this.onLeave();
        uninstallTurns();
        uninstallWork();
        settle();
      };
      const go = (): void => {
        try {
          this.onEnter();
          this.#proceed(endMs, isDone, go, () => finish(resolve));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      // What the caller did before must have settled too.
      this.touched = true;
      afterMicrotasks(go);
    });
  }

  /** Goes on until something has to be waited for (`go` is then called again), or until the end. */
  #proceed(endMs: number, isDone: () => boolean, go: () => void, finish: () => void): void {
    for (;;) {
      if (this.#holds > 0 || this.#realTurns > 0 || this.#sinceRealTurn > EVENTS_BEFORE_REAL_TURN) {
        this.#takeRealTurn(go);
        return;
      }
      if (this.touched) {
        // The microtasks have run: what they and the event wrote leaves.
        this.touched = false;
        this.#perform(this.#afterTouch);
        if (this.touched || this.#realTurns > 0) {
          this.#afterMicrotasks(go);
          return;
        }
        setRunning(undefined);
        this.#endTurn();
        this.afterEvent?.();
      }
      if (isDone() || !this.#next(endMs)) {
        finish();
        return;
      }
      this.happened += 1;
      if (this.touched) {
        this.#afterMicrotasks(go);
        return;
      }
    }
  }

  #afterMicrotasks(go: () => void): void {
    this.#sinceRealTurn += 1;
    afterMicrotasks(go);
  }

  #takeRealTurn(go: () => void): void {
    this.#sinceRealTurn = 0;
    if (this.#realTurns > 0) this.#realTurns -= 1;
    this.onLeave();
    this.touched = true;
    afterRealTurn(() => afterMicrotasks(go));
  }

  /** Returns whether there was an event until `endMs`; if not, the time is moved there. */
  #next(endMs: number): boolean {
    const first = this.#heap.first;
    const isNow = first !== undefined && first.timeMs <= this.nowMs;
    // Kernels take all that arrives in an instant before a process has its turn, as a busy machine does.
    if (isNow && first instanceof FlyingPacket) {
      this.#heap.shift();
      first.happen();
      return true;
    }
    const soon = this.#soon[this.#soonAt];
    if (soon !== undefined) {
      this.#soonAt += 1;
      if (this.#soonAt === this.#soon.length) {
        this.#soon.length = 0;
        this.#soonAt = 0;
      }
      soon.happen();
      return true;
    }
    if (!isNow && this.#beforeTime.length > 0) {
      this.#perform(this.#beforeTime);
      return true;
    }
    if (first === undefined || first.timeMs > endMs) {
      if (endMs !== Number.POSITIVE_INFINITY && endMs > this.nowMs) this.nowMs = endMs;
      return false;
    }
    this.#heap.shift();
    this.nowMs = first.timeMs;
    first.happen();
    return true;
  }

  /** A chore may bring up others of its kind. */
  #perform(chores: Chore[]): void {
    for (let at = 0; at < chores.length; at += 1) (chores[at] as Chore).perform();
    chores.length = 0;
  }

  /** An event is a turn: what core asked for in one comes at the end of the second after it. */
  #endTurn(): void {
    if (this.#checks.length === 0 && this.#checksNext.length === 0) return;
    const due = this.#checksNext;
    this.#checksNext = this.#checks;
    this.#checks = [];
    for (const check of due) check();
  }
}

function nothing(): void {}

/** Signals, and whoever else lives in this process, have a turn about every millisecond. */
const EVENTS_BEFORE_REAL_TURN = 1_000;
