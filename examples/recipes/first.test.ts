/** A server on a reactor of the test's own: `npx trial first.test.ts`. */
import assert from "node:assert/strict";
import { listen } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { idleTimeout } from "ropewalk/policies";
import { test } from "ropewalk/trial";

class Greeter extends LineProtocol {
  override lineReceived(name: string): void {
    this.sendLine(`Hello, ${name}`);
  }
}

test("a guest is greeted, and sent away after a minute of silence", async (t) => {
  const greeters = idleTimeout(() => new Greeter(), { clock: t.reactor, idleTimeoutMs: 60_000 });
  const port = await listen(t.reactor, "tcp:8000", greeters);
  t.addCleanup(() => port.stopListening());

  const guest = t.reactor.dial(8000); // the test plays the guest
  guest.remote.write("Ann\r\n");
  assert.equal(guest.text(), "Hello, Ann\r\n");
  await t.advance(59_999);
  assert.equal(guest.connected, true);
  await t.advance(1);
  assert.equal(guest.connected, false);
});
