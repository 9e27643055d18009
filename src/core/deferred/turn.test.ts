import assert from "node:assert/strict";
import { test } from "node:test";
import { afterNextTurn } from "./turn.ts";

test("without a hook, microtasks stand in: ten awaits in a row come before the check", async () => {
  const seen: string[] = [];
  afterNextTurn(() => seen.push("checked"));
  afterNextTurn(() => seen.push("checked too"));
  for (let index = 0; index < 10; index++) await thenable();
  assert.deepEqual(seen, []);
  await new Promise(setImmediate);
  assert.deepEqual(seen, ["checked", "checked too"]);
});

test("without a hook, what is asked for later is checked later", async () => {
  const seen: string[] = [];
  afterNextTurn(() => seen.push("first"));
  await Promise.resolve();
  await Promise.resolve();
  afterNextTurn(() => seen.push("second"));
  await new Promise(setImmediate);
  assert.deepEqual(seen, ["first", "second"]);
});

function thenable(): PromiseLike<void> {
  // biome-ignore lint/suspicious/noThenProperty: it stands for a Deferred
  return { then: (onValue) => Promise.resolve().then(onValue) };
}
