import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Deferred } from "../core/deferred/deferred.ts";
import { AlreadyCalledError, AlreadyCancelledError } from "../core/deferred/errors.ts";
import { installTurnHook } from "../core/deferred/turn.ts";
import { captureLogs } from "../core/log/observers.ts";
import { Clock } from "./clock.ts";

describe("Clock", () => {
  test("starts at 0, or where it is told, and moves only when told", () => {
    assert.equal(new Clock().now(), 0);
    const clock = new Clock({ startMs: 1_000 });
    clock.advance(1.5);
    clock.stall(2);
    assert.equal(clock.now(), 1_003.5);
  });

  test("makes each call at its own due time", () => {
    const { clock, seen, at } = fixture();
    at(5, "b");
    at(2, "a");
    at(7, "never");
    clock.advance(6);
    assert.deepEqual(seen, ["a 2", "b 5"]);
    assert.equal(clock.now(), 6);
  });

  test("makes a call that is due exactly at the end", () => {
    const { clock, seen, at } = fixture();
    at(5, "a");
    clock.advance(5);
    assert.deepEqual(seen, ["a 5"]);
  });

  test("never makes a call inside callLater, and makes it on an advance of 0", () => {
    const { clock, seen, at } = fixture();
    at(0, "a");
    assert.deepEqual(seen, []);
    clock.advance(0);
    assert.deepEqual(seen, ["a 0"]);
  });

  test("makes calls of the same instant in the order of their scheduling", () => {
    const { clock, seen, at } = fixture();
    for (const name of ["a", "b", "c"]) at(3, name);
    clock.advance(3);
    assert.deepEqual(seen, ["a 3", "b 3", "c 3"]);
  });

  test("makes calls that come up on the way in the same advance, in their turn", () => {
    const { clock, seen, at } = fixture();
    clock.callLater(2, () => {
      at(0, "at once");
      at(1, "inner");
      at(9, "too late");
    });
    at(2, "outer");
    at(4, "last");
    clock.advance(4);
    assert.deepEqual(seen, ["outer 2", "at once 2", "inner 3", "last 4"]);
  });

  test("lets an error out, ends at the end all the same, and keeps the rest for the next advance", () => {
    const { clock, seen, at } = fixture();
    at(1, "a");
    clock.callLater(2, () => {
      throw new Error("from a call");
    });
    at(3, "b");
    assert.throws(() => clock.advance(5), /from a call/);
    assert.deepEqual([clock.now(), seen], [5, ["a 1"]]);
    clock.advance(0);
    assert.deepEqual(seen, ["a 1", "b 5"]);
  });

  test("can be advanced from inside a call", () => {
    const { clock, seen, at } = fixture();
    clock.callLater(2, () => {
      clock.advance(4);
      seen.push(`inside ${clock.now()}`);
    });
    at(3, "a");
    at(7, "b");
    clock.advance(3);
    assert.deepEqual([seen, clock.now()], [["a 3", "inside 6"], 6]);
    clock.advance(1);
    assert.deepEqual(seen, ["a 3", "inside 6", "b 7"]);
  });

  test("pump() advances by each step", () => {
    const { clock, seen, at } = fixture();
    at(3, "a");
    clock.pump([1, 1, 2]);
    assert.deepEqual([seen, clock.now()], [["a 3"], 4]);
  });

  test("stall() makes calls late, at the time that it then is", () => {
    const { clock, seen, at } = fixture();
    at(1, "a");
    at(2, "b");
    clock.stall(5);
    assert.deepEqual(seen, []);
    at(0, "c");
    clock.advance(1);
    assert.deepEqual(seen, ["a 5", "b 5", "c 5"]);
  });

  test("refuses to go back, or for ever", () => {
    const clock = new Clock();
    for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => clock.advance(ms), {
        name: "RangeError",
        message: `Cannot advance the clock: ${ms} is not a finite number of milliseconds, zero or more`,
      });
      assert.throws(() => clock.stall(ms), /Cannot stall the clock/);
    }
    for (const ms of [-1, Number.NaN]) assert.throws(() => clock.callLater(ms, () => {}), RangeError);
    assert.equal(clock.callLater(Number.POSITIVE_INFINITY, () => {}).active, true);
  });

  test("tells a loop of calls that never lets time move on", () => {
    const clock = new Clock({ startMs: 7, traceCalls: true });
    const again = (): void => void clock.callLater(0, again);
    again();
    assert.throws(
      () => clock.advance(1),
      /beyond 7: 200000 calls in a row were due at once, .* made at .*again .*clock\.test/,
    );
    const untraced = new Clock();
    const more = (): void => void untraced.callLater(0, more);
    more();
    assert.throws(() => untraced.advance(1), /were due at once$/);
  });

  test("lists the calls to be made, in order, with where they were made if asked to", () => {
    const clock = new Clock({ traceCalls: true });
    const late = clock.callLater(5, () => {});
    const early = clock.callLater(1, () => {});
    assert.deepEqual(clock.getDelayedCalls(), [early, late]);
    assert.match(late.madeAt ?? "", /^at .*clock\.test/);
    clock.advance(2);
    assert.deepEqual(clock.getDelayedCalls(), [late]);
    assert.equal(new Clock().callLater(1, () => {}).madeAt, undefined);
  });
});

