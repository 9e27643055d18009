import assert from "node:assert/strict";
import { type Cases, until, type World } from "./world.ts";

/** What time it is, and what happens later. */
export const TIME: Cases<World> = {
  "now never goes back": async (world) => {
    let last = world.reactor.now();
    for (let i = 0; i < 100; i += 1) {
      await world.turn();
      const now = world.reactor.now();
      assert.ok(now >= last);
      last = now;
    }
  },

  "wallTimeMs is some time since 1970": async (world) => {
    const wallTimeMs = world.reactor.wallTimeMs();
    assert.ok(Number.isFinite(wallTimeMs) && wallTimeMs > 1_577_836_800_000, `${wallTimeMs}`);
  },

  "calls are made in the order of their time, then of their scheduling, and never at once": async (world) => {
    const calls: string[] = [];
    const at = (name: string, ms: number) => world.reactor.callLater(ms, () => calls.push(name));
    at("30", 30);
    at("10 first", 10);
    at("0", 0);
    at("10 second", 10);
    assert.deepEqual(calls, []);
    await world.advance(30);
    await until(world, "all calls", () => calls.length === 4);
    assert.deepEqual(calls, ["0", "10 first", "10 second", "30"]);
  },

  "a call is made no earlier than it is due, and sees that time": async (world) => {
    const { reactor } = world;
    let madeAt: number | undefined;
    const call = reactor.callLater(15, () => {
      madeAt = reactor.now();
    });
    await world.advance(15);
    await until(world, "the call", () => madeAt !== undefined);
    assert.ok((madeAt as number) >= call.time, `${madeAt} against ${call.time}`);
  },

  "a call that a call schedules for now is made too": async (world) => {
    const { reactor } = world;
    let depth = 0;
    const again = () => {
      depth += 1;
      if (depth < 5) reactor.callLater(0, again);
    };
    reactor.callLater(0, again);
    await world.advance(0);
    await until(world, "five calls", () => depth === 5);
  },

  "a cancelled call is not made, and says that it is not active": async (world) => {
    const { reactor } = world;
    const calls: string[] = [];
    const call = reactor.callLater(5, () => calls.push("cancelled"));
    const kept = reactor.callLater(10, () => calls.push("kept"));
    assert.deepEqual([call.active, kept.active], [true, true]);
    call.cancel();
    assert.equal(call.active, false);
    await world.advance(10);
    await until(world, "the other call", () => calls.length > 0);
    assert.deepEqual([calls, kept.active], [["kept"], false]);
  },

  "cancel, reset and delay tell what became of a call": async (world) => {
    const { reactor } = world;
    let isMade = false;
    const made = reactor.callLater(0, () => {
      isMade = true;
    });
    await world.advance(0);
    await until(world, "the call", () => isMade);
    const cancelled = reactor.callLater(5, () => undefined);
    cancelled.cancel();
    for (const verb of [
      (call: typeof made) => call.cancel(),
      (call: typeof made) => call.reset(5),
      (call: typeof made) => call.delay(5),
    ]) {
      assert.throws(() => verb(made), { name: "AlreadyCalledError" });
      assert.throws(() => verb(cancelled), { name: "AlreadyCancelledError" });
    }
    made[Symbol.dispose]();
    cancelled[Symbol.dispose]();
  },

  "a disposed call is cancelled": async (world) => {
    const calls: string[] = [];
    {
      using call = world.reactor.callLater(0, () => calls.push("disposed"));
      assert.ok(call.active);
    }
    await world.advance(1);
    await world.settle();
    assert.deepEqual(calls, []);
  },

  "reset counts from now, delay from the time it was due": async (world) => {
    const { reactor } = world;
    const call = reactor.callLater(50_000, () => undefined);
    const due = call.time;
    call.delay(10_000);
    assert.equal(call.time, due + 10_000);
    call.delay(-30_000);
    assert.equal(call.time, due - 20_000);
    const before = reactor.now();
    call.reset(70_000);
    assert.ok(call.time >= before + 70_000 && call.time <= reactor.now() + 70_000);
    call.cancel();
  },

  "a call can be moved ahead of others, and behind them": async (world) => {
    const calls: string[] = [];
    const at = (name: string, ms: number) => world.reactor.callLater(ms, () => calls.push(name));
    const first = at("first", 1);
    at("second", 10);
    const third = at("third", 40_000);
    first.reset(20);
    third.reset(0);
    await world.advance(20);
    await until(world, "all calls", () => calls.length === 3);
    assert.deepEqual(calls, ["third", "second", "first"]);
  },

  "a negative time is a RangeError, and no number too": async (world) => {
    assert.throws(() => world.reactor.callLater(-1, () => undefined), RangeError);
    assert.throws(() => world.reactor.callLater(Number.NaN, () => undefined), RangeError);
  },

  "random is in [0, 1), and randomBytes as many as asked for": async (world) => {
    const drawn = Array.from({ length: 200 }, () => world.reactor.random());
    assert.ok(drawn.every((value) => value >= 0 && value < 1));
    assert.ok(new Set(drawn).size > 100);
    assert.deepEqual(
      [0, 1, 33].map((count) => world.reactor.randomBytes(count).length),
      [0, 1, 33],
    );
    assert.notDeepEqual(world.reactor.randomBytes(16), world.reactor.randomBytes(16));
  },
};
