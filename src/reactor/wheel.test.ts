import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AlreadyCalledError, AlreadyCancelledError } from "../core/deferred/errors.ts";
import type { DelayedCall } from "../core/time/clock.ts";
import { Clock } from "../testing/clock.ts";
import { Wheel, type WheelHost } from "./wheel.ts";

describe("a wheel", () => {
  test("runs calls in the order of their time, then of their scheduling", () => {
    const world = new World();
    for (const [ms, name] of [
      [5, "c"],
      [1.7, "b"],
      [1.2, "a"],
      [5, "d"],
      [70_000, "e"],
    ] as const) {
      world.later(ms, name);
    }
    world.advance(70_000);
    assert.deepEqual(world.ran, ["a", "b", "c", "d", "e"]);
  });

  test("runs a call that was moved to the same time after those that were there first", () => {
    const world = new World();
    const moved = world.later(1, "moved");
    world.later(5, "first");
    moved.reset(5);
    world.advance(5);
    assert.deepEqual(world.ran, ["first", "moved"]);
  });

  test("runs a call that a due call moves to the front before the others that are due", () => {
    const world = new World();
    world.add(1, () => late.delay(-50));
    world.later(1.5, "other");
    const late = world.later(51.2, "moved");
    world.advance(10);
    assert.deepEqual(world.ran, ["moved", "other"]);
  });

  test("does not run what a due call cancels or moves away", () => {
    const world = new World();
    world.add(1, () => {
      cancelled.cancel();
      moved.reset(100);
    });
    const cancelled = world.later(1.1, "cancelled");
    const moved = world.later(1.2, "moved");
    world.advance(50);
    assert.deepEqual(world.ran, []);
    assert.equal(moved.active, true);
    world.advance(150);
    assert.deepEqual(world.ran, ["moved"]);
  });

  test("stops where it is told to and goes on from there", () => {
    const world = new World();
    for (const name of ["a", "b", "c"]) world.later(1, name);
    world.time = 1;
    world.wheel.runDue(1, () => world.ran.length === 2);
    assert.deepEqual(world.ran, ["a", "b"]);
    assert.equal(world.wheel.nextTime(), 1);
    world.advance(1);
    assert.deepEqual(world.ran, ["a", "b", "c"]);
    assert.equal(world.wheel.nextTime(), Number.POSITIVE_INFINITY);
  });

  test("reports what a call throws, and runs the next", () => {
    const world = new World();
    world.add(1, () => {
      throw new Error("on purpose");
    });
    world.later(1, "next");
    world.advance(1);
    assert.deepEqual(world.ran, ["next"]);
    assert.deepEqual(
      world.errors.map((error) => (error as Error).message),
      ["on purpose"],
    );
  });

  test("tells its host when the last active call is cancelled, and only then", () => {
    const world = new World();
    const first = world.later(1, "first");
    const second = world.later(2, "second");
    first.cancel();
    assert.equal(world.timesEmptied, 0);
    second[Symbol.dispose]();
    assert.equal(world.timesEmptied, 1);
    second[Symbol.dispose]();
    assert.equal(world.timesEmptied, 1);
  });

  test("refuses to change a call that ran", () => {
    const world = new World();
    const call = world.later(1, "ran");
    world.advance(1);
    assert.equal(call.active, false);
    assert.throws(() => call.cancel(), AlreadyCalledError);
    assert.throws(() => call.reset(1), AlreadyCalledError);
    assert.throws(() => call.delay(1), AlreadyCalledError);
  });

  test("refuses to change a call that was cancelled", () => {
    const world = new World();
    const call = world.later(1, "never");
    call.cancel();
    assert.equal(call.active, false);
    assert.throws(() => call.cancel(), AlreadyCancelledError);
    assert.throws(() => call.reset(1), AlreadyCancelledError);
    assert.throws(() => call.delay(1), AlreadyCancelledError);
  });

  test("refuses delays that are no time", () => {
    const call = new World().later(1, "x");
    assert.throws(() => call.reset(-1), RangeError);
    assert.throws(() => call.reset(Number.NaN), RangeError);
    assert.throws(() => call.delay(Number.NaN), RangeError);
    assert.equal(call.active, true);
  });

  test("never runs a call whose delay is infinite, and can cancel it", () => {
    const world = new World();
    const call = world.later(Number.POSITIVE_INFINITY, "never");
    world.advance(2 ** 45);
    assert.deepEqual(world.ran, []);
    call.cancel();
    assert.equal(world.wheel.size, 0);
  });

  test("settles the time of a call when somebody asks for it", () => {
    const world = new World(100);
    world.burst = true;
    const call = world.later(5, "x");
    world.time = 103;
    assert.equal(call.time, 108);
    world.time = 104;
    assert.equal(call.time, 108);
  });

  test("keeps a plausible time in a call that is cancelled before its time is settled", () => {
    const world = new World(100);
    world.later(1, "settled").cancel();
    world.burst = true;
    const call = world.later(5, "x");
    call.cancel();
    assert.equal(call.time, 105);
  });

  test("does what a sorted list does, whatever is asked of it", () => {
    fc.assert(
      fc.property(fc.array(stepWith(span), { maxLength: 60 }), startTime, (steps, start) => {
        const wheel = new World(start);
        const list = new SortedList(start);
        for (const each of steps) {
          assert.deepEqual(perform(wheel, each), perform(list, each));
          assert.deepEqual(wheel.ran, list.ran);
          if (!wheel.burst) wheel.wheel.settle(wheel.time);
          if (!wheel.burst) assert.ok(wheel.wheel.nextTime() <= list.nextTime(), "nextTime is never late");
        }
        wheel.advance(2 ** 44);
        list.advance(2 ** 44);
        assert.deepEqual(wheel.ran, list.ran);
      }),
      { numRuns: 600 },
    );
  });

  test("breaks ties as the Clock of tests does, moves and calls made by calls included", () => {
    fc.assert(
      fc.property(fc.array(stepWith(fc.nat(6)), { maxLength: 60 }), (steps) => {
        const [world, clock] = [new World(), new TestsClock()];
        for (const each of steps) {
          // A reactor that wakes at every millisecond is never late: then both say the same of now() inside a call.
          const units = each.kind === "advance" ? [0, ...Array.from({ length: each.ms }, () => 1)] : undefined;
          const parts: Step[] = units?.map((ms) => ({ kind: "advance", ms })) ?? [each];
          for (const part of parts) assert.deepEqual(perform(world, part), perform(clock, part));
          assert.deepEqual(world.ran, clock.ran);
        }
      }),
      { numRuns: 600 },
    );
  });

  test("wakes no more than once for each ring on the way to a far call", () => {
    const world = new World(123.4);
    world.later(2 ** 31, "far");
    let wakes = 0;
    while (world.ran.length === 0) {
      world.advance(world.wheel.nextTime());
      wakes++;
    }
    assert.ok(wakes <= 5, `${wakes} wakes`);
    assert.equal(world.time, 2 ** 31 + 123.4);
  });
});

