import assert from "node:assert/strict";
import type { CapturedLogs } from "../../core/log/observers.ts";
import { HalfCloseRecorder, Recorder } from "../recorder.ts";
import { type Cases, expectFaults, meetAs, outcome, patterned, type TransportWorld, until } from "./world.ts";

/** An exception anywhere in a protocol closes its connection, and nothing else. */
export const FAULTS: Cases<TransportWorld> = {
  "a throwing connectionMade": async (world, logs) => {
    const fault = new Error("connectionMade");
    const server = new Recorder();
    server.onMade = thrower(fault);
    await check(world, logs, server, fault, () => undefined);
  },

  "a throwing dataReceived": async (world, logs) => {
    const fault = new Error("dataReceived");
    const server = new Recorder();
    server.onData = thrower(fault);
    await check(world, logs, server, fault, (client) => client.transport.write("bad"));
  },

  "a throwing connectionLost": async (world, logs) => {
    const fault = new Error("connectionLost");
    const server = new Recorder();
    server.onLost = thrower(fault);
    await check(world, logs, server, undefined, (client) => client.transport.loseConnection());
    expectFaults(logs, fault);
  },

  "a throwing writingPaused": async (world, logs) => {
    const fault = new Error("writingPaused");
    const server = new Recorder();
    server.onPaused = thrower(fault);
    server.onData = () => server.transport.write(patterned(70_000));
    await check(world, logs, server, fault, (client) => client.transport.write("more"));
  },

  "a throwing writingResumed": async (world, logs) => {
    const fault = new Error("writingResumed");
    const server = new Recorder();
    server.onResumed = thrower(fault);
    server.onData = () => server.transport.write(patterned(70_000));
    await check(world, logs, server, fault, (client) => client.transport.write("more"));
  },

  "a throwing producer": async (world, logs) => {
    const fault = new Error("resumeProducing");
    const stops: string[] = [];
    const server = new Recorder();
    server.onData = () =>
      server.transport.registerProducer(
        { resumeProducing: thrower(fault), stopProducing: () => stops.push("stopped") },
        "pull",
      );
    await check(world, logs, server, fault, (client) => client.transport.write("more"));
    assert.deepEqual(stops, ["stopped"]);
  },

  "a throwing producer after loseConnection": async (world, logs) => {
    const fault = new Error("resumeProducing");
    const server = new Recorder();
    server.onData = () => {
      let asked = 0;
      const resumeProducing = () => {
        asked += 1;
        if (asked === 2) throw fault;
        server.transport.write("some");
      };
      server.transport.registerProducer({ resumeProducing, stopProducing() {} }, "pull");
      server.transport.loseConnection();
    };
    await check(world, logs, server, fault, (client) => client.transport.write("more"));
  },

  "something thrown that is no Error": async (world, logs) => {
    const server = new Recorder();
    server.onData = () => {
      // biome-ignore lint/style/useThrowOnlyError: a protocol can throw anything
      throw { odd: 1 };
    };
    const { client } = await meetAs(world, new Recorder(), server);
    client.transport.write("bad");
    await until(world, "connectionLost", () => server.reason !== undefined);
    assert.deepEqual(server.reason?.cause, { odd: 1 });
    expectFaults(logs, server.reason);
  },

  "what was written before the exception still leaves": async (world, logs) => {
    const fault = new Error("dataReceived");
    const server = new Recorder();
    server.onData = () => {
      server.transport.write("sorry");
      throw fault;
    };
    const { client } = await meetAs(world, new Recorder(), server);
    client.transport.write("bad");
    await until(world, "connectionLost", () => client.reason !== undefined);
    assert.equal(client.text, "sorry");
    await until(world, "connectionLost", () => server.reason !== undefined);
    expectFaults(logs, fault);
  },
};

/** The same for the methods of half-close. */
export const HALF_CLOSE_FAULTS: Cases<TransportWorld> = {
  "a throwing readConnectionLost": async (world, logs) => {
    const fault = new Error("readConnectionLost");
    const server = new HalfCloseRecorder();
    server.onReadEnded = thrower(fault);
    await check(world, logs, server, fault, (client) => client.transport.loseWriteConnection());
  },

  "a throwing writeConnectionLost": async (world, logs) => {
    const fault = new Error("writeConnectionLost");
    const server = new HalfCloseRecorder();
    server.onWriteEnded = thrower(fault);
    server.onData = () => server.transport.loseWriteConnection();
    await check(world, logs, server, fault, (client) => client.transport.write("go"));
  },
};

/** Provokes the fault on one of two connections to a port, and sees that only that one ends. */
async function check(
  world: TransportWorld,
  logs: CapturedLogs,
  faulty: Recorder,
  reason: Error | undefined,
  provoke: (client: Recorder) => void,
): Promise<void> {
  const sound = new Recorder();
  sound.onData = (data) => sound.transport.write(data);
  const waiting = [sound, faulty];
  const port = await outcome(
    world,
    world.listen(() => waiting.shift()),
  );
  const [bystander, client] = [new Recorder(), new Recorder()];
  await outcome(
    world,
    world.connect(port, () => bystander),
  );
  await until(world, "connectionMade of the bystander", () => sound.events.length === 1);
  await outcome(
    world,
    world.connect(port, () => client),
  );
  await until(world, "connectionMade", () => faulty.events.includes("made"));
  provoke(client);
  await until(world, "connectionLost", () => faulty.reason !== undefined && client.reason !== undefined);
  if (reason !== undefined) {
    assert.equal(faulty.reason, reason);
    expectFaults(logs, reason);
  }
  assert.equal(faulty.events.filter((event) => event.startsWith("lost")).length, 1);
  bystander.transport.write("still here");
  await until(world, "an echo on the other connection", () => bystander.text === "still here");
}

function thrower(fault: Error): () => never {
  return () => {
    throw fault;
  };
}
