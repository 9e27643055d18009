import assert from "node:assert/strict";
import { test } from "node:test";
import { Deferred } from "./deferred.ts";
import { CancelledError } from "./errors.ts";
import { DeferredLock, DeferredSemaphore } from "./lock.ts";
import { succeed } from "./succeed.ts";

const oops = new Error("oops");

test("a lock is one user's at a time; the others get it in the order in which they asked", () => {
  const seen: string[] = [];
  const lock = new DeferredLock();
  for (const name of ["a", "b", "c"]) {
    lock.acquire().addCallback((held) => {
      assert.equal(held, lock);
      seen.push(name);
    });
  }
  assert.deepEqual(seen, ["a"]);
  assert.deepEqual([lock.locked, lock.waiting], [true, 2]);
  lock.release();
  lock.release();
  assert.deepEqual(seen, ["a", "b", "c"]);
  lock.release();
  assert.deepEqual([lock.locked, lock.waiting], [false, 0]);
});

test("a semaphore lets as many in as it has tokens", () => {
  const semaphore = new DeferredSemaphore(2);
  const all = [semaphore.acquire(), semaphore.acquire(), semaphore.acquire()];
  assert.deepEqual(
    all.map(({ called }) => called),
    [true, true, false],
  );
  assert.deepEqual([semaphore.tokens, semaphore.limit, semaphore.waiting], [0, 2, 1]);
});

test("a cancelled waiter leaves the line", () => {
  const lock = new DeferredLock();
  lock.acquire();
  const [first, second] = [lock.acquire(), lock.acquire()];
  const errors: unknown[] = [];
  first.cancel();
  first.addErrback((error) => errors.push(error));
  assert.ok(errors[0] instanceof CancelledError);
  assert.equal(lock.waiting, 1);
  lock.release();
  assert.equal(second.called, true);
});

test("run() holds a token until the result of the function is there", () => {
  const lock = new DeferredLock();
  const working = new Deferred<number>();
  const result = lock.run((factor: number) => working.addCallback((n) => n * factor), 2);
  assert.equal(lock.locked, true);
  working.callback(21);
  assert.equal(result.inspect().result, 42);
  assert.equal(lock.locked, false);
});

test("run() gives the token back when the function throws or fails", () => {
  const lock = new DeferredLock();
  const errors: unknown[] = [];
  lock
    .run(() => {
      throw oops;
    })
    .addErrback((error) => errors.push(error));
  assert.deepEqual(errors, [oops]);
  assert.equal(lock.locked, false);
});

test("cancel() of run() leaves the line, or cancels the function", () => {
  const lock = new DeferredLock();
  let cancelled = 0;
  const first = lock.run(() => new Deferred<void>(() => cancelled++));
  const second = lock.run(() => assert.fail("it has left the line"));
  for (const d of [second, first]) {
    d.cancel();
    d.addErrback(() => {});
  }
  assert.equal(cancelled, 1);
  assert.equal(lock.locked, false);
});

test("who asks again right after a release gets in behind those who wait", () => {
  const seen: string[] = [];
  const lock = new DeferredLock();
  lock.acquire();
  lock.acquire().addCallback(() => {
    lock.release();
    lock.acquire().addCallback(() => seen.push("asked again"));
  });
  lock.acquire().addCallback(() => {
    seen.push("waited");
    lock.release();
  });
  lock.release();
  assert.deepEqual(seen, ["waited", "asked again"]);
});

test("a long line of short users does not overflow the stack", () => {
  const lock = new DeferredLock();
  let users = 0;
  lock.acquire();
  for (let index = 0; index < 100_000; index++) lock.run(() => ++users);
  lock.release();
  assert.equal(users, 100_000);
});

test("a release of what nobody holds is an error", () => {
  assert.throws(() => new DeferredLock().release(), /^RangeError: Cannot release a token/);
});

test("a semaphore needs a positive number of tokens", () => {
  for (const tokens of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new DeferredSemaphore(tokens), RangeError);
  }
});

test("what is waited for inside a held lock may itself be waited for outside", async () => {
  const lock = new DeferredLock();
  assert.equal(await lock.run(() => succeed("x")), "x");
});
