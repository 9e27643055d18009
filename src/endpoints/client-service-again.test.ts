import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { CancelledError } from "../core/deferred/errors.ts";
import { ConnectionLost } from "../core/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import type { Protocol } from "../core/protocol.ts";
import { Net, newService, outcome, startService } from "./client-service.fixture.test.ts";
import type { ClientServiceOptions } from "./client-service.ts";

let net: Net;
const started = (options?: ClientServiceOptions<Protocol>) => startService(net, options);
const assertQuiet = () => assert.deepEqual(net.clock.getDelayedCalls(), []);

beforeEach(() => {
  net = new Net();
});

describe("ClientService, connected", () => {
  test("whenConnected has the protocol at once", () => {
    const service = started();
    const line = net.made();
    assert.equal(outcome(service.whenConnected()).value, line.protocol);
    assert.equal(outcome(service.whenConnected()).value, line.protocol);
  });

  test("a lost connection is made again after the first delay, however many failures came before", () => {
    const service = started();
    net.failed("refused");
    net.clock.advance(1_500);
    net.failed("refused");
    net.clock.advance(2_250);
    net.made().lost();
    net.clock.advance(1_499);
    assert.equal(net.attempts.length, 3);
    const connected = outcome(service.whenConnected());
    net.clock.advance(1);
    const again = net.made();
    assert.equal(connected.value, again.protocol);
  });

  test("a loss is no failed attempt for those who count them", () => {
    const service = started();
    const line = net.made();
    line.lost();
    const connected = outcome(service.whenConnected({ failAfter: 1 }));
    net.clock.advance(1_500);
    assert.deepEqual(connected, {});
    net.failed("refused");
    assert.equal(connected.error?.message, "refused");
  });

  test("stopService closes the connection and fires only after connectionLost", () => {
    const service = started();
    const line = net.made();
    const first = outcome(service.stopService());
    const second = outcome(service.stopService());
    assert.equal(line.losing, true);
    assert.equal(service.running, false);
    assert.ok(!("value" in first));
    line.lost();
    assert.ok("value" in first && "value" in second);
    assertQuiet();
  });

  test("disposing is stopService", async () => {
    const service = started();
    const line = net.made();
    const disposed = service[Symbol.asyncDispose]();
    line.lost();
    await disposed;
    assert.equal(service.running, false);
  });

  test("links of one waiter may stop the service or cancel another", () => {
    const service = started();
    const first = service.whenConnected();
    const second = service.whenConnected();
    const third = service.whenConnected();
    first.addCallback(() => {
      second.cancel();
      service.stopService();
    });
    const outcomes = [outcome(second), outcome(third)];
    net.made().lost();
    for (const { error } of outcomes) assert.ok(error instanceof CancelledError);
  });
});

