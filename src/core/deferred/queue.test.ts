import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { QueueOverflowError, QueueUnderflowError } from "./errors.ts";
import { DeferredQueue } from "./queue.ts";
import { succeed } from "./succeed.ts";

test("values and waiters meet in the order in which they came", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), (puts) => {
      const queue = new DeferredQueue<number>();
      const got: number[] = [];
      let next = 0;
      for (const isPut of puts) {
        if (isPut) queue.put(next++);
        else queue.get().addCallback((n) => got.push(n));
      }
      assert.deepEqual(
        got,
        Array.from({ length: Math.min(next, puts.length - next) }, (_, index) => index),
      );
      assert.equal(queue.length, Math.max(0, next - (puts.length - next)));
      assert.equal(queue.waiting, Math.max(0, puts.length - next - next));
    }),
  );
});

test("a cancelled waiter leaves the line", () => {
  const queue = new DeferredQueue<string>();
  const [first, second] = [queue.get(), queue.get()];
  first.addErrback(() => {});
  first.cancel();
  assert.equal(queue.waiting, 1);
  queue.put("x");
  assert.equal(second.inspect().result, "x");
});

test("a value more than its size is an overflow", () => {
  const queue = new DeferredQueue<number>(1);
  queue.put(1);
  assert.throws(() => queue.put(2), QueueOverflowError);
  assert.equal(queue.get().inspect().result, 1);
});

test("a queue of size 0 takes a value only for somebody who waits", () => {
  const queue = new DeferredQueue<number>(0);
  assert.throws(() => queue.put(1), QueueOverflowError);
  const waiter = queue.get();
  queue.put(2);
  assert.equal(waiter.inspect().result, 2);
});

test("a waiter more than its backlog is an underflow", () => {
  const queue = new DeferredQueue<number>(undefined, 1);
  queue.get();
  assert.throws(() => queue.get(), QueueUnderflowError);
});

test("a Deferred or Promise is no value", () => {
  const queue = new DeferredQueue<unknown>();
  assert.throws(() => queue.put(succeed(1)), TypeError);
  assert.throws(() => queue.put(Promise.resolve(1)), TypeError);
  assert.equal(queue.length, 0);
});
