import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Clock } from "../testing/clock.ts";
import { Deferred } from "./deferred.ts";
import { AlreadyCalledError, CancelledError, TimeoutError } from "./deferred-errors.ts";
import { captureLogs } from "./log-observers.ts";
import { fail, succeed } from "./succeed.ts";

const DEEP = 100_000;
const oops = new Error("oops");

/** Adds a link on both sides that says what comes by. */
function spy(deferred: Deferred<unknown>, seen: unknown[], name = ""): Deferred<unknown> {
  return deferred.addCallbacks(
    (value) => {
      seen.push(name === "" ? value : `${name} ${value}`);
      return value;
    },
    (error) => {
      seen.push(name === "" ? error : `${name} ${error}`);
      throw error;
    },
  );
}

/** The error that a Deferred has now; consumes it. */
function errorOf(deferred: Deferred<unknown>): unknown {
  const errors: unknown[] = [];
  deferred.addErrback((error) => void errors.push(error));
  assert.equal(errors.length, 1, "there is an error");
  return errors[0];
}

test("links run inside callback(), in their order, each with what the one before returned", () => {
  const seen: unknown[] = [];
  const d = new Deferred<number>();
  d.addCallback((n) => {
    seen.push(n);
    return n + 1;
  }).addCallback((n) => seen.push(n));
  d.callback(1);
  assert.deepEqual(seen, [1, 2]);
});

test("a link that is added when there is a result runs inside addCallback", () => {
  const seen: unknown[] = [];
  succeed("here").addCallback((text) => seen.push(text));
  assert.deepEqual(seen, ["here"]);
});

test("a link added while a link runs is queued and runs after it", () => {
  const seen: unknown[] = [];
  const d = new Deferred<void>();
  d.addCallback(() => {
    d.addCallback(() => seen.push("added inside"));
    seen.push("first");
  });
  d.addCallback(() => seen.push("second"));
  d.callback();
  assert.deepEqual(seen, ["first", "second", "added inside"]);
});

test("a throw goes to the next error link, past the value links", () => {
  const d = succeed(1);
  d.addCallback(() => {
    throw oops;
  }).addCallback(() => assert.fail("not for an error"));
  assert.equal(errorOf(d), oops);
});

test("an error link that returns leads back to the value side", () => {
  const seen: unknown[] = [];
  spy(
    fail(oops).addErrback(() => "mended"),
    seen,
  );
  assert.deepEqual(seen, ["mended"]);
});

test("an error link is not called for a value", () => {
  const seen: unknown[] = [];
  spy(
    succeed(1).addErrback(() => assert.fail("there is no error")),
    seen,
  );
  assert.deepEqual(seen, [1]);
});

test("addCallbacks is one link: its error side does not see what its value side throws", () => {
  const d = succeed(1).addCallbacks(
    () => {
      throw oops;
    },
    () => assert.fail("the error is of this very link"),
  );
  assert.equal(errorOf(d), oops);
});

test("addCallbacks lets either side out", () => {
  const seen: unknown[] = [];
  spy(succeed(1).addCallbacks(undefined, null), seen);
  spy(succeed(1).addCallbacks(null), seen);
  assert.deepEqual(seen, [1, 1]);
});

test("addBoth sees a value and an error alike", () => {
  const seen: unknown[] = [];
  succeed(1).addBoth((result) => seen.push(result));
  fail(oops).addBoth((result) => seen.push(result));
  assert.deepEqual(seen, [1, oops]);
});

test("a Deferred that a link returns holds the chain until it has a result, and goes on inside its callback()", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  const outer = succeed(1).addCallback(() => inner);
  spy(outer, seen);
  assert.deepEqual(seen, []);
  inner.callback("from inside");
  assert.deepEqual(seen, ["from inside"]);
});

test("a returned Deferred that has a result does not hold the chain", () => {
  const seen: unknown[] = [];
  spy(
    succeed(1).addCallback(() => succeed(2)),
    seen,
  );
  assert.deepEqual(seen, [2]);
});

