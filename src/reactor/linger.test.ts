import assert from "node:assert/strict";
import { once } from "node:events";
import { Socket } from "node:net";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Lingering } from "./linger.ts";

test("a socket that closes while it lingers is held by nobody from then on", async () => {
  const lingering = new Lingering();
  const gone = await lingerAndClose(lingering);
  assert.equal(lingering.size, 0);
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  // What a WeakRef was made of stays to the end of the turn.
  for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  assert.equal(gone.deref(), undefined);
});

async function lingerAndClose(lingering: Lingering): Promise<WeakRef<Socket>> {
  const socket = new Socket();
  lingering.add(socket);
  const closed = once(socket, "close");
  socket.destroy();
  await closed;
  return new WeakRef(socket);
}
