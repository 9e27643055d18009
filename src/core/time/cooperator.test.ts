import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Clock } from "../../testing/clock.ts";
import { Deferred } from "../deferred/deferred.ts";
import { fail, succeed } from "../deferred/succeed.ts";
import { captureLogs } from "../log/observers.ts";
import type { CooperativeTask } from "./cooperative-task.ts";
import { Cooperator } from "./cooperator.ts";
import {
  CooperatorStoppedError,
  TaskDoneError,
  TaskFailedError,
  TaskFinishedError,
  TaskNotPausedError,
  TaskStoppedError,
} from "./cooperator-errors.ts";

describe("Cooperator", () => {
  test("takes no step inside cooperate()", () => {
    const { clock, cooperator, seen, counting } = fixture();
    cooperator.cooperate(counting("a", 1));
    assert.deepEqual(seen, []);
    clock.advance(0);
    assert.deepEqual(seen, ["a1"]);
  });

  test("goes round: one step of each task, in the order of adding", () => {
    const { clock, cooperator, seen, counting } = fixture();
    for (const [name, steps] of [
      ["a", 3],
      ["b", 1],
      ["c", 2],
    ] as const) {
      cooperator.cooperate(counting(name, steps));
    }
    clock.advance(0);
    assert.deepEqual(seen, ["a1", "b1", "c1", "a2", "c2", "a3"]);
    assert.deepEqual(clock.getDelayedCalls(), []);
  });

  test("gives the event loop its turn after 10 ms, and goes on where it was", () => {
    const { clock, cooperator, seen, counting } = fixture();
    cooperator.cooperate(counting("a", 4, 4));
    cooperator.cooperate(counting("b", 3, 4));
    const other = clock.callLater(0, () => void seen.push("event loop"));
    clock.pump([0, 0, 0]);
    assert.equal(other.active, false);
    assert.deepEqual(seen, ["a1", "b1", "a2", "event loop", "b2", "a3", "b3", "a4"]);
  });

  test("takes slices of the length it was told", () => {
    const clock = new Clock();
    const slices: number[] = [];
    function* work(): Generator<void> {
      for (let n = 0; n < 6; n += 1) yield clock.stall(1);
    }
    new Cooperator(clock, { sliceMs: 2 }).cooperate(work());
    while (clock.getDelayedCalls().length > 0) {
      const beforeMs = clock.now();
      clock.getDelayedCalls()[0]?.delay(1);
      clock.advance(1);
      slices.push(clock.now() - beforeMs - 1);
    }
    assert.deepEqual(slices, [2, 2, 2, 0]);
  });

  test("ends a slice of endless work on a clock that stands still", () => {
    const clock = new Clock();
    let steps = 0;
    function* endless(): Generator<void> {
      for (;;) {
        steps += 1;
        yield;
      }
    }
    const task = new Cooperator(clock).cooperate(endless());
    clock.callLater(0, () => task.stop());
    clock.advance(0);
    assert.equal(steps, 1000);
  });

  test("takes an iterable, and an iterator that cannot be iterated or stopped", () => {
    const { clock, cooperator } = fixture();
    const results: unknown[] = [];
    cooperator
      .cooperate([1, 2])
      .whenDone()
      .addCallback((value) => void results.push(value));
    let left = 2;
    const bare = {
      next: (): IteratorResult<unknown, string> => {
        left -= 1;
        return left > 0 ? { value: 1 } : { done: true, value: "bare" };
      },
    };
    cooperator
      .cooperate(bare)
      .whenDone()
      .addCallback((value) => void results.push(value));
    const stopped = cooperator.cooperate({ next: (): IteratorResult<unknown, never> => ({ value: 1 }) });
    stopped.stop();
    clock.advance(0);
    assert.deepEqual(results, ["bare", undefined]);
  });

  test("stop() ends all tasks, paused, waiting and new ones too, and leaves nothing on the clock", () => {
    const { clock, cooperator, seen, counting } = fixture();
    const waits = new Deferred<void>();
    const tasks: CooperativeTask<unknown>[] = [
      cooperator.cooperate(counting("a", 5)),
      cooperator.cooperate(counting("b", 5)),
    ];
    tasks.push(
      cooperator.cooperate(
        (function* (): Generator<unknown, void> {
          yield waits;
        })(),
      ),
    );
    tasks[1]?.pause();
    const ends = tasks.map(outcome);
    clock.callLater(0, () => {});
    cooperator[Symbol.dispose]();
    tasks.push(cooperator.cooperate(counting("late", 1)));
    ends.push(...tasks.slice(3).map(outcome));
    assert.deepEqual(names(ends), Array(4).fill("CooperatorStoppedError"));
    for (const task of tasks) assert.throws(() => task.pause(), CooperatorStoppedError);
    assert.equal(clock.getDelayedCalls().length, 1);
    clock.advance(5);
    assert.deepEqual(seen, []);
  });

  test("can be stopped from within a step", () => {
    const { clock, cooperator, seen, counting } = fixture();
    const first = cooperator.cooperate(
      (function* (): Generator<unknown, void> {
        try {
          yield cooperator.stop();
        } finally {
          seen.push("cleaned up");
        }
      })(),
    );
    const ends = [first, cooperator.cooperate(counting("b", 1))].map(outcome);
    clock.advance(0);
    assert.deepEqual([seen, names(ends)], [["cleaned up"], Array(2).fill("CooperatorStoppedError")]);
  });
});

