import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../testing/clock.ts";
import { captureLogs } from "../log/observers.ts";
import { Deferred } from "./deferred.ts";
import { CancelledError, FirstError, TimeoutError } from "./errors.ts";
import { deferredList, gatherResults, race } from "./gather.ts";
import { errorOf, resultOf } from "./results.fixture.test.ts";
import { fail, succeed } from "./succeed.ts";
import { installTurnHook } from "./turn.ts";

const oops = new Error("oops");

/** The errors that are reported as unhandled when `f` and its turns are over. */
function unhandledIn(f: () => void): unknown[] {
  using logs = captureLogs();
  const checks: (() => void)[] = [];
  const uninstall = installTurnHook((check) => void checks.push(check));
  f();
  uninstall();
  for (const check of checks) check();
  return logs.events.map((event) => event["error"]);
}

function three(): [Deferred<string>, Deferred<string>, Deferred<string>] {
  return [new Deferred<string>(), new Deferred<string>(), new Deferred<string>()];
}

test("gatherResults has the values in the order of the Deferreds, whichever came first", () => {
  const [a, b] = three();
  const all = gatherResults([a, b, succeed(3)]);
  b.callback("b");
  assert.equal(all.called, false);
  a.callback("a");
  assert.deepEqual(resultOf(all), ["a", "b", 3]);
});

test("gatherResults takes Promises and plain values too", async () => {
  assert.deepEqual(await gatherResults([Promise.resolve(1), 2, succeed(3)]), [1, 2, 3]);
});

test("gatherResults of nothing has its result at once", () => {
  assert.deepEqual(resultOf(gatherResults([])), []);
});

test("gatherResults leaves the values in the Deferreds", () => {
  const [a] = three();
  gatherResults([a]);
  a.callback("a");
  assert.equal(resultOf(a), "a");
});

test("gatherResults fails at the first failure, with its index and cause, and lets the others go on", () => {
  const [a, b, c] = three();
  const all = gatherResults([a, b, c]);
  b.errback(oops);
  const error = errorOf(all);
  assert.ok(error instanceof FirstError);
  assert.equal(error.index, 1);
  assert.equal(error.cause, oops);
  assert.equal(error.message, "Deferred 1 failed: oops");
  assert.equal(a.called, false);
  a.callback("a");
  assert.equal(resultOf(a), "a");
});

test("gatherResults shows what was thrown even if it is no Error, or cannot be shown", () => {
  const hostile = Object.defineProperty(new Error("hidden"), "message", { get: () => assert.fail() });
  const shown = ["text", Object.create(null), hostile].map((thrown) => {
    return (errorOf(gatherResults([fail(thrown)])) as Error).message;
  });
  assert.deepEqual(shown, ["Deferred 0 failed: text", "Deferred 0 failed: {}", "Deferred 0 failed: [unreadable]"]);
});

test("gatherResults takes the first error; a later one is unhandled unless somebody takes it", () => {
  const later = new Error("later");
  const unhandled = unhandledIn(() => {
    const [a, b] = three();
    errorOf(addedTo(gatherResults([a, b]), () => a.errback(oops)));
    b.errback(later);
  });
  assert.deepEqual(unhandled, [later]);
});

test("gatherResults with cancelOthers cancels the others, whose CancelledErrors are nobody's worry", () => {
  const unhandled = unhandledIn(() => {
    const [a, b, c] = three();
    const all = gatherResults([a, b, c], { cancelOthers: true });
    b.errback(oops);
    assert.equal((errorOf(all) as FirstError).index, 1);
    assert.deepEqual([a.called, c.called], [true, true]);
  });
  assert.deepEqual(unhandled, []);
});

test("gatherResults with cancelOthers cancels those that come after one that has failed already", () => {
  const [a] = three();
  errorOf(gatherResults([fail(oops), a], { cancelOthers: true }));
  assert.equal(a.called, true);
});

test("what a canceller throws while others are cancelled is logged, and stops nothing", () => {
  const broken = new Deferred<string>(() => {
    throw oops;
  });
  const [a, b] = three();
  const unhandled = unhandledIn(() => {
    const all = gatherResults([a, broken, b], { cancelOthers: true });
    a.errback(new Error("first"));
    errorOf(all);
  });
  assert.deepEqual(unhandled, [oops]);
  assert.equal(b.called, true);
});

test("cancel() of gatherResults cancels all and fails with a CancelledError, so that addTimeout works", () => {
  const clock = new Clock();
  const unhandled = unhandledIn(() => {
    const [a, b] = three();
    const all = gatherResults([a, b]).addTimeout(5, clock);
    clock.advance(5);
    assert.ok(errorOf(all) instanceof TimeoutError);
    assert.deepEqual([a.called, b.called], [true, true]);
  });
  assert.deepEqual(unhandled, []);
});

