import assert from "node:assert/strict";
import { test } from "node:test";
import { captureLogs } from "../log/observers.ts";
import { fail } from "./succeed.ts";
import { installTurnHook } from "./turn.ts";

test("an error that nobody took is one critical event with the error, after the turn after next", () => {
  using logs = captureLogs();
  const checks: (() => void)[] = [];
  const uninstall = installTurnHook((check) => void checks.push(check));
  const error = new Error("nobody took me");
  fail(error);
  uninstall();
  assert.deepEqual(logs.events, []);
  for (const check of checks) check();
  assert.deepEqual(logs.events, [
    { level: "critical", namespace: "ropewalk.deferred", timeMs: 0, format: "Unhandled error in Deferred", error },
  ]);
});
