import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../testing/index.ts";
import { PatientCall } from "./patient-call.ts";

test("a patient call waits the whole delay again as long as it is told so", () => {
  const clock = new Clock();
  const made: number[] = [];
  let isTime = false;
  const call = new PatientCall(
    clock,
    10,
    () => isTime,
    () => made.push(clock.now()),
  );
  clock.advance(25);
  assert.deepEqual([call.time, call.active, made], [30, true, []]);
  isTime = true;
  clock.advance(5);
  assert.deepEqual([call.active, made], [false, [30]]);
});

test("a patient call can be reset, delayed, cancelled and disposed while it waits", () => {
  const clock = new Clock();
  const make = () =>
    new PatientCall(
      clock,
      10,
      () => false,
      () => assert.fail("made"),
    );
  const call = make();
  clock.advance(10);
  call.reset(5);
  call.delay(1);
  assert.equal(call.time, 16);
  call.cancel();
  {
    using _disposed = make();
    assert.equal(clock.getDelayedCalls().length, 1);
  }
  assert.equal(clock.getDelayedCalls().length, 0);
});