describe("CooperativeTask", () => {
  test("whenDone() fires with what the work returned, before and after its end, once for each that asked", () => {
    const { clock, cooperator, counting } = fixture();
    const task = cooperator.cooperate(counting("a", 2));
    const ends = [outcome(task), outcome(task)];
    assert.equal(task.finished, false);
    clock.advance(0);
    ends.push(outcome(task));
    assert.deepEqual(
      ends.map((end) => end.value),
      ["a is done", "a is done", "a is done"],
    );
    assert.equal(task.finished, true);
  });

  test("fails with what the work throws, and leaves the others alone", () => {
    const { clock, cooperator, seen, counting } = fixture();
    const error = new Error("from a step");
    const task = cooperator.cooperate(
      (function* (): Generator<unknown, void> {
        yield;
        throw error;
      })(),
    );
    cooperator.cooperate(counting("b", 3));
    const end = outcome(task);
    clock.advance(0);
    assert.equal(end.error, error);
    assert.equal(outcome(task).error, error);
    assert.deepEqual(seen, ["b1", "b2", "b3"]);
    assert.throws(
      () => task.stop(),
      (thrown) => thrown instanceof TaskFailedError && thrown.cause === error,
    );
  });

  test("logs a failure that nobody asks for, and none that somebody asks for in time", () => {
    using logs = captureLogs();
    const { clock, cooperator } = fixture();
    const lost = new Error("lost");
    cooperator.cooperate(throwing(lost));
    const late = cooperator.cooperate(throwing(new Error("asked for late")));
    clock.advance(0);
    late.whenDone().addErrback(() => {});
    clock.pump([0, 0]);
    assert.deepEqual(
      logs.events.map((event) => event["error"]),
      [lost],
    );
  });

  test("a yielded Deferred pauses its own task only, and its value is of no account", () => {
    const { clock, cooperator, seen, counting } = fixture();
    const wait = new Deferred<string>();
    cooperator.cooperate(
      (function* (): Generator<unknown, void> {
        seen.push("before");
        seen.push(`got ${yield wait}`);
        yield succeed();
        seen.push("last");
      })(),
    );
    cooperator.cooperate(counting("b", 2));
    clock.advance(0);
    assert.deepEqual(seen, ["before", "b1", "b2"]);
    assert.deepEqual(clock.getDelayedCalls(), []);
    wait.callback("value");
    assert.equal(seen.length, 3);
    clock.advance(0);
    assert.deepEqual(seen.slice(3), ["got undefined", "last"]);
  });

  test("a yielded Promise is waited for too", async () => {
    const { clock, cooperator, seen } = fixture();
    cooperator.cooperate(
      (function* (): Generator<unknown, void> {
        yield Promise.resolve();
        seen.push("after");
      })(),
    );
    clock.advance(0);
    assert.deepEqual(seen, []);
    for (let hop = 0; hop < 10; hop += 1) await null;
    clock.advance(0);
    assert.deepEqual(seen, ["after"]);
  });

  test("fails with what a yielded Deferred fails with, at once or later", () => {
    const { clock, cooperator } = fixture();
    const error = new Error("from a Deferred");
    const later = new Deferred<never>();
    const ends = [fail(error), later].map((yielded) =>
      outcome(
        cooperator.cooperate(
          (function* (): Generator<unknown, void> {
            yield yielded;
          })(),
        ),
      ),
    );
    clock.advance(0);
    later.errback(error);
    assert.deepEqual(
      ends.map((end) => end.error),
      [error, error],
    );
  });

  test("pause() nests, and says nothing of what it yielded", () => {
    const { clock, cooperator, seen, counting } = fixture();
    const task = cooperator.cooperate(counting("a", 2));
    task.pause();
    task.pause();
    clock.advance(0);
    task.resume();
    clock.advance(0);
    assert.deepEqual(seen, []);
    task.resume();
    clock.advance(0);
    assert.deepEqual(seen, ["a1", "a2"]);
  });

  test("pause() inside a step and while it waits holds the next step back", () => {
    const { clock, cooperator, seen } = fixture();
    const wait = new Deferred<void>();
    function* work(): Generator<unknown, void> {
      yield task.pause();
      seen.push("resumed");
      yield wait;
      seen.push("last");
    }
    const task = cooperator.cooperate(work());
    clock.advance(0);
    assert.deepEqual([seen, clock.getDelayedCalls()], [[], []]);
    task.resume();
    clock.advance(0);
    assert.deepEqual(seen, ["resumed"]);
    assert.throws(() => task.resume(), TaskNotPausedError);
    task.pause();
    wait.callback();
    clock.advance(0);
    assert.deepEqual(seen, ["resumed"]);
    task.resume();
    clock.advance(0);
    assert.deepEqual(seen, ["resumed", "last"]);
  });

  test("says how it ended to whoever wants more of it", () => {
    const { clock, cooperator, counting } = fixture();
    const done = cooperator.cooperate(counting("a", 0));
    const stopped = cooperator.cooperate(counting("b", 0));
    stopped.stop();
    clock.advance(0);
    for (const [task, kind] of [
      [done, TaskDoneError],
      [stopped, TaskStoppedError],
    ] as const) {
      for (const verb of ["pause", "resume", "stop"] as const) {
        assert.throws(
          () => task[verb](),
          (thrown) => thrown instanceof kind && thrown instanceof TaskFinishedError,
        );
      }
    }
    assert.throws(() => cooperator.cooperate(counting("c", 1)).resume(), {
      name: "TaskNotPausedError",
      message: "Cannot resume the task: it is not paused",
    });
  });

  test("stop() cancels what it waits for, cleans up, and only then tells", () => {
    const { clock, cooperator, seen } = fixture();
    const wait = new Deferred<void>(() => void seen.push("cancelled"));
    const task = cooperator.cooperate(
      (function* (): Generator<unknown, void> {
        try {
          yield wait;
        } finally {
          seen.push("cleaned up");
        }
      })(),
    );
    clock.advance(0);
    task.whenDone().addErrback((error: Error) => void seen.push(error.name));
    task.stop();
    assert.deepEqual(seen, ["cancelled", "cleaned up", "TaskStoppedError"]);
    assert.deepEqual(names([outcome(task)]), ["TaskStoppedError"]);
  });

  test("stop() from within its own step lets that step end first", () => {
    const { clock, cooperator, seen } = fixture();
    function* work(): Generator<unknown, void> {
      try {
        task.stop();
        task.whenDone().addErrback((error: Error) => void seen.push(error.name));
        seen.push("still here");
        yield;
      } finally {
        seen.push("cleaned up");
      }
    }
    const task = cooperator.cooperate(work());
    clock.advance(0);
    assert.deepEqual(seen, ["still here", "cleaned up", "TaskStoppedError"]);
  });

  test("logs what clean-up, a canceller, or a stopped step throws, and ends all the same", () => {
    using logs = captureLogs();
    const { clock, cooperator } = fixture();
    const cleanUp = cooperator.cooperate(
      (function* (): Generator<unknown, void> {
        try {
          yield new Deferred(() => {
            throw new Error("canceller");
          });
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: the throw is what is tested
          throw new Error("clean-up");
        }
      })(),
    );
    // biome-ignore lint/correctness/useYield: it throws first
    function* stopping(): Generator<unknown, void> {
      inStep.stop();
      throw new Error("stopped step");
    }
    const inStep = cooperator.cooperate(stopping());
    clock.advance(0);
    cleanUp.stop();
    assert.deepEqual(names([outcome(cleanUp), outcome(inStep)]), ["TaskStoppedError", "TaskStoppedError"]);
    assert.deepEqual(
      logs.events.map((event) => (event["error"] as Error).message),
      ["stopped step", "canceller", "clean-up"],
    );
  });

  test("after a stop, a value that it waited for is nothing, and a failure is logged", () => {
    using logs = captureLogs();
    const { clock, cooperator } = fixture();
    const late = new Error("late");
    const waits = [new Deferred<void>((d) => d.callback()), new Deferred<void>((d) => d.errback(late))];
    const tasks = waits.map((wait) =>
      cooperator.cooperate(
        (function* (): Generator<unknown, void> {
          yield wait;
        })(),
      ),
    );
    clock.callLater(0, () => {
      for (const task of tasks) task.stop();
    });
    clock.pump([0, 0, 0]);
    assert.deepEqual(
      logs.events.map((event) => event["error"]),
      [late],
    );
    assert.deepEqual(names(tasks.map(outcome)), ["TaskStoppedError", "TaskStoppedError"]);
  });

  test("cancelling what whenDone() gave leaves the task and the others alone", () => {
    const { clock, cooperator, counting } = fixture();
    const task = cooperator.cooperate(counting("a", 2));
    const [first, second] = [task.whenDone(), outcome(task)];
    first.addErrback(() => {});
    first.cancel();
    clock.advance(0);
    assert.equal(second.value, "a is done");
  });
});

