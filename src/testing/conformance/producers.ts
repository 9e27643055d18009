import assert from "node:assert/strict";
import type { PullProducer, PushProducer, Transport } from "../../core/transport.ts";
import { MORE_THAN_KERNELS_HOLD } from "./closing.ts";
import { bothLost, type Cases, meet, patterned, type TransportWorld, until } from "./world.ts";

/** Producers follow the speed of the peer. */
export const PRODUCERS: Cases<TransportWorld> = {
  "a push producer is paused when the buffer is full, and resumed when it is empty": async (world) => {
    const { client, server } = await meet(world);
    const producer = new Tape();
    client.transport.registerProducer(producer, "push");
    server.transport.pauseReading();
    await world.settle();
    client.transport.write(patterned(MORE_THAN_KERNELS_HOLD));
    assert.deepEqual(producer.calls, ["pause"]);
    await world.settle();
    assert.deepEqual(producer.calls, ["pause"]);
    server.transport.resumeReading();
    await until(world, "resumeProducing", () => producer.calls.length === 2);
    assert.deepEqual(producer.calls, ["pause", "resume"]);
  },

  "a push producer that is registered over a full buffer is paused at once": async (world) => {
    const { client } = await meet(world);
    client.transport.write(patterned(70_000));
    const producer = new Tape();
    client.transport.registerProducer(producer, "push");
    assert.deepEqual(producer.calls, ["pause"]);
  },

  "a pull producer is asked once at registration and once for each drain": async (world) => {
    const { client, server } = await meet(world);
    const producer = new Feeder(client.transport, 20);
    client.transport.registerProducer(producer, "pull");
    assert.equal(producer.asked, 1);
    await until(world, "all is there", () => server.bytes.length === 20_000);
    await world.settle();
    assert.equal(producer.asked, 20);
    assert.equal(producer.stopped, 0);
  },

  "a second producer is refused, until the first is unregistered": async (world) => {
    const { client } = await meet(world);
    client.transport.registerProducer(new Tape(), "push");
    assert.throws(() => client.transport.registerProducer(new Tape(), "push"), /second producer/);
    client.transport.unregisterProducer();
    client.transport.registerProducer(new Tape(), "push");
  },

  "registering after a loss stops the producer": async (world) => {
    const meeting = await meet(world);
    meeting.client.transport.loseConnection();
    const early = new Tape();
    meeting.client.transport.registerProducer(early, "push");
    await bothLost(world, meeting);
    const late = new Tape();
    meeting.client.transport.registerProducer(late, "push");
    assert.deepEqual([early.calls, late.calls], [["stop"], ["stop"]]);
  },

  "loseConnection waits for the producer, whose bytes arrive": async (world) => {
    const meeting = await meet(world);
    const { client, server } = meeting;
    const producer = new Tape();
    client.transport.registerProducer(producer, "push");
    client.transport.write("one ");
    client.transport.loseConnection();
    await world.settle();
    assert.equal(client.reason, undefined);
    client.transport.write("two");
    client.transport.unregisterProducer();
    client.transport.unregisterProducer();
    client.transport.write("dropped");
    await bothLost(world, meeting);
    assert.equal(server.text, "one two");
    assert.deepEqual(client.events, ["made", "lost ConnectionDone"]);
    assert.deepEqual(producer.calls, []);
  },

  "nothing is delivered while a producer finishes": async (world) => {
    const meeting = await meet(world);
    const { client, server } = meeting;
    client.transport.registerProducer(new Tape(), "push");
    client.transport.loseConnection();
    server.transport.write("too late");
    await world.settle();
    client.transport.unregisterProducer();
    await bothLost(world, meeting);
    assert.deepEqual(client.events, ["made", "lost ConnectionDone"]);
  },

  "loseConnection lets a pull producer finish": async (world) => {
    const meeting = await meet(world);
    meeting.client.transport.registerProducer(new Feeder(meeting.client.transport, 30), "pull");
    meeting.client.transport.loseConnection();
    await bothLost(world, meeting);
    assert.equal(meeting.server.bytes.length, 30_000);
  },

  "a lost connection stops its producer once": async (world) => {
    const meeting = await meet(world);
    const producer = new Tape();
    meeting.client.transport.registerProducer(producer, "push");
    meeting.server.transport.abortConnection();
    await bothLost(world, meeting);
    assert.deepEqual(producer.calls, ["stop"]);
  },

  "the peer's end stops a producer": async (world) => {
    const meeting = await meet(world);
    const producer = new Tape();
    meeting.client.transport.registerProducer(producer, "push");
    meeting.server.transport.loseConnection();
    await bothLost(world, meeting);
    assert.deepEqual(producer.calls, ["stop"]);
  },
};

class Tape implements PushProducer {
  readonly calls: string[] = [];

  pauseProducing(): void {
    this.calls.push("pause");
  }

  resumeProducing(): void {
    this.calls.push("resume");
  }

  stopProducing(): void {
    this.calls.push("stop");
  }
}

/** Writes 1 000 bytes each time it is asked, so many times. */
class Feeder implements PullProducer {
  asked = 0;
  stopped = 0;
  readonly #transport: Transport;
  readonly #rounds: number;

  constructor(transport: Transport, rounds: number) {
    this.#transport = transport;
    this.#rounds = rounds;
  }

  resumeProducing(): void {
    this.asked += 1;
    this.#transport.write(patterned(1_000));
    if (this.asked === this.#rounds) this.#transport.unregisterProducer();
  }

  stopProducing(): void {
    this.stopped += 1;
  }
}
