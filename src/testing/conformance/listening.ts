import assert from "node:assert/strict";
import { ListenError } from "../../core/errors.ts";
import { Recorder } from "../recorder.ts";
import { bothLost, type Cases, failure, meet, outcome, type TransportWorld, until } from "./world.ts";

/** Ports. */
export const LISTENING: Cases<TransportWorld> = {
  "each connection gets a protocol of its own": async (world) => {
    const servers: Recorder[] = [];
    const port = await outcome(
      world,
      world.listen(() => {
        const server = new Recorder();
        server.onData = (data) => server.transport.write(data);
        servers.push(server);
        return server;
      }),
    );
    const clients = Array.from({ length: 20 }, () => new Recorder());
    const dialled = clients.map((client) => world.connect(port, () => client));
    for (const [at, connecting] of dialled.entries()) {
      const client = await outcome(world, connecting);
      client.transport.write(`client ${at}`);
    }
    await until(world, "all echoes", () => clients.every(({ text }, at) => text === `client ${at}`));
    assert.equal(new Set(servers).size, 20);
  },

  "stopListening ends accepting, not the connections; again is no error": async (world) => {
    const meeting = await meet(world);
    const { client, server, port } = meeting;
    assert.equal(port.listening, true);
    const first = port.stopListening();
    const second = port.stopListening();
    await outcome(world, first);
    await outcome(world, second);
    await outcome(world, port.stopListening());
    assert.equal(port.listening, false);
    client.transport.write("still here");
    await until(world, "it is there", () => server.text === "still here");
    client.transport.loseConnection();
    await bothLost(world, meeting);
  },

  "a disposed port is closed": async (world) => {
    const { port } = await meet(world);
    let isDone = false;
    void port[Symbol.asyncDispose]().then(() => {
      isDone = true;
    });
    await until(world, "dispose is done", () => isDone);
    assert.equal(port.listening, false);
  },

  "an address that is taken fails with ListenError, which names it; freed, it can be taken again": async (world) => {
    const port = await outcome(
      world,
      world.listen(() => new Recorder()),
    );
    const error = await failure(
      world,
      world.listen(() => new Recorder(), {}, port),
    );
    assert.ok(error instanceof ListenError, String(error));
    assert.equal(error.code, "EADDRINUSE");
    assert.deepEqual(error.address, port.address);
    await outcome(world, port.stopListening());
    const again = await outcome(
      world,
      world.listen(() => new Recorder(), {}, port),
    );
    assert.deepEqual(again.address, port.address);
  },
};
