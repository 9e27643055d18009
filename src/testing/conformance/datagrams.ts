import assert from "node:assert/strict";
import type { UdpAddress } from "../../core/address.ts";
import { DatagramProtocol } from "../../core/datagram.ts";
import { ListenError } from "../../core/errors.ts";
import { type Cases, expectFaults, failure, outcome, patterned, until, type World } from "./world.ts";

/** UDP. */
export const DATAGRAMS: Cases<World> = {
  "a datagram arrives whole, with its sender's address, which can be answered": async (world) => {
    const [server, client] = [await open(world), await open(world)];
    server.onDatagram = (data, from) => server.transport.write(data, from);
    client.transport.write("hello", server.transport.local);
    await until(world, "the answer", () => client.received.length === 1);
    assert.deepEqual(client.texts, ["hello"]);
    assert.deepEqual(server.senders, [client.transport.local]);
    assert.deepEqual(client.senders, [server.transport.local]);
    await close(world, server, client);
  },

  "datagrams are not joined, and may be empty": async (world) => {
    const [server, client] = [await open(world), await open(world)];
    for (const text of ["one", "", "three"]) client.transport.write(text, server.transport.local);
    await until(world, "all three", () => server.received.length === 3);
    assert.deepEqual(server.texts, ["one", "", "three"]);
    await close(world, server, client);
  },

  "the bytes belong to the protocol": async (world) => {
    const [server, client] = [await open(world), await open(world)];
    const sent = Array.from({ length: 20 }, (_, i) => patterned(100 + i));
    for (const data of sent) client.transport.write(data, server.transport.local);
    await until(world, "all of them", () => server.received.length === 20);
    assert.deepEqual(
      server.received.map((data) => [...data]),
      sent.map((data) => [...data]),
    );
    await close(world, server, client);
  },

  "a connected port needs no address, takes no other, and hears its peer only": async (world) => {
    const [server, client, stranger] = [await open(world), await open(world), await open(world)];
    await outcome(world, client.transport.connect(server.transport.local));
    assert.deepEqual(client.transport.peer, server.transport.local);
    client.transport.write("hello");
    await until(world, "it is there", () => server.received.length === 1);
    assert.throws(() => client.transport.write("no", stranger.transport.local), TypeError);
    stranger.transport.write("psst", client.transport.local);
    server.transport.write("answer", client.transport.local);
    await until(world, "the answer", () => client.received.length > 0);
    await world.settle();
    assert.deepEqual(client.texts, ["answer"]);
    await close(world, server, client, stranger);
  },

  "a connected port is told that nobody listens at its peer": async (world) => {
    const [gone, client] = [await open(world), await open(world)];
    await outcome(world, client.transport.connect(gone.transport.local));
    await close(world, gone);
    client.transport.write("anybody there");
    await until(world, "connectionRefused", () => client.events.includes("refused"));
    await close(world, client);
  },

  "write says at once what can never work": async (world) => {
    const client = await open(world);
    assert.throws(() => client.transport.write("x"), TypeError);
    assert.throws(() => client.transport.write("x", { host: "localhost", port: 9 }), TypeError);
    const { host } = client.transport.local;
    for (const port of [-1, 1.5, 65_536]) assert.throws(() => client.transport.write("x", { host, port }), TypeError);
    await close(world, client);
  },

  "an answer to port 0, which a peer can claim to send from, is dropped": async (world) => {
    const [server, client] = [await open(world), await open(world)];
    server.transport.write("answer", { ...client.transport.local, port: 0 });
    server.transport.write("next", client.transport.local);
    await until(world, "the other one", () => client.received.length > 0);
    assert.deepEqual(client.texts, ["next"]);
    await close(world, server, client);
  },

  "startProtocol comes first, stopProtocol once and last; then nothing is sent": async (world) => {
    const [server, client] = [await open(world), await open(world)];
    assert.deepEqual(client.events, ["start"]);
    const first = client.transport.stopListening();
    const second = client.transport.stopListening();
    client.transport.write("late", server.transport.local);
    await outcome(world, first);
    assert.deepEqual(client.events, ["start", "stop"]);
    await outcome(world, second);
    await outcome(world, client.transport.stopListening());
    client.transport.write("later", server.transport.local);
    server.transport.write("anybody there", client.transport.local);
    await world.settle();
    assert.deepEqual(client.events, ["start", "stop"]);
    assert.deepEqual(server.received, []);
    await close(world, server);
  },

  "an exception is logged, and the port stays open": async (world, logs) => {
    const [server, client] = [await open(world), await open(world)];
    const fault = new Error("bad datagram");
    server.onDatagram = () => {
      if (server.received.length === 1) throw fault;
    };
    client.transport.write("one", server.transport.local);
    client.transport.write("two", server.transport.local);
    await until(world, "both", () => server.received.length === 2);
    expectFaults(logs, fault);
    await close(world, server, client);
  },

  "a port that is taken fails with ListenError": async (world) => {
    const server = await open(world);
    const { port, host } = server.transport.local;
    const error = await failure(world, world.reactor.listenUdp({ port, host }, new Tape()));
    assert.ok(error instanceof ListenError, String(error));
    assert.equal(error.code, "EADDRINUSE");
    await close(world, server);
  },
};

async function open(world: World): Promise<Tape> {
  const protocol = new Tape();
  await outcome(world, world.reactor.listenUdp({ port: 0, host: world.host }, protocol));
  return protocol;
}

async function close(world: World, ...protocols: Tape[]): Promise<void> {
  for (const { transport } of protocols) await outcome(world, transport.stopListening());
}

class Tape extends DatagramProtocol {
  readonly events: string[] = [];
  readonly received: Uint8Array[] = [];
  readonly senders: UdpAddress[] = [];
  onDatagram: (data: Uint8Array, from: UdpAddress) => void = () => undefined;

  get texts(): string[] {
    return this.received.map((data) => new TextDecoder().decode(data));
  }

  override startProtocol(): void {
    this.events.push("start");
  }

  override stopProtocol(): void {
    this.events.push("stop");
  }

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    this.received.push(data);
    this.senders.push(from);
    this.onDatagram(data, from);
  }

  override connectionRefused(): void {
    this.events.push("refused");
  }
}