test("cancel() of gatherResults is a success if the cancellers supply values", () => {
  const member = () => new Deferred<string>((d) => d.callback("so far"));
  const all = gatherResults([member(), member()]);
  all.cancel();
  assert.deepEqual(resultOf(all), ["so far", "so far"]);
});

test("cancel() of gatherResults fails as any failure if a canceller fires an error of its own", () => {
  const all = gatherResults([new Deferred<string>((d) => d.errback(oops))]);
  all.cancel();
  assert.ok(errorOf(all) instanceof FirstError);
});

test("what cancellers throw comes out of cancel(), after all were called", () => {
  const broken = () =>
    new Deferred<string>(() => {
      throw oops;
    });
  const [a] = three();
  assert.throws(() => gatherResults([broken(), a]).cancel(), oops);
  assert.equal(a.called, true);
  assert.throws(() => gatherResults([broken(), broken()]).cancel(), { name: "AggregateError", errors: [oops, oops] });
});

test("gatherResults 100 000 deep does not overflow the stack", () => {
  const first = new Deferred<unknown>();
  let last: Deferred<unknown> = first;
  for (let index = 0; index < 100_000; index++) last = gatherResults([last]).addCallback(([value]) => value);
  first.callback("through");
  assert.equal(resultOf(last), "through");
});

test("deferredList tells how each ended, and consumes the errors", () => {
  const [a, b] = three();
  const list = deferredList([a, b]);
  a.errback(oops);
  b.callback("b");
  assert.deepEqual(resultOf(list), [
    { status: "rejected", reason: oops },
    { status: "fulfilled", value: "b" },
  ]);
  assert.equal(resultOf(a), undefined);
  assert.equal(resultOf(b), "b");
});

test("deferredList of nothing has its result at once", () => {
  assert.deepEqual(resultOf(deferredList([])), []);
});

test("cancel() of deferredList cancels all, and the list says so", () => {
  const list = deferredList(three());
  list.cancel();
  const errors = resultOf(list).map((outcome) => outcome.status === "rejected" && outcome.reason);
  assert.ok(errors.every((error) => error instanceof CancelledError));
});

test("race has the first value and whose it is, and cancels the losers", () => {
  const unhandled = unhandledIn(() => {
    const [a, b, c] = three();
    const first = race([a, b, c]);
    b.callback("b");
    assert.deepEqual(resultOf(first), [1, "b"]);
    assert.deepEqual([a.called, c.called], [true, true]);
  });
  assert.deepEqual(unhandled, []);
});

test("race is not lost with a failure, as long as one may win; a second value is too late", () => {
  const [a, b] = three();
  const slow = new Deferred<string>((d) => d.callback("too late"));
  const first = race([a, b, slow]);
  a.errback(oops);
  assert.equal(first.called, false);
  b.callback("b");
  assert.deepEqual(resultOf(first), [1, "b"]);
});

test("a race that all have lost fails with their errors, in the order of the Deferreds", () => {
  const [a, b] = three();
  const first = race([a, b]);
  b.errback("second");
  a.errback("first");
  const error = errorOf(first) as AggregateError;
  assert.deepEqual(error.errors, ["first", "second"]);
  assert.equal(error.message, "All of 2 Deferreds failed");
});

test("race of nothing fails at once", () => {
  assert.match(String(errorOf(race([]))), /^AggregateError: Cannot race/);
});

test("cancel() of race cancels all, and fails with a CancelledError", () => {
  const members = three();
  const first = race(members);
  first.cancel();
  assert.ok(errorOf(first) instanceof CancelledError);
  assert.ok(members.every(({ called }) => called));
});

test("cancel() of race is a success if a canceller supplies a value", () => {
  const first = race([new Deferred<string>(), new Deferred<string>((d) => d.callback("so far"))]);
  first.cancel();
  assert.deepEqual(resultOf(first), [1, "so far"]);
});

test("cancel() of a group whose members go on leaves it pending", () => {
  for (const group of [gatherResults, deferredList, race] as const) {
    const stubborn = new Deferred<string>();
    const member = succeed(0).addCallback(() => stubborn);
    stubborn.pause();
    stubborn.callback("in the end");
    const all: Deferred<unknown> = group([member]);
    all.cancel();
    assert.equal(all.called, false);
    stubborn.unpause();
    assert.equal(all.called, true);
  }
});

function addedTo<T>(value: T, f: () => void): T {
  f();
  return value;
}
