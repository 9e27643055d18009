/** All policies together on real sockets and the real clock, where time goes on between any two looks at it. */
import assert from "node:assert/strict";
import { connect as dial } from "node:net";
import { test } from "node:test";
import { listen, NodeReactor } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { idleTimeout, limitConnections, throttle, trafficLog } from "ropewalk/policies";

test("a throttled, limited, timed and logged service serves lines over TCP, and refuses the one too many", async () => {
  const clock = new NodeReactor();
  const kinds: string[] = [];
  const logged = trafficLog(() => new Shout(), { to: ({ kind }) => kinds.push(kind) });
  const limited = limitConnections(logged, { perPeer: 1 });
  const throttled = throttle(limited, {
    clock,
    perConnection: { writeBytesPerSecond: 50_000, readBytesPerSecond: 1e6 },
  });
  const timed = idleTimeout(throttled, { clock, idleTimeoutMs: 60_000 });
  await using port = await listen(clock, "tcp:0:interface=127.0.0.1", timed);
  assert.equal(port.address.kind, "tcp");
  const number = port.address.kind === "tcp" ? port.address.port : 0;
  const first = talk(number, `${"x".repeat(98)}\n`.repeat(100));
  await first.heard;
  assert.equal(await talk(number, "never\n").all, "");
  first.say("bye\n");
  assert.equal(await first.all, `${"X".repeat(98)}\r\n`.repeat(100));
  assert.deepEqual([kinds[0], kinds.at(-1)], ["opened", "closed"]);
});

class Shout extends LineProtocol {
  override acceptBareNewline = true;
  override lineReceived(line: string): void {
    if (line === "bye") this.transport.loseConnection();
    else this.sendLine(line.toUpperCase());
  }
}

function talk(port: number, text: string) {
  const socket = dial(port, "127.0.0.1").setEncoding("latin1");
  let all = "";
  socket.write(text);
  const heard = new Promise<void>((resolve) => socket.once("data", () => resolve()));
  socket.on("data", (data) => {
    all += data;
  });
  // A refused connection may be reset; what came before is what counts.
  socket.on("error", () => socket.destroy());
  return {
    heard,
    say: (more: string) => void socket.write(more),
    all: new Promise<string>((resolve) => socket.on("close", () => resolve(all))),
  };
}
