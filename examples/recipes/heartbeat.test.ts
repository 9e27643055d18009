/** A minute and more, in no time: `node --test heartbeat.test.ts`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock, MemoryTransport } from "ropewalk/testing";
import { Heartbeat } from "./heartbeat.ts";

test("a peer that answers is kept; one that does not is given up ten seconds after the question", () => {
  const clock = new Clock();
  const transport = new MemoryTransport({ clock });
  transport.attach(new Heartbeat(clock));

  clock.advance(30_000);
  assert.equal(transport.text(), "ping\r\n");
  transport.remote.write("pong\r\n");
  clock.advance(30_000);
  assert.equal(transport.text(), "ping\r\nping\r\n");
  clock.advance(9_999);
  assert.equal(transport.connected, true);
  clock.advance(1);
  assert.equal(transport.connected, false);
  transport.settle(); // connectionLost comes in a turn of its own
  assert.deepEqual(clock.getDelayedCalls(), []); // no timer is left behind
});
