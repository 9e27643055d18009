import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { describe, test } from "node:test";
import type { UdpAddress } from "../core/address.ts";
import { DatagramProtocol, type DatagramTransport } from "../core/datagram.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { ListenError } from "../core/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import type { ListenUdpOptions } from "../core/reactor.ts";
import { type NodeDatagramTransport, openUdp } from "./udp.ts";

describe("a UDP port", () => {
  test("starts its protocol, says where it is, and exchanges whole datagrams", async () => {
    await using a = await listen();
    await using b = await listen();
    assert.equal(a.protocol.events[0], "start");
    assert.deepEqual(a.transport.local, { kind: "udp", host: "127.0.0.1", port: a.port, family: 4 });
    b.transport.write("grüß", a.address);
    assert.deepEqual(await a.protocol.next(), { text: "grüß", from: b.transport.local });
    a.transport.write(new Uint8Array(9000).fill(7), b.address);
    const big = await b.protocol.next();
    assert.equal(big.text, "\u0007".repeat(9000));
    a.transport.write("", b.address);
    assert.equal((await b.protocol.next()).text, "");
  });

  test("works over IPv6", { skip: hasIpv6() ? false : "this machine has no ::1" }, async () => {
    await using a = await listen({ port: 0, host: "::1" });
    await using b = await listen({ port: 0, host: "::1" });
    a.transport.write("six", { host: "::1", port: b.port });
    assert.deepEqual(await b.protocol.next(), {
      text: "six",
      from: { kind: "udp", host: "::1", port: a.port, family: 6 },
    });
  });

  test("takes all addresses of its family without a host", async () => {
    await using any = await listen({ port: 0 });
    assert.equal(any.transport.local.host, "0.0.0.0");
    await using b = await listen();
    b.transport.write("hello", { host: "127.0.0.1", port: any.port });
    assert.equal((await any.protocol.next()).text, "hello");
  });

  test("does not overwrite bytes that it handed out", async () => {
    await using a = await listen();
    await using b = await listen();
    for (let i = 0; i < 50; i++) b.transport.write(`datagram ${i}`, a.address);
    for (let i = 0; i < 50; i++) await a.protocol.next();
    const texts = a.protocol.received.map((data) => Buffer.from(data).toString());
    assert.deepEqual(
      texts,
      Array.from({ length: 50 }, (_, i) => `datagram ${i}`),
    );
  });

  test("fails with a ListenError that says the address when the port is taken", async () => {
    await using taken = await listen();
    await assert.rejects(
      async () => listen({ port: taken.port, host: "127.0.0.1" }),
      (error) => {
        assert.ok(error instanceof ListenError);
        assert.equal(error.code, "EADDRINUSE");
        assert.match(error.message, new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${taken.port}: it is in use`));
        return true;
      },
    );
  });

  for (const [what, options, message] of [
    ["a name for a host", { port: 0, host: "localhost" }, /no IPv4 address/],
    ["an IPv6 host with family 4", { port: 0, host: "::1", family: 4 }, /no IPv4 address/],
    ["a port out of range", { port: 70_000, host: "127.0.0.1" }, /Cannot listen on 127\.0\.0\.1:70000/],
    ["an address of another machine", { port: 0, host: "192.0.2.1" }, /not an address of this machine/],
  ] as const) {
    test(`fails with a ListenError for ${what}`, async () => {
      await assert.rejects(
        async () => listen(options),
        (error) => error instanceof ListenError && message.test(error.message),
      );
    });
  }

  test("shares its address and number if told to", async () => {
    await using first = await listen({ port: 0, host: "127.0.0.1", reuseAddress: true });
    await using second = await listen({ port: first.port, host: "127.0.0.1", reuseAddress: true });
    assert.equal(second.port, first.port);
  });

  test("logs what a protocol method throws, and stays open", async () => {
    using logs = captureLogs();
    const protocol = new Recorder();
    protocol.startProtocol = () => {
      throw new Error("in start");
    };
    await using a = await listen(LOOPBACK, protocol);
    await using b = await listen();
    protocol.throwOnce = new Error("in datagram");
    b.transport.write("first", a.address);
    b.transport.write("second", a.address);
    assert.equal((await protocol.next()).text, "second");
    protocol.stopProtocol = () => {
      throw new Error("in stop");
    };
    await a.transport.stopListening();
    assert.deepEqual(
      logs.events.map(({ error }) => (error as Error).message),
      ["in start", "in datagram", "in stop"],
    );
  });

  test("refuses an address that is missing, no literal, or of another family", async () => {
    await using a = await listen();
    assert.throws(() => a.transport.write("x"), TypeError);
    assert.throws(() => a.transport.write("x", { host: "localhost", port: 9 }), /"localhost".*IPv4 address/);
    assert.throws(() => a.transport.write("x", { host: "::1", port: 9 }), TypeError);
  });

  test("closes once: what was written leaves, stopProtocol comes last, and then writes do nothing", async () => {
    const open = new Set<NodeDatagramTransport>();
    const a = await listen(LOOPBACK, new Recorder(), open);
    await using b = await listen();
    assert.equal(open.size, 1);
    a.transport.write("goodbye", b.address);
    const first = a.transport.stopListening();
    const second = a.transport.stopListening();
    a.transport.write("too late", b.address);
    await first;
    assert.deepEqual(a.protocol.events, ["start", "stop"]);
    await second;
    await a.transport.stopListening();
    assert.deepEqual(a.protocol.events, ["start", "stop"]);
    assert.equal((await b.protocol.next()).text, "goodbye");
    assert.equal(open.size, 0);
    a.transport.write("too late", b.address);
  });
});

describe("a connected UDP port", () => {
  test("sends to its peer only, and hears no other", async () => {
    await using a = await listen();
    await using b = await listen();
    await using other = await listen();
    await a.transport.connect(b.address);
    assert.deepEqual(a.transport.peer, { kind: "udp", host: "127.0.0.1", port: b.port, family: 4 });
    other.transport.write("ignored", a.address);
    a.transport.write("ping");
    assert.equal((await b.protocol.next()).text, "ping");
    b.transport.write("pong", a.address);
    assert.equal((await a.protocol.next()).text, "pong");
    a.transport.write("again", b.address);
    assert.equal((await b.protocol.next()).text, "again");
    assert.throws(() => a.transport.write("x", other.address), /this port is connected to 127\.0\.0\.1/);
  });

  test("tells its protocol that nobody listens at the peer", async () => {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address();
    socket.close();
    await once(socket, "close");
    await using a = await listen();
    await a.transport.connect({ host: "127.0.0.1", port });
    a.transport.write("anybody there?");
    await a.protocol.refused;
    assert.deepEqual(a.protocol.events, ["start", "refused"]);
  });

  test("logs what the network refuses, and goes on", async () => {
    using logs = captureLogs();
    await using a = await listen();
    await using b = await listen();
    await a.transport.connect(b.address);
    a.transport.write(new Uint8Array(70_000));
    a.transport.write("small");
    assert.equal((await b.protocol.next()).text, "small");
    b.transport.write("back", a.address);
    await a.protocol.next();
    assert.match(logs.messages.join(), /lost a datagram.*EMSGSIZE/);
  });

  test("cannot be connected to a name, nor twice", async () => {
    await using a = await listen();
    await using b = await listen();
    await assert.rejects(async () => a.transport.connect({ host: "localhost", port: 9 }), TypeError);
    await a.transport.connect(b.address);
    await assert.rejects(async () => a.transport.connect(b.address), { code: "ERR_SOCKET_DGRAM_IS_CONNECTED" });
  });
});

describe("multicast and broadcast", () => {
  test("reach the members of a group on the loopback interface, until they leave", async () => {
    await using member = await listen({ port: 0 });
    await using sender = await listen({ port: 0 });
    member.transport.joinGroup("239.255.77.1", "127.0.0.1");
    sender.transport.setMulticastInterface("127.0.0.1");
    sender.transport.setMulticastTtl(0);
    sender.transport.setMulticastLoopback(true);
    sender.transport.write("to all", { host: "239.255.77.1", port: member.port });
    assert.equal((await member.protocol.next()).text, "to all");
    member.transport.leaveGroup("239.255.77.1", "127.0.0.1");
    sender.transport.write("to nobody", { host: "239.255.77.1", port: member.port });
    sender.transport.write("to one", { host: "127.0.0.1", port: member.port });
    assert.equal((await member.protocol.next()).text, "to one");
  });

  test("broadcast must be asked for", async () => {
    await using a = await listen({ port: 0 });
    a.transport.setBroadcast(true);
    a.transport.write("to all", { host: "127.255.255.255", port: a.port });
    assert.equal((await a.protocol.next()).text, "to all");
  });
});

class Recorder extends DatagramProtocol {
  readonly events: string[] = [];
  readonly received: Uint8Array[] = [];
  readonly refused = new Deferred<void>();
  throwOnce: Error | undefined;
  readonly #waiting: ((datagram: { text: string; from: UdpAddress }) => void)[] = [];
  readonly #datagrams: { text: string; from: UdpAddress }[] = [];

  override startProtocol(): void {
    this.events.push("start");
  }
  override stopProtocol(): void {
    this.events.push("stop");
  }
  override connectionRefused(): void {
    this.events.push("refused");
    this.refused.callback();
  }
  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    const error = this.throwOnce;
    this.throwOnce = undefined;
    if (error !== undefined) throw error;
    this.received.push(data);
    const datagram = { text: Buffer.from(data).toString(), from };
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#datagrams.push(datagram);
    else waiting(datagram);
  }
  async next(): Promise<{ text: string; from: UdpAddress }> {
    return this.#datagrams.shift() ?? (await new Promise((resolve) => this.#waiting.push(resolve)));
  }
}

interface Opened extends AsyncDisposable {
  readonly transport: DatagramTransport;
  readonly protocol: Recorder;
  readonly port: number;
  readonly address: { host: string; port: number };
}

async function listen(
  options: ListenUdpOptions = LOOPBACK,
  protocol: Recorder = new Recorder(),
  open: Set<NodeDatagramTransport> = new Set(),
): Promise<Opened> {
  const transport = await openUdp(options, protocol, open);
  const { port } = transport.local;
  return {
    transport,
    protocol,
    port,
    address: { host: "127.0.0.1", port },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose]() as Promise<void>,
  };
}

function hasIpv6(): boolean {
  return (networkInterfaces()["lo"] ?? []).some(({ address }) => address === "::1");
}

const LOOPBACK: ListenUdpOptions = { port: 0, host: "127.0.0.1" };
