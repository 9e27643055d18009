import assert from "node:assert/strict";
import { test } from "node:test";
import { captureLogs } from "../log/observers.ts";
import { CancelledError } from "./errors.ts";
import { fromAsync } from "./from-async.ts";

const oops = new Error("oops");

/** Waits until `signal` aborts, then throws its reason, as a well-behaved function does. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

test("the result of an async function is the Deferred's", async () => {
  assert.equal(await fromAsync(async () => "value"), "value");
  await assert.rejects(async () => {
    await fromAsync(async () => {
      throw oops;
    });
  }, oops);
});

test("a function that is not async will do, even if it throws", async () => {
  assert.equal(fromAsync(() => 1).inspect().result, 1);
  await assert.rejects(async () => {
    await fromAsync(() => {
      throw oops;
    });
  }, oops);
});

test("cancel() aborts the signal with the reason, and fails at once", () => {
  const signals: AbortSignal[] = [];
  const errors: unknown[] = [];
  const d = fromAsync((signal) => {
    signals.push(signal);
    return aborted(signal);
  }).addErrback((error) => errors.push(error));
  d.cancel(oops);
  assert.equal(signals[0]?.aborted, true);
  assert.equal(signals[0]?.reason, oops);
  assert.ok(errors[0] instanceof CancelledError);
  assert.equal(errors[0].cause, oops);
});

test("what comes too late is dropped if it is a value, the reason or an AbortError, and logged if it is another error", async () => {
  using logs = captureLogs();
  const late = [
    async (signal: AbortSignal) => aborted(signal).catch(() => "value"),
    aborted,
    async (signal: AbortSignal) =>
      aborted(signal).catch(() => {
        throw new DOMException("stopped", "AbortError");
      }),
    async (signal: AbortSignal) =>
      aborted(signal).catch(() => {
        throw oops;
      }),
  ];
  for (const f of late) {
    const d = fromAsync(f);
    d.addErrback(() => {});
    d.cancel("enough");
  }
  await new Promise(setImmediate);
  assert.deepEqual(
    logs.events.map((event) => event["error"]),
    [oops],
  );
});