test("an error of a returned Deferred is the outer one's", () => {
  const inner = new Deferred<number>();
  const outer = succeed(1).addCallback(() => inner);
  inner.errback(oops);
  assert.equal(errorOf(outer), oops);
});

test("a Promise that a link returns is waited for, by microtask", async () => {
  const seen: unknown[] = [];
  spy(
    succeed(1).addCallback(() => Promise.resolve("later")),
    seen,
  );
  spy(
    succeed(1).addCallback(() => Promise.reject(oops)),
    seen,
  ).addErrback(() => {});
  assert.deepEqual(seen, []);
  await new Promise(setImmediate);
  assert.deepEqual(seen, ["later", oops]);
});

test("a thenable whose `then` throws when it is looked up is an error of the link", () => {
  const broken = {
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested
    get then(): never {
      throw oops;
    },
  };
  assert.equal(errorOf(succeed(1).addCallback(() => broken)), oops);
});

test("a result is taken: links added to the inner Deferred later see undefined", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  spy(inner, seen, "inner before");
  const outer = succeed(0).addCallback(() => inner);
  spy(outer, seen, "outer");
  spy(inner, seen, "inner after");
  inner.callback("x");
  assert.deepEqual(seen, ["inner before x", "outer x", "inner after undefined"]);
});

test("a link that returns its own Deferred fails with a TypeError", () => {
  const d = new Deferred<unknown>();
  d.addCallback(() => d);
  d.callback(1);
  assert.match(String(errorOf(d)), /^TypeError: Cannot wait for itself/);
});

test("a link that goes on with an object, null or a function that is no Promise has it as its result", () => {
  const seen: unknown[] = [];
  // biome-ignore lint/suspicious/noThenProperty: it is what is tested
  const values = [null, { then: 1 }, () => 1, [2]];
  for (const value of values) {
    spy(
      succeed(0).addCallback((): unknown => value),
      seen,
    );
  }
  assert.deepEqual(seen, values);
});

test("firing twice throws AlreadyCalledError", () => {
  const d = succeed(1);
  assert.throws(() => d.callback(2), AlreadyCalledError);
  assert.throws(() => d.errback(oops), AlreadyCalledError);
});

test("callback() with a Deferred or a Promise is a TypeError, and fires nothing", () => {
  const d = new Deferred<unknown>();
  assert.throws(() => d.callback(succeed(1)), TypeError);
  assert.throws(() => d.callback(Promise.resolve(1)), TypeError);
  assert.equal(d.called, false);
});

test("cancel() without a canceller fails it with a CancelledError whose cause is the reason", () => {
  const d = new Deferred<void>();
  d.cancel("enough");
  const error = errorOf(d);
  assert.ok(error instanceof CancelledError);
  assert.equal(error.name, "AbortError");
  assert.equal(error.cause, "enough");
});

test("a cancellation without a reason has no cause", () => {
  const d = new Deferred<void>();
  d.cancel();
  assert.equal(Object.hasOwn(errorOf(d) as Error, "cause"), false);
});

test("after a cancel() without a canceller, one firing is passed over and the next throws", () => {
  const d = new Deferred<number>();
  d.cancel();
  errorOf(d);
  d.callback(1);
  assert.throws(() => d.callback(2), AlreadyCalledError);
});

test("cancel() calls the canceller with the Deferred, and fails it if that fires nothing", () => {
  const given: unknown[] = [];
  const d = new Deferred<number>((deferred) => given.push(deferred));
  d.cancel();
  assert.deepEqual(given, [d]);
  assert.ok(errorOf(d) instanceof CancelledError);
  assert.throws(() => d.callback(1), AlreadyCalledError);
});

test("a canceller may fire a value: then the cancellation is a success", () => {
  const seen: unknown[] = [];
  const d = new Deferred<string>((deferred) => deferred.callback("so far"));
  spy(d, seen);
  d.cancel();
  assert.deepEqual(seen, ["so far"]);
});

test("a canceller may fire an error of its own", () => {
  const d = new Deferred<string>((deferred) => deferred.errback(oops));
  d.cancel();
  assert.equal(errorOf(d), oops);
});

