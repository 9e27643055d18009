import assert from "node:assert/strict";
import { Deferred } from "../core/deferred/deferred.ts";
import { captureLogs } from "../core/log/observers.ts";
import { test } from "../trial/test.ts";
import { MultiService } from "./multi-service.ts";
import { TimerService } from "./timer-service.ts";

test("a timer calls at its start, at each interval, and never after its stop", async (t) => {
  const { reactor } = t;
  let calls = 0;
  const timer = new TimerService(1_000, () => ++calls);
  timer.startService(reactor);
  reactor.advance(2_000);
  assert.equal(calls, 3);
  await timer.stopService();
  reactor.advance(5_000);
  assert.equal(calls, 3);
  assert.equal(reactor.getDelayedCalls().length, 0);
});

test("a timer that is stopped waits for the call that is on its way", (t) => {
  const { reactor } = t;
  const call = new Deferred<void>();
  const timer = new TimerService(1_000, () => call);
  timer.startService(reactor);
  const stopped = timer.stopService();
  assert.equal(stopped.called, false);
  call.callback();
  assert.equal(stopped.called, true);
});

test("a call that fails is logged, makes the timer unwell until one succeeds, and does not end it", async (t) => {
  const { reactor } = t;
  let calls = 0;
  const timer = new TimerService(1_000, function refresh() {
    if (++calls === 2) throw new Error("no disk");
  });
  timer.startService(reactor);
  assert.deepEqual(timer.health(), { ok: true });
  using logs = captureLogs();
  reactor.advance(1_000);
  assert.deepEqual(logs.messages, ["Cannot finish a call of refresh; the next one comes in its time"]);
  assert.deepEqual(timer.health(), { ok: false, detail: "no disk" });
  reactor.advance(1_000);
  assert.deepEqual(timer.health(), { ok: true });
  assert.equal(calls, 3);
  assert.deepEqual(
    (await t.flushLoggedErrors()).map(({ message }) => message),
    ["no disk"],
  );
  await timer.stopService();
});

test("a timer can be restarted", async (t) => {
  const { reactor } = t;
  let calls = 0;
  const timer = new TimerService(1_000, () => ++calls);
  const tree = new MultiService({ services: [timer] });
  await tree.startService(reactor);
  await tree.restartService(timer);
  reactor.advance(1_000);
  assert.equal(calls, 3);
  await tree.stopService();
  assert.deepEqual(reactor.holdings(), []);
});

test("a timer that was never started can be stopped", async () => {
  await new TimerService(1, () => {}).stopService();
});
