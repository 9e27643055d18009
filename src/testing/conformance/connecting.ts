import assert from "node:assert/strict";
import { ConnectError } from "../../core/errors.ts";
import type { Protocol } from "../../core/protocol.ts";
import { Recorder } from "../recorder.ts";
import {
  bothLost,
  type Cases,
  expectFaults,
  failure,
  meet,
  meetAs,
  outcome,
  type TransportWorld,
  until,
} from "./world.ts";

/** Dialling: it works, it fails clearly, or it was called off and leaves nothing. */
export const CONNECTING: Cases<TransportWorld> = {
  "connect gives the protocol that was built, after its connectionMade": async (world) => {
    const port = await outcome(
      world,
      world.listen(() => new Recorder()),
    );
    const client = new Recorder();
    let wasMade = false;
    const connected = world
      .connect(port, () => client)
      .addCallback((protocol) => {
        wasMade = protocol.events[0] === "made";
        return protocol;
      });
    assert.equal(await outcome(world, connected), client);
    assert.ok(wasMade);
  },

  "a factory object is asked as a function is, with the peer's address": async (world) => {
    const peers: string[] = [];
    class Counting {
      buildProtocol(peer: { readonly kind: string }): Recorder {
        peers.push(peer.kind);
        return new Recorder();
      }
    }
    const factory = new Counting();
    const port = await outcome(world, world.listen(factory));
    await outcome(world, world.connect(port, factory));
    await until(world, "both are built", () => peers.length === 2);
    assert.deepEqual(peers, [port.address.kind, port.address.kind]);
  },

  "a port that nobody listens on is refused with ConnectError": async (world) => {
    const port = await outcome(
      world,
      world.listen(() => new Recorder()),
    );
    await outcome(world, port.stopListening());
    const built: Protocol[] = [];
    const error = await failure(
      world,
      world.connect(port, () => record(built)),
    );
    assert.ok(error instanceof ConnectError, String(error));
    assert.ok(error.code === "ECONNREFUSED" || error.code === "ENOENT", error.code);
    assert.deepEqual(built, []);
  },

  "an exception in connectionMade fails connect, and closes the connection": async (world, logs) => {
    const fault = new Error("not like this");
    const [client, server] = [new Recorder(), new Recorder()];
    client.onMade = () => {
      throw fault;
    };
    const port = await outcome(
      world,
      world.listen(() => server),
    );
    assert.equal(
      await failure(
        world,
        world.connect(port, () => client),
      ),
      fault,
    );
    await until(world, "connectionLost", () => client.reason !== undefined && server.reason !== undefined);
    assert.deepEqual(client.events, ["made", "lost Error"]);
    assert.equal(client.reason, fault);
    expectFaults(logs, fault);
  },

  "closing in connectionMade does not fail connect": async (world) => {
    for (const verb of ["loseConnection", "abortConnection"] as const) {
      const client = new Recorder();
      client.onMade = () => client.transport[verb]();
      const port = await outcome(
        world,
        world.listen(() => new Recorder()),
      );
      assert.equal(
        await outcome(
          world,
          world.connect(port, () => client),
        ),
        client,
      );
      await until(world, "connectionLost", () => client.reason !== undefined);
    }
  },

  "a client's factory that refuses or throws fails connect, and the server's end closes": async (world) => {
    const fault = new Error("no protocol today");
    const refusals = [
      () => undefined,
      () => {
        throw fault;
      },
    ];
    for (const factory of refusals) {
      const server = new Recorder();
      const port = await outcome(
        world,
        world.listen(() => server),
      );
      const error = await failure(world, world.connect(port, factory));
      if (factory === refusals[1]) assert.equal(error, fault);
      else assert.ok(error instanceof ConnectError, String(error));
      await until(world, "the server's connectionLost", () => server.reason !== undefined);
    }
  },

  "a server's factory that refuses closes that connection, and the port goes on": async (world) => {
    const answers = [undefined, new Recorder()];
    const port = await outcome(
      world,
      world.listen(() => answers.shift()),
    );
    const refused = new Recorder();
    await outcome(
      world,
      world.connect(port, () => refused),
    );
    await until(world, "connectionLost", () => refused.reason !== undefined);
    await outcome(
      world,
      world.connect(port, () => new Recorder()),
    );
    await until(world, "the second is accepted", () => answers.length === 0);
  },

  "a server's factory that throws closes that connection, and the port goes on": async (world, logs) => {
    const fault = new Error("no protocol today");
    let calls = 0;
    const port = await outcome(
      world,
      world.listen(() => {
        calls += 1;
        if (calls === 1) throw fault;
        return new Recorder();
      }),
    );
    const refused = new Recorder();
    await outcome(
      world,
      world.connect(port, () => refused),
    );
    await until(world, "connectionLost", () => refused.reason !== undefined);
    await outcome(
      world,
      world.connect(port, () => new Recorder()),
    );
    await until(world, "the second is accepted", () => calls === 2);
    expectFaults(logs, fault);
  },

  "a connect that is cancelled, however late, leaves no connection": async (world) => {
    const accepted: Recorder[] = [];
    const port = await outcome(
      world,
      world.listen(() => {
        accepted.push(new Recorder());
        return accepted.at(-1);
      }),
    );
    let wasConnected = false;
    for (let turns = 0; !wasConnected; turns += 1) {
      const built: Recorder[] = [];
      let error: Error | undefined;
      const connecting = world
        .connect(port, () => record(built))
        .addCallbacks(
          (protocol) => {
            wasConnected = true;
            protocol.transport.loseConnection();
          },
          (failed: Error) => {
            error = failed;
          },
        );
      for (let turn = 0; turn < turns && !wasConnected; turn += 1) await world.turn();
      connecting.cancel();
      if (wasConnected) break;
      assert.equal((error as Error | undefined)?.name, "AbortError", `cancelled after ${turns} turns`);
      await world.settle();
      assert.deepEqual(built, [], `cancelled after ${turns} turns`);
    }
    await until(world, "every accepted connection ends", () => accepted.every(({ reason }) => reason !== undefined));
  },

  "what one end calls peer, the other calls local": async (world) => {
    const { client, server, port } = await meet(world);
    assert.deepEqual(client.transport.peer, server.transport.local);
    assert.deepEqual(server.transport.peer, client.transport.local);
    assert.deepEqual(client.transport.peer, port.address);
  },

  "two connections do not mix": async (world) => {
    const one = await meet(world);
    const other = await meet(world);
    one.client.transport.write("one");
    other.client.transport.write("other");
    await until(world, "both are there", () => one.server.text === "one" && other.server.text === "other");
    one.client.transport.abortConnection();
    await bothLost(world, one);
    other.server.transport.write("fine");
    await until(world, "the other goes on", () => other.client.text === "fine");
  },

  "socket options can be set at any time": async (world) => {
    const meeting = await meetAs(world, new Recorder(), new Recorder(), {
      client: { noDelay: false, keepAliveMs: 1_000 },
    });
    const { transport } = meeting.client;
    transport.setNoDelay(true);
    transport.setKeepAlive(5_000);
    transport.setKeepAlive(0);
    transport.loseConnection();
    await bothLost(world, meeting);
    transport.setNoDelay(false);
    transport.setKeepAlive(1_000);
  },
};

function record(built: Protocol[]): Recorder {
  const protocol = new Recorder();
  built.push(protocol);
  return protocol;
}