test("what a canceller throws comes out of cancel(), and the Deferred is as it was", () => {
  const d = new Deferred<string>(() => {
    throw oops;
  });
  assert.throws(() => d.cancel(), oops);
  assert.equal(d.called, false);
});

test("cancel() of one that waits for an inner one cancels that", () => {
  const inner = new Deferred<number>();
  const outer = succeed(1).addCallback(() => inner);
  outer.cancel("why");
  assert.equal((errorOf(outer) as Error).cause, "why");
});

test("cancel() of one that waits for a Promise fails it at once, and the Promise is forgotten", async () => {
  const outer = succeed(1).addCallback(() => Promise.reject(oops));
  outer.cancel();
  assert.ok(errorOf(outer) instanceof CancelledError);
  await new Promise(setImmediate);
});

test("cancel() of a settled one, or of a fired one that is paused, does nothing", () => {
  const seen: unknown[] = [];
  const settled = succeed(1);
  settled.cancel();
  spy(settled, seen);
  const paused = new Deferred<number>();
  paused.pause();
  paused.callback(2);
  paused.cancel();
  paused.unpause();
  spy(paused, seen);
  assert.deepEqual(seen, [1, 2]);
});

test("cancel() of Deferreds that wait for one another in a circle says so", () => {
  for (const length of [2, 3, 7]) {
    const circle = Array.from({ length }, () => new Deferred<unknown>());
    circle.forEach((d, index) => {
      d.addCallback(() => circle[(index + 1) % length]);
    });
    for (const d of circle) d.callback(0);
    assert.throws(() => (circle[0] as Deferred<unknown>).cancel(), /in a circle/);
  }
});

test("pause() and unpause() nest", () => {
  const seen: unknown[] = [];
  const d = new Deferred<number>();
  spy(d, seen);
  d.pause();
  d.pause();
  d.callback(1);
  d.unpause();
  assert.deepEqual(seen, []);
  d.unpause();
  assert.deepEqual(seen, [1]);
});

test("unpause() before the firing runs nothing", () => {
  const seen: unknown[] = [];
  const d = new Deferred<number>();
  spy(d, seen);
  d.pause();
  d.unpause();
  assert.deepEqual(seen, []);
  d.callback(1);
  assert.deepEqual(seen, [1]);
});

test("who returned a paused Deferred waits for its unpause()", () => {
  const seen: unknown[] = [];
  const inner = succeed("held");
  inner.pause();
  spy(
    succeed(0).addCallback(() => inner),
    seen,
  );
  assert.deepEqual(seen, []);
  inner.unpause();
  assert.deepEqual(seen, ["held"]);
});

test("an outer Deferred that is paused when its inner one fires gets the result, and runs when unpaused", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  const outer = succeed(0).addCallback(() => inner);
  spy(outer, seen);
  outer.pause();
  inner.callback("x");
  assert.deepEqual(seen, []);
  outer.unpause();
  assert.deepEqual(seen, ["x"]);
});

test("a Deferred that handed its result on waits with one that was paused meanwhile", () => {
  const seen: unknown[] = [];
  const [inner, middle] = [new Deferred<string>(), new Deferred<string>()];
  middle.addCallback(() => inner);
  const outer = succeed(0).addCallback(() => middle);
  middle.callback("");
  spy(inner, seen, "inner");
  outer.addCallback(() => {
    seen.push("outer");
    middle.pause();
  });
  inner.callback("x");
  assert.deepEqual(seen, ["outer"]);
  spy(inner, seen, "later");
  assert.deepEqual(seen, ["outer", "inner undefined", "later undefined"]);
});

test("one unpause() too many shows the links what is waited for, and a pass-by waits again", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  const outer: Deferred<unknown> = succeed(0).addCallback(() => inner);
  outer.addErrback(() => assert.fail("there is no error"));
  outer.unpause();
  spy(outer, seen);
  inner.callback("x");
  assert.deepEqual(seen, ["x"]);
});