/** What both models can be asked. */
interface Model {
  readonly time: number;
  readonly ran: string[];
  /** Calls get their time later: nobody may notice. */
  burst: boolean;
  add(ms: number, f: () => void): DelayedCall;
  advance(time: number): void;
}

class World implements Model, WheelHost {
  time: number;
  readonly wheel: Wheel;
  readonly ran: string[] = [];
  readonly errors: unknown[] = [];
  timesEmptied = 0;
  burst = false;
  #advancing = false;

  constructor(time = 0) {
    this.time = time;
    this.wheel = new Wheel(this);
  }
  now(): number {
    return this.time;
  }
  reading(): number {
    return this.burst && !this.#advancing ? Number.NaN : this.time;
  }
  scheduled(time: number): void {
    assert.ok(this.wheel.nextTime() <= time);
  }
  emptied(): void {
    this.timesEmptied++;
  }
  failed(error: unknown): void {
    this.errors.push(error);
  }
  add(ms: number, f: () => void): DelayedCall {
    return this.wheel.add(ms, f);
  }
  later(ms: number, name: string): DelayedCall {
    return this.add(ms, () => this.ran.push(name));
  }
  advance(time: number): void {
    this.wheel.settle(this.time);
    this.time = Math.max(time, this.time);
    this.#advancing = true;
    this.wheel.runDue(this.time, () => false);
    this.#advancing = false;
  }
}

class TestsClock implements Model {
  readonly clock: Clock = new Clock();
  readonly ran: string[] = [];
  burst = false;

  get time(): number {
    return this.clock.now();
  }
  add(ms: number, f: () => void): DelayedCall {
    return this.clock.callLater(ms, f);
  }
  advance(time: number): void {
    this.clock.advance(time - this.time);
  }
}

