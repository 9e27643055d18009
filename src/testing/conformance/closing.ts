import assert from "node:assert/strict";
import { Recorder } from "../recorder.ts";
import {
  bothLost,
  type Cases,
  isSameBytes,
  meet,
  meetAs,
  outcome,
  patterned,
  type TransportWorld,
  until,
} from "./world.ts";

/** How a connection ends. */
export const CLOSING: Cases<TransportWorld> = {
  "loseConnection lets what was written leave first": async (world) => {
    const meeting = await meet(world);
    const data = patterned(1_048_576);
    meeting.client.transport.write(data);
    meeting.client.transport.loseConnection();
    await bothLost(world, meeting);
    assert.ok(isSameBytes(meeting.server.bytes, data));
    assert.equal(meeting.client.reason?.name, "ConnectionDone");
    assert.equal(meeting.server.reason?.name, "ConnectionDone");
  },

  "what is written after loseConnection is dropped without a word": async (world) => {
    const meeting = await meet(world);
    meeting.client.transport.write("before");
    meeting.client.transport.loseConnection();
    meeting.client.transport.write("after");
    meeting.client.transport.writeLatin1("after");
    await bothLost(world, meeting);
    assert.equal(meeting.server.text, "before");
    meeting.client.transport.write("long after");
    meeting.client.transport.loseConnection();
    meeting.client.transport.loseWriteConnection();
    meeting.client.transport.abortConnection();
    meeting.client.transport.pauseReading();
    meeting.client.transport.resumeReading();
    await world.settle();
    assert.equal(lossesOf(meeting.client).length, 1);
  },

  "connectionLost comes once, last, and never from inside the call that caused it": async (world) => {
    for (const verb of ["loseConnection", "abortConnection"] as const) {
      const meeting = await meet(world);
      const { client, server } = meeting;
      server.onData = () => {
        if (server.text !== "now") return;
        server.transport[verb]();
        server.transport[verb]();
        assert.equal(server.reason, undefined, `inside ${verb}`);
      };
      client.transport.write("now");
      await bothLost(world, meeting);
      await world.settle();
      assert.deepEqual(server.story, ["made", "data now", server.story[2] as string]);
      assert.match(server.story[2] as string, verb === "loseConnection" ? /^lost ConnectionDone$/ : /^lost .*Aborted$/);
    }
  },

  "connected is true from connectionMade until the connection is told to close": async (world) => {
    const meeting = await meet(world);
    const { client, server } = meeting;
    const seen: boolean[] = [];
    client.onLost = () => seen.push(client.transport.connected);
    server.onLost = () => seen.push(server.transport.connected);
    assert.deepEqual([client.transport.connected, server.transport.connected], [true, true]);
    client.transport.loseConnection();
    assert.equal(client.transport.connected, false);
    await bothLost(world, meeting);
    assert.deepEqual(seen, [false, false]);
  },

  "nothing is delivered after loseConnection": async (world) => {
    const meeting = await meet(world);
    const { client, server } = meeting;
    client.transport.loseConnection();
    server.transport.write("too late");
    await bothLost(world, meeting);
    assert.deepEqual(client.events, ["made", "lost ConnectionDone"]);
  },

  "input that nobody read does not cost the peer the last answer": async (world) => {
    const meeting = await meet(world);
    const { client, server } = meeting;
    server.transport.pauseReading();
    client.transport.write(patterned(50_000));
    await world.settle();
    server.transport.write("answer");
    server.transport.loseConnection();
    await bothLost(world, meeting);
    assert.equal(client.text, "answer");
    assert.equal(client.reason?.name, "ConnectionDone");
  },

  "whenClosed fires with the reason after connectionLost, and at once later": async (world) => {
    const { client } = await meet(world);
    const order: string[] = [];
    client.onLost = () => order.push("connectionLost");
    for (const name of ["first", "second"]) {
      client.transport.whenClosed().addCallback((reason) => order.push(`${name} ${reason.name}`));
    }
    client.transport.loseConnection();
    assert.deepEqual(order, []);
    await until(world, "all are told", () => order.length === 3);
    assert.deepEqual(order, ["connectionLost", "first ConnectionDone", "second ConnectionDone"]);
    let reason: Error | undefined;
    client.transport.whenClosed().addCallback((late) => {
      reason = late;
    });
    assert.equal(reason, client.reason);
  },

  "a cancelled whenClosed disturbs no other": async (world) => {
    const { client } = await meet(world);
    const cancelled = client.transport.whenClosed();
    const other = client.transport.whenClosed();
    cancelled.addErrback(() => undefined);
    cancelled.cancel();
    client.transport.loseConnection();
    assert.equal((await outcome(world, other)).name, "ConnectionDone");
  },

  "a peer that takes nothing is given up after the close timeout": async (world) => {
    const client = new Recorder();
    const { server } = await meetAs(world, client, new Recorder(), { client: { closeTimeoutMs: 40 } });
    server.transport.pauseReading();
    await world.settle();
    client.transport.write(patterned(MORE_THAN_KERNELS_HOLD));
    const began = world.reactor.now();
    client.transport.loseConnection();
    await world.settle();
    assert.ok(client.reason === undefined || world.reactor.now() >= began + 40, "not before");
    await world.advance(40);
    await until(world, "connectionLost", () => client.reason !== undefined);
    assert.equal(client.reason?.name, "ConnectionAborted");
    assert.match(client.reason?.message ?? "", /40 ms/);
  },

  "a disposed protocol has lost its connection when dispose is done": async (world) => {
    const { client } = await meet(world);
    let isDone = false;
    void client[Symbol.asyncDispose]().then(() => {
      isDone = true;
    });
    await until(world, "dispose is done", () => isDone);
    assert.deepEqual(client.events, ["made", "lost ConnectionDone"]);
  },

  "abortConnection ends this side with ConnectionAborted, in a later turn": async (world) => {
    const meeting = await meet(world);
    meeting.client.transport.write("dropped");
    meeting.client.transport.abortConnection();
    assert.deepEqual(meeting.client.events, ["made"]);
    assert.equal(meeting.client.transport.connected, false);
    await bothLost(world, meeting);
    assert.deepEqual(meeting.client.events, ["made", "lost ConnectionAborted"]);
  },

  "abortConnection ends what loseConnection has begun": async (world) => {
    const { client, server } = await meet(world);
    server.transport.pauseReading();
    await world.settle();
    client.transport.write(patterned(MORE_THAN_KERNELS_HOLD));
    client.transport.loseConnection();
    await world.settle();
    client.transport.abortConnection();
    await until(world, "connectionLost", () => client.reason !== undefined);
    assert.deepEqual(lossesOf(client), ["lost ConnectionAborted"]);
  },
};

/** For transports whose peer can tell a reset from an end. */
export const RESETS: Cases<TransportWorld> = {
  "the peer of an aborted connection loses it with ConnectionLost": async (world) => {
    const meeting = await meet(world);
    meeting.client.transport.abortConnection();
    await bothLost(world, meeting);
    assert.equal(meeting.server.reason?.name, "ConnectionLost");
  },
};

function lossesOf({ events }: Recorder): string[] {
  return events.filter((event) => event.startsWith("lost"));
}

/** More than the send and receive buffers of a loopback connection take between them. */
export const MORE_THAN_KERNELS_HOLD = 16_777_216;