test("addTimeout fails with TimeoutError when the time is over", () => {
  const clock = new Clock();
  const d = new Deferred<string>().addTimeout(50, clock);
  clock.advance(49);
  assert.equal(d.called, false);
  clock.advance(1);
  const error = errorOf(d);
  assert.ok(error instanceof TimeoutError);
  assert.equal(error.timeoutMs, 50);
  assert.equal(error.message, "The Deferred had no result within 50 ms");
  assert.ok(error.cause instanceof CancelledError);
});

test("addTimeout leaves no timer once there is a result", () => {
  const clock = new Clock();
  const [early, late, failed] = [succeed(1), new Deferred<number>(), new Deferred<number>()];
  for (const d of [early, late, failed]) d.addTimeout(50, clock);
  late.callback(1);
  failed.errback(oops);
  assert.equal(errorOf(failed), oops);
  assert.deepEqual(clock.getDelayedCalls(), []);
});

test("addTimeout covers the links added before it, not those after it", () => {
  const clock = new Clock();
  const [before, after] = [new Deferred<void>(), new Deferred<void>()];
  const d = succeed(0)
    .addCallback(() => before)
    .addTimeout(50, clock)
    .addCallback(() => after);
  clock.advance(49);
  before.callback();
  clock.advance(1_000);
  assert.equal(d.inspect().state, "waiting");
});

test("a value that the canceller supplied wins over addTimeout's error, and so does an error", () => {
  const clock = new Clock();
  const seen: unknown[] = [];
  spy(new Deferred<string>((d) => d.callback("so far")).addTimeout(5, clock), seen);
  const failed = new Deferred<string>((d) => d.errback(oops)).addTimeout(5, clock);
  clock.advance(5);
  assert.deepEqual(seen, ["so far"]);
  assert.equal(errorOf(failed), oops);
});

test("a cancellation before the time is over stays a CancelledError", () => {
  const d = new Deferred<string>().addTimeout(5, new Clock());
  d.cancel();
  assert.ok(errorOf(d) instanceof CancelledError);
});

test("await gives the value, and a second await gives it again", async () => {
  const d = succeed("value");
  assert.equal(await d, "value");
  assert.equal(await d, "value");
});

test("await throws the error, and consumes it", async () => {
  const d = fail(oops);
  await assert.rejects(async () => await d, oops);
  assert.equal(await d, undefined);
});

test("an await goes on one microtask after the firing", async () => {
  const seen: unknown[] = [];
  const d = new Deferred<string>();
  async function wait(): Promise<void> {
    seen.push(await d);
  }
  const waiting = wait();
  await Promise.resolve();
  d.callback("fired");
  seen.push("after callback");
  const hop = Promise.resolve().then(() => seen.push("next microtask"));
  await Promise.all([waiting, hop]);
  assert.deepEqual(seen, ["after callback", "fired", "next microtask"]);
});

test("then() branches: what its functions return goes to the new one, the old one keeps its value", () => {
  const seen: unknown[] = [];
  const d = succeed(1);
  d.then((n) => succeed(n + 1)).then((n) => seen.push(n));
  spy(d, seen);
  assert.deepEqual(seen, [2, 1]);
});

test("then() passes by what it has no function for, and catches what its functions throw", () => {
  const seen: unknown[] = [];
  succeed(1)
    .then(null)
    .then(() => {
      throw oops;
    })
    .then(() => assert.fail("not for an error"))
    .then(undefined, (error) => seen.push(error));
  assert.deepEqual(seen, [oops]);
});

test("Promise.all and Promise.race take Deferreds", async () => {
  assert.deepEqual(await Promise.all([succeed(1), succeed("two")]), [1, "two"]);
  assert.equal(await Promise.race([new Deferred<number>(), succeed(3)]), 3);
});

test("the user's then() result that somebody fired already gets its result in the log", () => {
  using logs = captureLogs();
  const d = new Deferred<number>();
  const next = d.then((n) => n) as Deferred<number>;
  next.callback(0);
  d.callback(1);
  assert.ok(logs.events[0]?.["error"] instanceof AlreadyCalledError);
});

