import assert from "node:assert/strict";

/** Fails with the list itself as its message, one line each: what is wrong can be read without the runner's frame. */
export function none(found: readonly string[]): void {
  if (found.length > 0) assert.fail(`\n${found.join("\n")}\n`);
}
