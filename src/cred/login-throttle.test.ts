import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { fail } from "../core/deferred/succeed.ts";
import { Clock } from "../testing/clock.ts";
import { LoginFailed, LoginThrottled } from "./errors.ts";
import { LoginThrottle, type LoginThrottleOptions } from "./login-throttle.ts";

describe("a login throttle", () => {
  test("bears so many wrong logins, and gives one back after the time", async () => {
    const { clock, guess } = make({ maxFailures: 2, forgetMs: 1_000 });
    assert.deepEqual([await guess(), await guess(), await guess()], ["LoginFailed", "LoginFailed", "LoginThrottled"]);
    clock.advance(999);
    assert.equal(await guess(), "LoginThrottled");
    clock.advance(1);
    assert.deepEqual([await guess(), await guess()], ["LoginFailed", "LoginThrottled"]);
    clock.advance(1_000_000);
    assert.deepEqual([await guess(), await guess(), await guess()], ["LoginFailed", "LoginFailed", "LoginThrottled"]);
  });

  test("says how long to wait, and does not ask meanwhile", async () => {
    const { clock, guess, throttle } = make({ maxFailures: 1, forgetMs: 1_500 });
    assert.equal(throttle.waitMs("a"), 0);
    await guess();
    clock.advance(100);
    assert.equal(throttle.waitMs("a"), 1_400);
    await assert.rejects(
      async () => await throttle.attempt("a", () => assert.fail("asked")),
      (error) => {
        assert.ok(error instanceof LoginThrottled);
        assert.equal(error.retryAfterMs, 1_400);
        assert.equal(error.message, "Cannot log in: too many attempts; try again in 2 s");
        return true;
      },
    );
  });

  test("keeps keys apart, however long they are", async () => {
    const { guess } = make({ maxFailures: 1 });
    const long = "x".repeat(10_000);
    for (const key of ["a", "b", `${long}a`, `${long}b`]) {
      assert.deepEqual([await guess(key), await guess(key)], ["LoginFailed", "LoginThrottled"]);
    }
  });

  test("takes an attempt back that was right, but not the wrong ones before it", async () => {
    const { guess, throttle } = make({ maxFailures: 2 });
    await guess();
    for (let times = 0; times < 5; times += 1) assert.equal(await throttle.attempt("a", () => "in"), "in");
    assert.deepEqual([await guess(), await guess()], ["LoginFailed", "LoginThrottled"]);
  });

  test("takes an attempt back that could not be checked", async () => {
    const { guess, throttle } = make({ maxFailures: 1 });
    await assert.rejects(
      async () => await throttle.attempt("a", () => Promise.reject(new RangeError("away"))),
      RangeError,
    );
    assert.equal(throttle.size, 0);
    assert.equal(await guess(), "LoginFailed");
  });

  test("lets no more run at a time than may go wrong; the others wait for them", async () => {
    const { throttle } = make({ maxFailures: 2 });
    const running: Deferred<string>[] = [];
    const login = (): Deferred<string> => {
      running.push(new Deferred<string>());
      return running.at(-1) as Deferred<string>;
    };
    const results = [1, 2, 3, 4].map(() => throttle.attempt("a", login));
    assert.equal(running.length, 2);
    running[0]?.callback("in");
    assert.equal(running.length, 3);
    running[1]?.errback(new LoginFailed());
    assert.equal(running.length, 3, "one may go wrong, and one runs");
    running[2]?.callback("in");
    running[3]?.callback("in");
    const outcomes = results.map((each) => each.addErrback((error: Error) => error.name));
    assert.deepEqual(await Promise.all(outcomes), ["in", "LoginFailed", "in", "in"]);
  });

  test("sends those away who wait when the last one has gone wrong", async () => {
    const { throttle } = make({ maxFailures: 1 });
    const first = new Deferred<string>();
    const results = [() => first, () => assert.fail("asked"), () => assert.fail("asked")].map((login) =>
      throttle.attempt("a", login).addErrback((error: Error) => error.name),
    );
    first.errback(new LoginFailed());
    assert.deepEqual(await Promise.all(results), ["LoginFailed", "LoginThrottled", "LoginThrottled"]);
  });

  test("lets so many wait, passes those over who have left, and does not forget who runs", async () => {
    const { throttle } = make({ maxFailures: 1, maxWaiting: 2, maxKeys: 1 });
    const first = new Deferred<string>();
    const running = throttle.attempt("a", () => first);
    const left = throttle.attempt("a", () => assert.fail("asked"));
    const last = throttle.attempt("a", () => "last");
    await assert.rejects(async () => await throttle.attempt("a", () => "too many"), LoginThrottled);
    left.cancel();
    await assert.rejects(async () => await left, { name: "AbortError" });
    assert.equal(await throttle.attempt("b", () => "other"), "other");
    await assert.rejects(async () => await throttle.attempt("a", () => assert.fail("forgotten")), LoginThrottled);
    first.callback("first");
    assert.deepEqual(await Promise.all([running, last]), ["first", "last"]);
    assert.equal(throttle.size, 0);
  });

  test("remembers a bounded number of keys: those that failed last", async () => {
    const { guess, throttle } = make({ maxFailures: 1, maxKeys: 2 });
    for (const key of ["a", "b", "c"]) await guess(key);
    assert.equal(throttle.size, 2);
    assert.deepEqual(
      [throttle.waitMs("a") > 0, throttle.waitMs("b") > 0, throttle.waitMs("c") > 0],
      [false, true, true],
    );
  });

  test("wants positive numbers", () => {
    for (const options of [{ maxFailures: 0 }, { forgetMs: -1 }, { maxKeys: Number.NaN }]) {
      assert.throws(() => make(options), { name: "RangeError", message: /give a positive number/ });
    }
  });
});

function make(options: LoginThrottleOptions) {
  const clock = new Clock();
  const throttle = new LoginThrottle(clock, options);
  const guess = async (key = "a"): Promise<string> =>
    await throttle.attempt(key, () => fail(new LoginFailed())).addErrback((error: Error) => error.name);
  return { clock, throttle, guess };
}
