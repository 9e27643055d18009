import assert from "node:assert/strict";
import { test } from "node:test";
import { startTree } from "ropewalk/app";
import { MemoryReactor } from "ropewalk/testing";
import sample from "./sample.ts";

test("a guest is greeted, on each port", async () => {
  const reactor = new MemoryReactor();
  const values = { listen: ["tcp:1400", "tcp:1401"], greeting: "good morning", operands: [] };
  await startTree(reactor, await sample.makeService(values, reactor));
  for (const port of [1400, 1401]) {
    const guest = reactor.dial(port);
    assert.equal(guest.text(), "good morning\n");
    assert.equal(guest.connected, false);
  }
});
