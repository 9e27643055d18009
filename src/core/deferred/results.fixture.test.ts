/** What the tests of Deferreds share: what one has come to. */
import assert from "node:assert/strict";
import type { Deferred } from "./deferred.ts";

/** Adds a link on both sides that says what comes by. */
export function spy(deferred: Deferred<unknown>, seen: unknown[], name = ""): Deferred<unknown> {
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

/** The value that a Deferred has now. */
export function resultOf<T>(deferred: Deferred<T>): T {
  const { state, result } = deferred.inspect();
  assert.equal(state, "value");
  return result as T;
}

/** The error that a Deferred has now; consumes it. */
export function errorOf(deferred: Deferred<unknown>): unknown {
  const { state, result } = deferred.inspect();
  assert.equal(state, "error");
  deferred.addErrback(() => {});
  return result;
}