describe("a delayed call of a Clock", () => {
  test("is not made once cancelled", () => {
    const { clock, seen, at } = fixture();
    const call = at(1, "a");
    assert.deepEqual([call.active, call.time], [true, 1]);
    call.cancel();
    assert.equal(call.active, false);
    clock.advance(5);
    assert.deepEqual(seen, []);
  });

  test("reset() makes it due from now, delay() from its own time, either way", () => {
    const { clock, seen, at } = fixture();
    const reset = at(5, "reset");
    const later = at(5, "later");
    const sooner = at(8, "sooner");
    clock.advance(3);
    reset.reset(4);
    later.delay(3);
    sooner.delay(-2);
    assert.deepEqual([reset.time, later.time, sooner.time], [7, 8, 6]);
    clock.advance(9);
    assert.deepEqual(seen, ["sooner 6", "reset 7", "later 8"]);
  });

  test("is scheduled anew by reset() and delay(): after the others of that instant", () => {
    const { clock, seen, at } = fixture();
    const a = at(5, "a");
    const b = at(4, "b");
    at(5, "c");
    a.reset(5);
    b.delay(1);
    clock.advance(5);
    assert.deepEqual(seen, ["c 5", "a 5", "b 5"]);
  });

  test("is made at once, not in the past, when moved before now", () => {
    const { clock, seen, at } = fixture();
    const call = at(10, "a");
    clock.advance(5);
    call.delay(-9);
    clock.advance(0);
    assert.deepEqual(seen, ["a 5"]);
  });

  test("says AlreadyCalledError once made, from inside the call on", () => {
    const { clock } = fixture();
    let inside: unknown;
    const call = clock.callLater(1, () => {
      assert.equal(call.active, false);
      try {
        call.cancel();
      } catch (error) {
        inside = error;
      }
    });
    clock.advance(1);
    assert.ok(inside instanceof AlreadyCalledError);
    assert.throws(() => call.cancel(), {
      name: "AlreadyCalledError",
      message: "Cannot cancel a delayed call that was made",
    });
    assert.throws(() => call.reset(1), AlreadyCalledError);
    assert.throws(() => call.delay(1), AlreadyCalledError);
  });

  test("says AlreadyCancelledError once cancelled", () => {
    const call = new Clock().callLater(1, () => {});
    call.cancel();
    assert.throws(() => call.cancel(), AlreadyCancelledError);
    assert.throws(() => call.reset(1), AlreadyCancelledError);
    assert.throws(() => call.delay(1), AlreadyCancelledError);
  });

  test("refuses a negative reset and a delay that is no number, and stays as it was", () => {
    const call = new Clock().callLater(1, () => {});
    assert.throws(() => call.reset(-1), RangeError);
    assert.throws(() => call.delay(Number.NaN), RangeError);
    assert.deepEqual([call.active, call.time], [true, 1]);
  });

  test("is cancelled by disposal, which is no error afterwards", () => {
    const { clock, seen, at } = fixture();
    {
      using _call = at(1, "a");
    }
    const made = at(1, "b");
    clock.advance(1);
    made[Symbol.dispose]();
    assert.deepEqual(seen, ["b 1"]);
  });
});

