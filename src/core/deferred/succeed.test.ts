import assert from "node:assert/strict";
import { test } from "node:test";
import { Deferred } from "./deferred.ts";
import { fail, maybeDeferred, succeed } from "./succeed.ts";

const oops = new Error("oops");

test("succeed has a value, fail an error", () => {
  assert.equal(succeed(1).inspect().result, 1);
  assert.equal(succeed().inspect().state, "value");
  const failed = fail(oops);
  assert.deepEqual([failed.inspect().state, failed.inspect().result], ["error", oops]);
  failed.addErrback(() => {});
});

test("maybeDeferred makes a Deferred of a value or a throw", async () => {
  assert.equal(maybeDeferred((a: number, b: number) => a + b, 1, 2).inspect().result, 3);
  const raise = () => {
    throw oops;
  };
  await assert.rejects(async () => await maybeDeferred(raise), oops);
});

test("maybeDeferred gives a Deferred back as it is", () => {
  const d = new Deferred<number>();
  assert.equal(
    maybeDeferred(() => d),
    d,
  );
});

test("maybeDeferred follows a Promise", async () => {
  assert.equal(await maybeDeferred(async () => "value"), "value");
  await assert.rejects(async () => await maybeDeferred(() => Promise.reject(oops)), oops);
});
