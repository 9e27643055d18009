import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Deferred } from "./deferred/deferred.ts";
import { maybeDeferred } from "./deferred/succeed.ts";
import { installWorkHook, outsideWork, type WorkHook } from "./outside-work.ts";

describe("work outside", () => {
  test("is done at once where nobody makes the time", async () => {
    assert.equal(await outsideWork(async () => 7), 7);
    await assert.rejects(async () => {
      await outsideWork(() => {
        throw new RangeError("too much");
      });
    }, RangeError);
  });

  test("goes to the hook that was installed last, until it is taken away", async () => {
    const seen: string[] = [];
    const named =
      (name: string): WorkHook =>
      <T>(work: () => Promise<T>): Deferred<T> => {
        seen.push(name);
        return maybeDeferred(work);
      };
    const first = installWorkHook(named("first"));
    const second = installWorkHook(named("second"));
    await outsideWork(async () => {});
    first();
    await outsideWork(async () => {});
    second();
    await outsideWork(async () => {});
    assert.deepEqual(seen, ["second", "second"]);
  });

  test("that a hook leaves alone is done at once", async () => {
    const uninstall = installWorkHook(() => undefined);
    assert.equal(await outsideWork(async () => 7), 7);
    uninstall();
  });
});
