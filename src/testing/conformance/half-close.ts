import assert from "node:assert/strict";
import { HalfCloseRecorder, Recorder } from "../recorder.ts";
import { bothLost, type Cases, isSameBytes, meet, meetAs, patterned, type TransportWorld, until } from "./world.ts";

/** Each direction ends by itself, if the protocol declares that it can deal with that. */
export const HALF_CLOSE: Cases<TransportWorld> = {
  "one direction ends after the other": async (world) => {
    const meeting = await meetAs(world, new HalfCloseRecorder(), new HalfCloseRecorder());
    const { client, server } = meeting;
    client.transport.write("question");
    client.transport.loseWriteConnection();
    await until(world, "the server's readConnectionLost", () => server.events.includes("read ended"));
    await until(world, "the client's writeConnectionLost", () => client.events.includes("write ended"));
    server.transport.write("answer");
    await until(world, "the answer", () => client.text === "answer");
    server.transport.loseWriteConnection();
    await bothLost(world, meeting);
    assert.deepEqual(client.story, ["made", "write ended", "data answer", "read ended", "lost ConnectionDone"]);
    assert.deepEqual(server.story, ["made", "data question", "read ended", "write ended", "lost ConnectionDone"]);
  },

  "loseWriteConnection lets what was written leave first, and drops what comes after": async (world) => {
    const { client, server } = await meetAs(world, new HalfCloseRecorder(), new HalfCloseRecorder());
    const data = patterned(1_048_576);
    client.transport.write(data);
    client.transport.loseWriteConnection();
    client.transport.write("dropped");
    await until(world, "the end", () => server.events.includes("read ended"));
    assert.ok(isSameBytes(server.bytes, data));
    assert.equal(client.reason, undefined);
  },

  "loseWriteConnection stops the producer": async (world) => {
    const meeting = await meetAs(world, new HalfCloseRecorder(), new Recorder());
    const calls: string[] = [];
    const note = (call: string) => () => void calls.push(call);
    meeting.client.transport.registerProducer(
      { pauseProducing: note("pause"), resumeProducing: note("resume"), stopProducing: note("stop") },
      "push",
    );
    meeting.client.transport.loseWriteConnection();
    assert.deepEqual(calls, ["stop"]);
    await bothLost(world, meeting);
    assert.deepEqual(calls, ["stop"]);
  },

  "a protocol without readConnectionLost closes at the peer's end, cleanly": async (world) => {
    const meeting = await meetAs(world, new HalfCloseRecorder(), new Recorder());
    const { client, server } = meeting;
    server.onData = () => {
      if (server.text === "question") server.transport.write("last answer");
    };
    client.transport.write("question");
    client.transport.loseWriteConnection();
    await bothLost(world, meeting);
    assert.deepEqual(server.story, ["made", "data question", "lost ConnectionDone"]);
    assert.equal(client.text, "last answer");
    assert.equal(client.reason?.name, "ConnectionDone");
  },

  "writeConnectionLost is not called without readConnectionLost": async (world) => {
    class Deaf extends Recorder {
      override writeConnectionLost(): void {
        this.events.push("write ended");
      }
    }
    const meeting = await meetAs(world, new Deaf(), new Recorder());
    meeting.client.transport.loseWriteConnection();
    await bothLost(world, meeting);
    assert.deepEqual(meeting.client.events, ["made", "lost ConnectionDone"]);
  },

  "loseConnection after loseWriteConnection closes": async (world) => {
    const meeting = await meetAs(world, new HalfCloseRecorder(), new HalfCloseRecorder());
    meeting.client.transport.loseWriteConnection();
    await until(world, "the end", () => meeting.server.events.includes("read ended"));
    meeting.client.transport.loseConnection();
    meeting.server.transport.loseConnection();
    await bothLost(world, meeting);
    assert.equal(meeting.client.reason?.name, "ConnectionDone");
    assert.equal(meeting.server.reason?.name, "ConnectionDone");
  },

  "an end closes both when neither knows half-close": async (world) => {
    const meeting = await meet(world);
    meeting.client.transport.loseWriteConnection();
    await bothLost(world, meeting);
    assert.deepEqual(meeting.server.events, ["made", "lost ConnectionDone"]);
    assert.deepEqual(meeting.client.events, ["made", "lost ConnectionDone"]);
  },
};
