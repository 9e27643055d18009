/** A server that is told to stop in the midst of a thousand busy connections. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { startServer, stop } from "./children.ts";
import { closed, dial } from "./ends.ts";
import { Holdings } from "./leaks.ts";

test("every one of 1 000 busy peers hears goodbye behind its echoes, and the status is 0", {
  timeout: 20_000,
}, async () => {
  const before = new Holdings();
  await busyShutdown();
  await before.areBack();
});

async function busyShutdown(): Promise<void> {
  const server = await startServer(["--goodbye"]);
  const sockets = await Promise.all(Array.from({ length: PEERS }, () => dial(server.port)));
  const peers = sockets.map((socket) => new Busy(socket));
  await Promise.all(peers.map(({ busy }) => busy));
  const status = stop(server, "SIGINT");
  await Promise.all(peers.map(({ socket }) => closed(socket)));
  assert.equal(await status, 0);
  const unfinished = peers.filter(({ last }) => !last.endsWith("goodbye"));
  assert.equal(unfinished.length, 0, `${unfinished.length} peers did not hear goodbye`);
}

/** Says something as soon as it has heard the last thing, for as long as it can. */
class Busy {
  readonly socket: Socket;
  /** Fires when the first echoes are back. */
  readonly busy: Promise<void>;
  last = "";

  constructor(socket: Socket) {
    this.socket = socket;
    this.busy = new Promise((resolve) => {
      let rounds = 0;
      socket.on("data", (data) => {
        this.last = String(data);
        rounds += 1;
        if (rounds === 2) resolve();
        if (!this.last.endsWith("goodbye")) socket.write("busy");
      });
    });
    socket.on("end", () => socket.end());
    socket.write("busy");
  }
}

const PEERS = 1_000;