class SortedList implements Model {
  time: number;
  burst = false;
  readonly ran: string[] = [];
  readonly calls: { time: number; order: number; f: () => void }[] = [];
  #order = 0;

  constructor(time: number) {
    this.time = time;
  }
  add(ms: number, f: () => void): DelayedCall {
    const call = { time: this.time + ms, order: this.#order++, f };
    this.calls.push(call);
    const active = () => this.calls.includes(call);
    const refuse = (error: new () => Error) => {
      if (!active()) throw new error();
    };
    let error: new () => Error = AlreadyCalledError;
    const move = (time: number) => {
      refuse(error);
      call.time = time;
      call.order = this.#order++;
    };
    return {
      get time() {
        return call.time;
      },
      get active() {
        return active();
      },
      cancel: () => {
        refuse(error);
        error = AlreadyCancelledError;
        this.calls.splice(this.calls.indexOf(call), 1);
      },
      reset: (delay) => move(this.time + delay),
      delay: (delay) => move(call.time + delay),
      [Symbol.dispose]: () => {},
    };
  }
  nextTime(): number {
    return Math.min(...this.calls.map(({ time }) => time));
  }
  advance(time: number): void {
    this.time = Math.max(time, this.time);
    for (;;) {
      this.calls.sort((a, b) => a.time - b.time || a.order - b.order);
      if (this.calls[0] === undefined || this.calls[0].time > this.time) return;
      this.calls.shift()?.f();
    }
  }
}

type Change =
  | { kind: "cancel"; which: number }
  | { kind: "reset"; which: number; ms: number }
  | { kind: "delay"; which: number; ms: number }
  | { kind: "add"; ms: number };
type Step =
  | { kind: "burst"; on: boolean }
  | { kind: "add"; ms: number; inside?: Change | undefined }
  | Change
  | { kind: "advance"; ms: number };

const calls = new WeakMap<Model, DelayedCall[]>();

function perform(model: Model, step: Step): unknown {
  const made = calls.get(model) ?? [];
  calls.set(model, made);
  try {
    if (step.kind === "advance") model.advance(model.time + step.ms);
    else if (step.kind === "burst") model.burst = step.on;
    else if (step.kind === "add") {
      const name = String(made.length);
      const { inside } = step as { inside?: Change };
      const f = () => {
        model.ran.push(name);
        if (inside !== undefined) model.ran.push(String(perform(model, inside)));
      };
      made.push(model.add(step.ms, f));
    } else {
      const call = made[step.which % Math.max(made.length, 1)];
      if (step.kind === "cancel") call?.cancel();
      else call?.[step.kind](step.ms);
      return step.kind === "cancel" ? call?.active : call?.time;
    }
  } catch (error) {
    return (error as Error).constructor.name;
  }
  return made.map(({ active }) => active);
}

const span: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 0.25, 1, 2, 255, 256, 257, 16_383, 16_384, 2 ** 20, 2 ** 26, 2 ** 32 - 1, 2 ** 32, 2 ** 40),
  fc.integer({ min: 0, max: 40 }).map((n) => n / 4),
  fc.integer({ min: 0, max: 40_000 }).map((n) => n / 4),
  fc.double({ min: 0, max: 2 ** 36, noNaN: true }),
);
const startTime: fc.Arbitrary<number> = fc.oneof(fc.constantFrom(0, 255.5, 2 ** 31, 2 ** 32 - 1, 2 ** 33 + 7), span);

function stepWith(ms: fc.Arbitrary<number>): fc.Arbitrary<Step> {
  const which = fc.nat(30);
  const change: fc.Arbitrary<Change> = fc.oneof(
    fc.record({ kind: fc.constant("cancel" as const), which }),
    fc.record({ kind: fc.constant("reset" as const), which, ms }),
    fc.record({
      kind: fc.constant("delay" as const),
      which,
      ms: fc.oneof(
        ms,
        ms.map((earlier) => -earlier),
      ),
    }),
    fc.record({ kind: fc.constant("add" as const), ms }),
  );
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("add" as const),
        ms,
        inside: fc.option(change, { nil: undefined }),
      }),
    },
    { weight: 2, arbitrary: change },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("advance" as const), ms }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("burst" as const), on: fc.boolean() }) },
  );
}
