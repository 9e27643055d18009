import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { fail } from "../core/deferred/succeed.ts";
import { ConnectionDone, ConnectionLost } from "../core/errors.ts";
import { Protocol } from "../core/protocol.ts";
import type { Transport } from "../core/transport.ts";
import { Line, Net, newService, outcome, startService } from "./client-service.fixture.test.ts";
import { ClientService, type ClientServiceOptions } from "./client-service.ts";
import type { ClientEndpoint } from "./types.ts";

let net: Net;
const started = (options?: ClientServiceOptions<Protocol>) => startService(net, options);
const assertQuiet = () => assert.deepEqual(net.clock.getDelayedCalls(), []);

beforeEach(() => {
  net = new Net();
});

describe("ClientService, idle", () => {
  test("does not connect", () => {
    const service = newService(net);
    net.clock.advance(100_000);
    assert.equal(net.attempts.length, 0);
    assert.equal(service.running, false);
  });

  test("whenConnected waits for the start", () => {
    const service = newService(net);
    const connected = outcome(service.whenConnected());
    service.startService();
    const line = net.made();
    assert.equal(connected.value, line.protocol);
  });

  test("stopService fires at once and turns away those who wait", () => {
    const service = newService(net);
    const connected = outcome(service.whenConnected());
    assert.ok("value" in outcome(service.stopService()));
    assert.ok(connected.error instanceof CancelledError);
  });

  test("a description that cannot be parsed throws when the service is made", () => {
    assert.throws(() => new ClientService(net.reactor, "tpc:h:80", () => new Protocol()), {
      name: "EndpointSyntaxError",
    });
  });
});

describe("ClientService, connecting", () => {
  test("startService connects at once, and is no second attempt when called again", () => {
    const service = started();
    service.startService();
    assert.equal(net.attempts.length, 1);
    assert.equal(service.running, true);
  });

  test("an endpoint that throws has failed", () => {
    const service = new ClientService(
      net.reactor,
      {
        connect: () => {
          throw new Error("no route");
        },
      },
      () => new Protocol(),
    );
    const connected = outcome(service.whenConnected({ failAfter: 1 }));
    service.startService();
    assert.equal(connected.error?.message, "no route");
  });

  test("stopService cancels the attempt and fires when it is over", () => {
    const service = started();
    const connected = outcome(service.whenConnected());
    const stopped = outcome(service.stopService());
    assert.deepEqual(net.cancelled, net.attempts);
    assert.ok("value" in stopped);
    assert.ok(connected.error instanceof CancelledError);
    assertQuiet();
  });

  test("stopService waits for an attempt that takes its time to end", () => {
    const slow = new Deferred<Protocol>();
    const endpoint = { connect: () => slow.addErrback(() => ending) } as unknown as ClientEndpoint;
    const ending = new Deferred<Protocol>(() => {});
    const service = new ClientService(net.reactor, endpoint, () => new Protocol());
    service.startService();
    const stopped = outcome(service.stopService());
    assert.ok(!("value" in stopped));
    ending.errback(new Error("closed at last"));
    assert.ok("value" in stopped);
  });

  test("a connection that is made in spite of stopService is closed, and waited for", () => {
    const service = started();
    const lines: Line[] = [];
    net.onCancel = () => lines.push(net.made());
    const stopped = outcome(service.stopService());
    assert.equal(lines[0]?.losing, true);
    assert.ok(!("value" in stopped));
    lines[0]?.lost();
    assert.ok("value" in stopped);
    assertQuiet();
  });

  test("stopService from inside the dialling cancels it", () => {
    const box: { service?: ClientService<Protocol> } = {};
    const endpoint: ClientEndpoint = {
      connect: (reactor, factory) => {
        box.service?.stopService();
        return net.connect(reactor, factory);
      },
    };
    const service = new ClientService(net.reactor, endpoint, () => new Protocol());
    box.service = service;
    service.startService();
    assert.deepEqual(net.cancelled, net.attempts);
    assert.equal(service.running, false);
    assertQuiet();
  });
});

