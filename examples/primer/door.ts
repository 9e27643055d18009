/** Two tests of a door that locks itself; one leaves something behind. */
import assert from "node:assert/strict";
import type { Clock } from "ropewalk";
import { test } from "ropewalk/trial";

class Door {
  isLocked = false;
  constructor(clock: Clock) {
    clock.callLater(60_000, () => {
      this.isLocked = true;
    });
  }
}

test("a door locks itself after a minute", async (t) => {
  const door = new Door(t.reactor);
  await t.advance(60_000); // takes no time
  assert.equal(door.isLocked, true);
});

test("a new door is open", (t) => {
  assert.equal(new Door(t.reactor).isLocked, false);
});