test("a cancelled then() forgives the result that comes too late", () => {
  using logs = captureLogs();
  const d = new Deferred<number>();
  const next = d.then((n) => n) as Deferred<number>;
  next.cancel();
  errorOf(next);
  d.callback(1);
  assert.deepEqual(logs.events, []);
});

test("inspect() tells the state, the result, the links to come and the pauses", () => {
  const inner = new Deferred<number>();
  const d = new Deferred<number>().addCallback(() => inner);
  assert.deepEqual(d.inspect(), { state: "unfired", result: undefined, links: 1, pauses: 0 });
  d.callback(1);
  assert.deepEqual(d.inspect(), { state: "waiting", result: inner, links: 0, pauses: 1 });
  inner.callback(2);
  assert.deepEqual(d.inspect(), { state: "value", result: 2, links: 0, pauses: 0 });
  const failed = fail(oops);
  assert.deepEqual(failed.inspect(), { state: "error", result: oops, links: 0, pauses: 0 });
  errorOf(failed);
});

test("100 000 links do not overflow the stack", () => {
  const d = new Deferred<number>();
  for (let index = 0; index < DEEP; index++) d.addCallback((n) => n + 1);
  const seen: unknown[] = [];
  spy(d, seen);
  d.callback(0);
  assert.deepEqual(seen, [DEEP]);
});

test("100 000 Deferreds, each waiting for the one before, do not overflow the stack", () => {
  const first = new Deferred<number>();
  let last = first;
  for (let index = 0; index < DEEP; index++) {
    const inner = last;
    last = succeed(0).addCallback(() => inner);
    last.addCallback((n) => n + 1);
  }
  first.callback(0);
  assert.equal(last.inspect().result, DEEP);
});

test("100 000 Deferreds, each waiting for the one after, do not overflow the stack", () => {
  const all = Array.from({ length: DEEP }, () => new Deferred<number>());
  all.forEach((d, index) => {
    const next = all[index + 1];
    if (next !== undefined) d.addCallback(() => next);
    d.addCallback((n) => n + 1);
  });
  for (const d of all) d.callback(0);
  assert.equal(all[0]?.inspect().result, DEEP);
});

test("100 000 Deferreds that have results, returned one from within the other, do not overflow the stack", () => {
  let last = succeed(0);
  for (let index = 0; index < DEEP; index++) {
    const inner = last;
    last = succeed(0).addCallback(() => inner.addCallback((n) => n + 1));
  }
  assert.equal(last.inspect().result, DEEP);
});

test("100 000 then()s of then()s do not overflow the stack", () => {
  const first = new Deferred<number>();
  let last: PromiseLike<number> = first;
  for (let index = 0; index < DEEP; index++) last = last.then((n) => n + 1);
  first.callback(0);
  assert.equal((last as Deferred<number>).inspect().result, DEEP);
});

test("a cancellation reaches the innermost of 100 000", () => {
  let last = new Deferred<number>();
  for (let index = 0; index < DEEP; index++) {
    const inner = last;
    last = succeed(0).addCallback(() => inner);
  }
  last.cancel();
  assert.ok(errorOf(last) instanceof CancelledError);
});

test("whatever the links do, the result is what a loop over them computes", () => {
  const link = fc.record({ side: fc.constantFrom("value", "error"), throws: fc.boolean(), n: fc.integer() });
  fc.assert(
    fc.property(fc.array(link), fc.nat(), (links, fireAt) => {
      const d = new Deferred<number>();
      let expected: { failed: boolean; n: number } = { failed: false, n: 0 };
      links.forEach(({ side, throws, n }, index) => {
        const step = () => {
          if (throws) throw n;
          return n;
        };
        if (index === fireAt % links.length) d.callback(0);
        if (side === "value") d.addCallback(step);
        else d.addErrback(step);
        if (expected.failed === (side === "error")) expected = { failed: throws, n };
      });
      if (!d.called) d.callback(0);
      assert.deepEqual(d.inspect(), {
        state: expected.failed ? "error" : "value",
        result: expected.n,
        links: 0,
        pauses: 0,
      });
      d.addErrback(() => {});
    }),
  );
});
