import assert from "node:assert/strict";
import { Recorder } from "../recorder.ts";
import { MORE_THAN_KERNELS_HOLD } from "./closing.ts";
import { bothLost, type Cases, isSameBytes, meet, meetAs, patterned, type TransportWorld, until } from "./world.ts";

/** Who writes faster than the other reads is told, and who does not want to read is not made to. */
export const FLOW: Cases<TransportWorld> = {
  "writingPaused comes once beyond 64 KiB, and writingResumed once when all has left": async (world) => {
    const { client, server } = await meet(world);
    client.transport.write(patterned(65_536));
    assert.deepEqual(client.events, ["made"]);
    client.transport.write("x");
    assert.deepEqual(client.events, ["made", "paused"]);
    client.transport.write(patterned(100_000));
    assert.deepEqual(client.events, ["made", "paused"]);
    await until(world, "writingResumed", () => client.events.includes("resumed"));
    assert.equal(client.transport.bufferedBytes, 0);
    await until(world, "all is there", () => server.bytes.length === 165_537);
    assert.deepEqual(client.events, ["made", "paused", "resumed"]);
  },

  "the limit can be chosen": async (world) => {
    const client = new Recorder();
    await meetAs(world, client, new Recorder(), { client: { highWaterBytes: 10 } });
    client.transport.write("0123456789");
    assert.deepEqual(client.events, ["made"]);
    await until(world, "it has left", () => client.transport.bufferedBytes === 0);
    client.transport.write("0123456789+");
    assert.deepEqual(client.events, ["made", "paused"]);
    await until(world, "writingResumed", () => client.events.includes("resumed"));
  },

  "what writingResumed writes arrives, and pauses again": async (world) => {
    const { client, server } = await meet(world);
    let rounds = 0;
    client.onResumed = () => {
      rounds += 1;
      if (rounds < 5) client.transport.write(patterned(70_000));
    };
    client.transport.write(patterned(70_000));
    await until(world, "all is there", () => server.bytes.length === 350_000);
    await until(world, "the last writingResumed", () => rounds === 5);
    const calls = client.events.filter((event) => event === "paused" || event === "resumed");
    assert.deepEqual(calls, Array.from({ length: 5 }, () => ["paused", "resumed"]).flat());
  },

  "pauseReading really stops reading, so that the writer's buffer fills": async (world) => {
    const { client, server } = await meet(world);
    server.transport.pauseReading();
    const data = patterned(MORE_THAN_KERNELS_HOLD);
    client.transport.write(data);
    await world.settle();
    assert.deepEqual(server.events, ["made"]);
    assert.ok(client.transport.bufferedBytes > 0, "the rest waits at the writer");
    server.transport.resumeReading();
    let count = 0;
    server.onData = (part) => {
      count += part.length;
    };
    await until(world, "all is there", () => count === data.length);
    assert.ok(isSameBytes(server.bytes, data));
  },

  "pauseReading inside dataReceived holds back the next read": async (world) => {
    const { client, server } = await meet(world);
    server.onData = () => server.transport.pauseReading();
    const data = patterned(300_000);
    client.transport.write(data);
    await until(world, "a read", () => server.received.length === 1);
    await world.settle();
    assert.equal(server.received.length, 1);
    server.onData = () => undefined;
    server.transport.resumeReading();
    assert.equal(server.received.length, 1, "resumeReading delivers nothing itself");
    await until(world, "all is there", () => server.bytes.length === data.length);
    assert.ok(isSameBytes(server.bytes, data));
  },

  "pauseReading in connectionMade holds back all of it": async (world) => {
    const server = new Recorder();
    server.onMade = () => server.transport.pauseReading();
    const { client } = await meetAs(world, new Recorder(), server);
    client.transport.write("early");
    await world.settle();
    assert.deepEqual(server.events, ["made"]);
    server.transport.resumeReading();
    await until(world, "it is there", () => server.text === "early");
  },

  "the peer's close is noticed only when reading again": async (world) => {
    const meeting = await meet(world);
    const { client, server } = meeting;
    server.transport.pauseReading();
    await world.settle();
    client.transport.write("bye");
    client.transport.loseConnection();
    await world.settle();
    assert.deepEqual(server.events, ["made"]);
    server.transport.resumeReading();
    await bothLost(world, meeting);
    assert.deepEqual(server.story, ["made", "data bye", "lost ConnectionDone"]);
  },

  "pausing and resuming again and again loses nothing": async (world) => {
    const { client, server } = await meet(world);
    const data = patterned(500_000);
    server.onData = () => {
      server.transport.pauseReading();
      server.transport.resumeReading();
    };
    client.transport.write(data);
    await until(world, "all is there", () => server.bytes.length === data.length);
    assert.ok(isSameBytes(server.bytes, data));
  },

  "a slow reader does not hold up another connection": async (world) => {
    const slow = await meet(world);
    const brisk = await meet(world);
    slow.server.transport.pauseReading();
    slow.client.transport.write(patterned(MORE_THAN_KERNELS_HOLD));
    brisk.client.transport.write("hello");
    await until(world, "the other one reads", () => brisk.server.text === "hello");
  },
};