describe("ClientService, waiting", () => {
  test("each failure in a row waits half as long again, 60 s at most", () => {
    started();
    const delays: number[] = [];
    for (let i = 0; i < 12; i++) {
      net.failed("refused");
      const [next] = net.clock.getDelayedCalls();
      assert.ok(next);
      delays.push(next.time - net.clock.now());
      net.clock.advance(next.time - net.clock.now());
    }
    assert.deepEqual(delays.slice(0, 3), [1_500, 2_250, 3_375]);
    assert.equal(delays[11], 50_000);
  });

  test("the randomness of the delay is the reactor's", () => {
    Object.assign(net.reactor, { random: () => 0.5 });
    started();
    net.failed("refused");
    assert.equal(net.clock.getDelayedCalls()[0]?.time, 1_650);
  });

  test("the policy can be replaced, and hears how many retries there were", () => {
    const asked: number[] = [];
    started({
      policy: (retries) => {
        asked.push(retries);
        return 10;
      },
    });
    for (let i = 0; i < 3; i++) {
      net.failed("refused");
      net.clock.advance(10);
    }
    net.made().lost();
    net.clock.advance(10);
    net.failed("refused");
    assert.deepEqual(asked, [0, 1, 2, 0, 1]);
  });

  test("a policy that gives no time ends the service, and whoever waits is told", () => {
    const service = started({ policy: () => Number.NaN });
    const connected = outcome(service.whenConnected());
    net.failed("refused");
    assert.ok(connected.error instanceof RangeError);
    assert.equal(service.running, false);
    assertQuiet();
  });

  test("stopService fires at once and leaves no timer", () => {
    const service = started();
    net.failed("refused");
    const connected = outcome(service.whenConnected());
    assert.ok("value" in outcome(service.stopService()));
    assert.ok(connected.error instanceof CancelledError);
    assertQuiet();
  });

  test("the log says in one line what failed and when it goes on", () => {
    using logs = captureLogs();
    started();
    net.failed("refused");
    net.clock.advance(1_500);
    net.made().lost(new ConnectionLost("Connection was lost: read ECONNRESET"));
    assert.deepEqual(logs.messages, [
      "No connection with Net: refused; next attempt in 1500 ms",
      "Lost Net: Connection was lost: read ECONNRESET; next attempt in 1500 ms",
    ]);
    assert.ok(logs.events.every((event) => !("error" in event)));
  });

  test("whenConnected gives up after its own number of failures, with the last one's error", () => {
    const service = started();
    const once = outcome(service.whenConnected({ failAfter: 1 }));
    const twice = outcome(service.whenConnected({ failAfter: 2 }));
    const never = outcome(service.whenConnected());
    net.failed("first");
    assert.equal(once.error?.message, "first");
    const late = outcome(service.whenConnected({ failAfter: 2 }));
    net.clock.advance(1_500);
    net.failed("second");
    assert.equal(twice.error?.message, "second");
    assert.deepEqual(late, {});
    net.clock.advance(2_250);
    net.failed("third");
    assert.equal(late.error?.message, "third");
    assert.deepEqual(never, {});
  });

  test("a waiter that is told of the failure may stop the service, and the others are turned away once", () => {
    const service = started();
    const first = service.whenConnected({ failAfter: 1 }).addErrback(() => service.stopService());
    const second = outcome(service.whenConnected({ failAfter: 1 }));
    outcome(first);
    net.failed("refused");
    assert.ok(second.error instanceof CancelledError);
    assertQuiet();
  });

  test("a cancelled waiter is forgotten, the others stay", () => {
    const service = started();
    const waiting = service.whenConnected({ failAfter: 1 });
    const cancelled = outcome(waiting);
    const other = outcome(service.whenConnected());
    waiting.cancel();
    assert.ok(cancelled.error instanceof CancelledError);
    net.failed("refused");
    net.clock.advance(1_500);
    const line = net.made();
    assert.equal(other.value, line.protocol);
  });

  test("failAfter must be a whole number of at least 1", () => {
    const service = newService(net);
    for (const failAfter of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => service.whenConnected({ failAfter }), RangeError);
    }
  });
});

describe("ClientService, stopping and stopped", () => {
  test("startService while it stops connects again when the old connection is gone", () => {
    const service = started();
    const line = net.made();
    const stopped = outcome(service.stopService());
    service.startService();
    assert.equal(service.running, true);
    const connected = outcome(service.whenConnected());
    assert.equal(net.attempts.length, 1);
    line.lost();
    assert.ok("value" in stopped);
    assert.equal(net.attempts.length, 2);
    const again = net.made();
    assert.equal(connected.value, again.protocol);
  });

  test("stopService after that stops it all the same", () => {
    const service = started();
    const line = net.made();
    service.stopService();
    service.startService();
    const connected = outcome(service.whenConnected());
    const stopped = outcome(service.stopService());
    assert.ok(connected.error instanceof CancelledError);
    line.lost();
    assert.ok("value" in stopped);
    assert.equal(net.attempts.length, 1);
    assertQuiet();
  });

  test("whenConnected fails while it stops, and when it has", () => {
    const service = started();
    const line = net.made();
    service.stopService();
    assert.ok(outcome(service.whenConnected()).error instanceof CancelledError);
    line.lost();
    assert.ok(outcome(service.whenConnected()).error instanceof CancelledError);
  });

  test("a cancelled stopService still stops, and only that caller hears nothing more", () => {
    const service = started();
    const line = net.made();
    const impatient = service.stopService();
    const patient = outcome(service.stopService());
    assert.ok(outcome(impatient).error === undefined);
    impatient.cancel();
    line.lost();
    assert.ok("value" in patient);
    assert.equal(service.running, false);
  });

  test("it can be started again, with the first delay", () => {
    const service = started();
    net.failed("refused");
    net.clock.advance(1_500);
    net.failed("refused");
    service.stopService();
    service.startService();
    assert.equal(net.attempts.length, 3);
    net.failed("refused");
    assert.equal((net.clock.getDelayedCalls()[0]?.time ?? 0) - net.clock.now(), 1_500);
  });
});
