import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Clock } from "./clock.ts";
import { MemoryLoop } from "./memory-loop.ts";

describe("MemoryLoop", () => {
  test("what a task asks for comes in the next turn", () => {
    const loop = new MemoryLoop(new Clock());
    const order: string[] = [];
    loop.soon(() => {
      order.push("first");
      loop.soon(() => order.push("second"));
    });
    assert.equal(loop.turn(), true);
    assert.deepEqual(order, ["first"]);
    assert.equal(loop.turn(), false);
    assert.deepEqual(order, ["first", "second"]);
    assert.ok(loop.isQuiet);
  });

  test("a turn inside a turn is refused, and settle inside one does nothing", () => {
    const loop = new MemoryLoop(new Clock());
    const order: string[] = [];
    loop.soon(() => {
      assert.throws(() => loop.turn(), /Cannot run a turn inside a turn/);
      loop.soon(() => order.push("later"));
      loop.settle();
      order.push("now");
    });
    loop.settle();
    assert.deepEqual(order, ["now", "later"]);
  });

  test("a task that throws lets its error out, and keeps no other from running", () => {
    const loop = new MemoryLoop(new Clock());
    const order: string[] = [];
    const fault = new Error("a test's own mistake");
    loop.soon(() => {
      throw fault;
    });
    loop.soon(() => order.push("second"));
    assert.throws(() => loop.settle(), fault);
    loop.settle();
    assert.deepEqual(order, ["second"]);
  });

  test("tells the time of its clock", () => {
    const clock = new Clock({ startMs: 3 });
    const loop = new MemoryLoop(clock);
    loop.callLater(5, () => undefined);
    assert.deepEqual([loop.now(), clock.getDelayedCalls()[0]?.time], [3, 8]);
  });
});