describe("ClientService, preparing", () => {
  test("whenConnected waits until the preparation is done", () => {
    const prepared = new Deferred<void>();
    const seen: Protocol[] = [];
    const service = started({
      prepareConnection: (protocol) => {
        seen.push(protocol);
        return prepared;
      },
    });
    const connected = outcome(service.whenConnected());
    const line = net.made();
    assert.deepEqual(seen, [line.protocol]);
    assert.ok(!("value" in connected));
    prepared.callback();
    assert.equal(connected.value, line.protocol);
  });

  for (const [how, prepareConnection] of [
    ["throws", () => assert.fail("wrong password")],
    ["fails", () => fail(new Error("wrong password"))],
  ] as const) {
    test(`a preparation that ${how} closes the connection, and counts as a failed attempt once that is gone`, () => {
      const service = started({ prepareConnection });
      const connected = outcome(service.whenConnected({ failAfter: 1 }));
      const line = net.made();
      assert.equal(line.losing, true);
      assert.deepEqual(connected, {});
      line.lost();
      assert.equal(connected.error?.message, "wrong password");
      net.clock.advance(1_500);
      assert.equal(net.attempts.length, 2);
    });
  }

  test("failed preparations grow the delay", () => {
    started({ prepareConnection: () => fail(new Error("wrong password")) });
    for (const delayMs of [1_500, 2_250, 3_375]) {
      net.made().lost();
      const attempts = net.attempts.length;
      net.clock.advance(delayMs - 1);
      assert.equal(net.attempts.length, attempts);
      net.clock.advance(1);
      assert.equal(net.attempts.length, attempts + 1);
    }
  });

  test("a connection that is lost meanwhile is a failed attempt, and cancels the preparation", () => {
    const cancelled: string[] = [];
    const preparation = new Deferred<void>(() => cancelled.push("preparation"));
    const service = started({ prepareConnection: () => preparation });
    const connected = outcome(service.whenConnected({ failAfter: 1 }));
    const reason = new ConnectionLost();
    net.made().lost(reason);
    assert.equal(connected.error, reason);
    assert.deepEqual(cancelled, ["preparation"]);
    net.clock.advance(1_500);
    assert.equal(net.attempts.length, 2);
  });

  test("a connection that is gone when it arrives is a failed attempt that is not prepared", () => {
    const prepared: Protocol[] = [];
    const service = started({ prepareConnection: (protocol) => prepared.push(protocol) });
    const connected = outcome(service.whenConnected({ failAfter: 1 }));
    const line = new Line();
    line.lost();
    const protocol = new Protocol();
    protocol.transport = line as unknown as Transport;
    net.attempts[0]?.callback(protocol);
    assert.ok(connected.error instanceof ConnectionDone);
    assert.deepEqual(prepared, []);
  });

  test("stopService cancels the preparation, closes, and waits for the end", () => {
    const cancelled: string[] = [];
    const preparation = new Deferred<void>(() => cancelled.push("preparation"));
    const service = started({ prepareConnection: () => preparation });
    const line = net.made();
    const stopped = outcome(service.stopService());
    assert.deepEqual(cancelled, ["preparation"]);
    assert.equal(line.losing, true);
    assert.ok(!("value" in stopped));
    line.lost();
    assert.ok("value" in stopped);
    assertQuiet();
  });

  test("stopService from inside the preparation cancels it", () => {
    const cancelled: string[] = [];
    const box: { stopped?: { value?: unknown } } = {};
    const service: ClientService<Protocol> = newService(net, {
      prepareConnection: () => {
        box.stopped = outcome(service.stopService());
        return new Deferred<void>(() => cancelled.push("preparation"));
      },
    });
    service.startService();
    const line = net.made();
    assert.deepEqual(cancelled, ["preparation"]);
    assert.ok(line.losing && box.stopped && !("value" in box.stopped));
    line.lost();
    assert.ok("value" in box.stopped);
  });

  test("stopService while a badly prepared connection closes waits for its end", () => {
    const service = started({ prepareConnection: () => fail(new Error("wrong password")) });
    const line = net.made();
    const stopped = outcome(service.stopService());
    assert.ok(!("value" in stopped));
    line.lost();
    assert.ok("value" in stopped);
    assertQuiet();
  });
});
