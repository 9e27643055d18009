import assert from "node:assert/strict";
import { test } from "node:test";
import { captureLogs } from "../log/observers.ts";
import { Deferred } from "./deferred.ts";
import { AlreadyCalledError } from "./errors.ts";
import { spy } from "./results.fixture.test.ts";
import { fail, succeed } from "./succeed.ts";

const oops = new Error("oops");

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
  next.addErrback(() => {});
  d.callback(1);
  assert.deepEqual(logs.events, []);
  assert.throws(() => next.callback(2), AlreadyCalledError, "once");
});
