import assert from "node:assert/strict";
import { test } from "node:test";
import { startTree } from "ropewalk/app";
import { MemoryReactor } from "ropewalk/testing";
import { makeSample } from "./sample.ts";

test("guests are numbered, and each minute the report says how many came", async () => {
  const reactor = new MemoryReactor();
  const lines: string[] = [];
  const application = makeSample("tcp:1400", (line) => void lines.push(line));
  await startTree(reactor, application);
  assert.equal(reactor.dial(1400).text(), "You are number 1\n");
  assert.equal(reactor.dial(1400).text(), "You are number 2\n");
  reactor.advance(120_000);
  assert.deepEqual(lines, ["2 came", "0 came"]);
  await application.stopService();
  assert.equal(reactor.getDelayedCalls().length, 0);
});
