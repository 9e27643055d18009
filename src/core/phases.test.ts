import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "./deferred/deferred.ts";
import { ReactorStateError } from "./errors.ts";
import { Phases } from "./phases.ts";

describe("phases", () => {
  test("take before, during and after, in this order, at start-up and at shutdown", () => {
    const { phases, seen } = watched();
    for (const event of ["shutdown", "startup"] as const) {
      for (const phase of ["after", "during", "before"] as const) {
        phases.addTrigger(phase, event, () => seen.push(`${phase} ${event} ${phases.running}`));
      }
    }
    void phases.run();
    assert.deepEqual(seen.splice(0), ["before startup false", "during startup true", "after startup true"]);
    phases.stop();
    assert.deepEqual(seen, ["before shutdown true", "during shutdown false", "after shutdown false"]);
  });

  test("start all before steps, in the order of adding, and await them before going on", () => {
    const { phases, seen } = watched();
    const first = new Deferred<void>();
    const second = new Deferred<void>();
    add(phases, "before", "shutdown", seen, "first", first);
    add(phases, "before", "shutdown", seen, "second", second);
    add(phases, "during", "shutdown", seen, "during");
    void phases.run();
    phases.stop();
    assert.deepEqual(seen, ["first", "second"]);
    assert.equal(phases.running, true);
    second.callback();
    assert.deepEqual(seen, ["first", "second"]);
    first.callback();
    assert.deepEqual(seen, ["first", "second", "during"]);
    assert.equal(phases.running, false);
  });

  test("await a promise of a before step", async () => {
    const { phases, seen } = watched();
    phases.addTrigger("before", "shutdown", async () => {
      await undefined;
      seen.push("waited");
    });
    add(phases, "during", "shutdown", seen, "during");
    const ended = phases.run();
    phases.stop();
    await ended;
    assert.deepEqual(seen, ["waited", "during"]);
  });

  test("do not let during hold back after, only the end of the run", () => {
    const { phases, seen } = watched();
    const closing = new Deferred<void>();
    const last = new Deferred<void>();
    add(phases, "during", "shutdown", seen, "during", closing);
    add(phases, "after", "shutdown", seen, "after", last);
    phases.run().addCallback(() => seen.push("ended"));
    phases.stop();
    assert.deepEqual(seen.splice(0), ["during", "after"]);
    last.callback();
    assert.equal(seen.length, 0);
    closing.callback();
    assert.deepEqual(seen, ["ended"]);
  });

  test("leave the result of a step to others who hold it", () => {
    const { phases, seen } = watched();
    const result = new Deferred<string>();
    phases.addTrigger("before", "startup", () => result);
    void phases.run();
    result.callback("mine");
    result.addCallback((value) => seen.push(value));
    assert.deepEqual(seen, ["mine"]);
  });

  test("report what a step throws or fails with, and go on", () => {
    const { phases, seen, errors } = watched();
    phases.addTrigger("before", "startup", () => {
      throw new Error("thrown");
    });
    const failing = new Deferred<void>();
    add(phases, "before", "startup", seen, "failing", failing);
    add(phases, "during", "startup", seen, "during");
    void phases.run();
    failing.errback(new Error("failed"));
    assert.deepEqual(seen, ["failing", "during"]);
    assert.deepEqual(errors, ["a step before startup: thrown", "a step before startup: failed"]);
  });

  test("take a step that a step of the same phase adds", () => {
    const { phases, seen } = watched();
    phases.addTrigger("before", "startup", () => {
      add(phases, "before", "startup", seen, "added");
    });
    void phases.run();
    assert.deepEqual(seen, ["added"]);
  });

  test("do not take a step that was disposed, though the same function was added twice", () => {
    const { phases, seen } = watched();
    const step = () => seen.push("step");
    phases.addTrigger("before", "startup", step);
    phases.addTrigger("before", "startup", step)[Symbol.dispose]();
    void phases.run();
    assert.deepEqual(seen, ["step"]);
  });

  test("call when running: after start-up, or at once", () => {
    const { phases, seen, errors } = watched();
    add(phases, "after", "startup", seen, "after");
    phases.callWhenRunning(() => {
      throw new Error("thrown");
    });
    phases.callWhenRunning(() => seen.push("called"));
    assert.equal(seen.length, 0);
    void phases.run();
    assert.deepEqual(seen, ["after", "called"]);
    phases.callWhenRunning(() => seen.push("at once"));
    assert.deepEqual(seen, ["after", "called", "at once"]);
    assert.deepEqual(errors, ["a call when running: thrown"]);
  });

  test("run again after the end, with the same steps", () => {
    const { phases, seen } = watched();
    add(phases, "during", "startup", seen, "step");
    phases.callWhenRunning(() => seen.push("once"));
    for (let i = 0; i < 2; i++) {
      phases.run().addCallback(() => seen.push("ended"));
      phases.stop();
    }
    assert.deepEqual(seen, ["step", "once", "ended", "step", "ended"]);
  });

  test("refuse to run twice at once", () => {
    const { phases } = watched();
    void phases.run();
    let refused: unknown;
    phases.run().addErrback((error) => {
      refused = error;
    });
    assert.ok(refused instanceof ReactorStateError);
    assert.equal(phases.running, true);
  });

  test("refuse to stop what does not run, or is stopping", () => {
    const { phases } = watched();
    assert.throws(() => phases.stop(), ReactorStateError);
    phases.addTrigger("before", "shutdown", () => new Deferred<void>());
    void phases.run();
    phases.stop();
    assert.throws(() => phases.stop(), ReactorStateError);
  });

  test("put a stop during start-up off until that is complete", () => {
    const { phases, seen } = watched();
    const slow = new Deferred<void>();
    assert.equal(phases.stopping, false);
    add(phases, "before", "startup", seen, "before", slow);
    add(phases, "during", "shutdown", seen, "shutdown");
    phases.callWhenRunning(() => seen.push("running"));
    phases.run().addCallback(() => seen.push("ended"));
    phases.stop();
    assert.throws(() => phases.stop(), ReactorStateError);
    assert.equal(phases.stopping, true);
    slow.callback();
    assert.deepEqual(seen, ["before", "running", "shutdown", "ended"]);
    assert.equal(phases.stopping, false);
  });

  test("obey a stop in a call when running, once", () => {
    const { phases, seen, errors } = watched();
    add(phases, "before", "shutdown", seen, "shutdown", new Deferred<void>());
    phases.callWhenRunning(() => phases.stop());
    void phases.run();
    assert.deepEqual(seen, ["shutdown"]);
    assert.deepEqual(errors, []);
  });
});

function watched(): { phases: Phases; seen: unknown[]; errors: string[] } {
  const errors: string[] = [];
  const phases = new Phases((error, doing) => errors.push(`${doing}: ${(error as Error).message}`));
  return { phases, seen: [], errors };
}

function add(
  phases: Phases,
  phase: "before" | "during" | "after",
  event: "startup" | "shutdown",
  seen: unknown[],
  name: string,
  result?: Deferred<void>,
): void {
  phases.addTrigger(phase, event, () => {
    seen.push(name);
    return result;
  });
}