test("any programme of calls, cancels and moves is made in the order of time, then of scheduling", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("call" as const), ms: fc.nat(20) }),
    fc.record({
      do: fc.constantFrom("cancel" as const, "reset" as const, "delay" as const),
      ms: fc.nat(20),
      which: fc.nat(),
    }),
    fc.record({ do: fc.constant("advance" as const), ms: fc.nat(8) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, seen, at } = fixture();
      let model: { name: string; time: number; call: ReturnType<typeof at> }[] = [];
      const expected: string[] = [];
      for (const [index, todo] of steps.entries()) {
        if (todo.do === "call") {
          model.push({ name: `${index}`, time: clock.now() + todo.ms, call: at(todo.ms, `${index}`) });
        } else if (todo.do === "advance") {
          clock.advance(todo.ms);
          // The sort is stable, so the array's order is the order of scheduling.
          const due = model.filter((one) => one.time <= clock.now()).sort((a, b) => a.time - b.time);
          expected.push(...due.map((one) => `${one.name} ${one.time}`));
          model = model.filter((one) => one.time > clock.now());
        } else {
          const one = model[todo.which % model.length];
          if (one === undefined) continue;
          model = model.filter((other) => other !== one);
          one.call[todo.do](todo.ms);
          if (todo.do === "reset") model.push({ ...one, time: clock.now() + todo.ms });
          if (todo.do === "delay") model.push({ ...one, time: one.time + todo.ms });
        }
        assert.deepEqual(seen, expected);
      }
    }),
  );
});

describe("unhandled errors under a Clock", () => {
  test("are reported at the end of the second advance after theirs", () => {
    using logs = captureLogs();
    const { clock, uninstall } = withoutTurns();
    const error = new Error("lost");
    clock.callLater(1, () => new Deferred().errback(error));
    const counts = [1, 0, 0].map((ms) => {
      clock.advance(ms);
      return logs.events.length;
    });
    uninstall();
    assert.deepEqual(counts, [0, 0, 1]);
    assert.deepEqual(
      logs.events.map((event) => event["error"]),
      [error],
    );
  });

  test("are not reported if somebody takes them before that", () => {
    using logs = captureLogs();
    const { clock, uninstall } = withoutTurns();
    const d = new Deferred<void>();
    clock.callLater(1, () => d.errback(new Error("taken")));
    clock.advance(1);
    d.addErrback(() => {});
    clock.pump([0, 0, 0]);
    uninstall();
    assert.deepEqual(logs.events, []);
  });

  test("are reported once, by whoever keeps the turns outside, if the clock stands still", () => {
    using logs = captureLogs();
    const { clock, outside, uninstall } = withoutTurns();
    clock.callLater(1, () => new Deferred().errback(new Error("lost")));
    clock.advance(1);
    for (const check of outside) check();
    assert.equal(logs.events.length, 1);
    clock.pump([0, 0, 0]);
    uninstall();
    assert.equal(logs.events.length, 1);
  });

  test("of an advance inside an advance belong to the outer one", () => {
    using logs = captureLogs();
    const { clock, uninstall } = withoutTurns();
    clock.callLater(1, () => {
      new Deferred().errback(new Error("lost"));
      clock.pump([0, 0, 0]);
    });
    clock.advance(1);
    assert.equal(logs.events.length, 0);
    clock.pump([0, 0]);
    uninstall();
    assert.equal(logs.events.length, 1);
  });
});

function fixture(): { clock: Clock; seen: string[]; at: (ms: number, name: string) => ReturnType<Clock["callLater"]> } {
  const clock = new Clock();
  const seen: string[] = [];
  return { clock, seen, at: (ms, name) => clock.callLater(ms, () => void seen.push(`${name} ${clock.now()}`)) };
}

/** A clock in a world whose own turns never come unless the test makes them. */
function withoutTurns(): { clock: Clock; outside: (() => void)[]; uninstall: () => void } {
  const outside: (() => void)[] = [];
  return { clock: new Clock(), outside, uninstall: installTurnHook((check) => void outside.push(check)) };
}