test("any set of tasks takes all its steps, in rounds", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(6), { maxLength: 6 }), (lengths) => {
      const { clock, cooperator, seen, counting } = fixture();
      for (const [index, steps] of lengths.entries()) cooperator.cooperate(counting(`${index}:`, steps, index % 3));
      while (clock.getDelayedCalls().length > 0) clock.advance(0);
      const expected = [1, 2, 3, 4, 5, 6].flatMap((round) =>
        lengths.flatMap((steps, index) => (steps >= round ? [`${index}:${round}`] : [])),
      );
      assert.deepEqual(seen, expected);
    }),
  );
});

function fixture(): {
  clock: Clock;
  cooperator: Cooperator;
  seen: string[];
  counting: (name: string, steps: number, stepMs?: number) => Generator<void, string>;
} {
  const clock = new Clock();
  const seen: string[] = [];
  function* counting(name: string, steps: number, stepMs = 0): Generator<void, string> {
    for (let n = 1; n <= steps; n += 1) {
      clock.stall(stepMs);
      yield void seen.push(`${name}${n}`);
    }
    return `${name} is done`;
  }
  return { clock, cooperator: new Cooperator(clock), seen, counting };
}

// biome-ignore lint/correctness/useYield: it throws first
function* throwing(error: Error): Generator<unknown, void> {
  throw error;
}

interface End {
  value?: unknown;
  error?: unknown;
}

function outcome(task: CooperativeTask<unknown>): End {
  const end: End = {};
  task.whenDone().addCallbacks(
    (value) => {
      end.value = value;
    },
    (error) => {
      end.error = error;
    },
  );
  return end;
}

function names(ends: readonly End[]): unknown[] {
  return ends.map((end) => (end.error as Error | undefined)?.name);
}
