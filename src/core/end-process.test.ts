import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../testing/clock.ts";
import { endProcess } from "./end-process.ts";
import { ReactorStateError } from "./errors.ts";
import type { ProcessTransport } from "./process.ts";

test("a process is asked to end, and killed when it has not in time", () => {
  const clock = new Clock();
  const seen: string[] = [];
  const child = pretend((name) => void seen.push(name));
  endProcess(clock, child, 5_000);
  assert.deepEqual(seen, ["TERM"]);
  clock.advance(5_000);
  assert.deepEqual(seen, ["TERM", "KILL"]);
});

test("one that is gone already is no error, and anything else is", () => {
  const gone = pretend(() => {
    throw new ReactorStateError("It has ended");
  });
  endProcess(new Clock(), gone, 5_000);
  const broken = pretend(() => {
    throw new TypeError("no such signal");
  });
  assert.throws(() => endProcess(new Clock(), broken, 5_000), TypeError);
});

function pretend(signalProcess: (name: string) => void): ProcessTransport {
  return { signalProcess, loseConnection: () => {} } as unknown as ProcessTransport;
}
