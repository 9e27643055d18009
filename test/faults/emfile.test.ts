/** A server without descriptors sheds the connections that it cannot have, and goes on. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { startServer, stop } from "./children.ts";
import { closed, dial, isServed, nextFrom } from "./ends.ts";
import { Holdings } from "./leaks.ts";

test("under `ulimit -n 64`, 150 peers: some are served, the surplus is closed, and later ones are served", {
  timeout: 20_000,
}, async () => {
  const before = new Holdings();
  await exhaust();
  await before.areBack();
});

async function exhaust(): Promise<void> {
  const server = await startServer([], "ulimit -n 64");
  const served: Socket[] = [];
  let shed = 0;
  for (let i = 0; i < 150; i += 1) {
    const socket = await dial(server.port);
    const answer = nextFrom(socket);
    socket.write("here");
    if ((await answer) === "here") {
      served.push(socket);
    } else {
      shed += 1;
      socket.destroy();
    }
  }
  assert.ok(served.length > 20, `only ${served.length} were served`);
  assert.ok(shed > 80, `only ${shed} were shed`);
  for (const socket of served) {
    const answer = nextFrom(socket);
    socket.write("still");
    assert.equal(await answer, "still");
  }
  const [first, ...rest] = served;
  const gone = nextFrom(first as Socket);
  first?.end();
  assert.equal(await gone, undefined);
  assert.ok(await isServed(server.port));
  for (const socket of rest) {
    socket.destroy();
    await closed(socket);
  }
  first?.destroy();
  assert.equal(await stop(server, "SIGINT"), 0);
}
