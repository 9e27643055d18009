import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Address } from "../../core/address.ts";
import { captureLogs } from "../../core/log/index.ts";
import type { Protocol } from "../../core/protocol.ts";
import { connect, listen } from "../../endpoints/connect.ts";
import { endpointTypes } from "../../endpoints/default-types.ts";
import { limitConnections } from "../../policies/limit-connections.ts";
import { Clock } from "../../testing/clock.ts";
import { cutUp, MemoryReactor, MemoryTransport } from "../../testing/index.ts";
import { HalfCloseRecorder, Recorder } from "../../testing/recorder.ts";
import { sendProxyHeader } from "./client.ts";
import { proxyHeaderOf } from "./protocol.ts";
import { type ReceiveProxyHeaderOptions, receiveProxyHeader } from "./server.ts";

const HEADER = "PROXY TCP4 203.0.113.7 198.51.100.1 50000 80\r\n";
const PEER: Address = { kind: "tcp", host: "203.0.113.7", port: 50_000, family: 4 };
const LOCAL: Address = { kind: "tcp", host: "198.51.100.1", port: 80, family: 4 };

describe("receiveProxyHeader", () => {
  test("the factory and the protocol get the true addresses, and what comes after the header", () => {
    const { transport, protocol, peers } = accepted();
    transport.remote.write(`${HEADER}hello`);
    assert.deepEqual(peers, [PEER]);
    assert.deepEqual([protocol().transport.peer, protocol().transport.local], [PEER, LOCAL]);
    assert.deepEqual(protocol().events, ["made", "data hello"]);
    transport.remote.write(" again");
    protocol().transport.write("answer");
    assert.equal(protocol().text, "hello again");
    assert.equal(transport.text(), "answer");
  });

  test("however the header is cut, the same comes of it", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { transport, protocol } = accepted();
      const bytes = new TextEncoder().encode(`${HEADER}hello`);
      for (const piece of cutUp(bytes, seed === 1 ? "bytes" : { seed })) transport.remote.write(piece);
      assert.equal(protocol().text, "hello");
    }
  });

  test("nothing is heard of a connection before its header is complete", () => {
    const { transport, peers } = accepted();
    transport.remote.write(HEADER.slice(0, -1));
    assert.deepEqual(peers, []);
    transport.remote.end();
    assert.deepEqual(peers, []);
  });

  test("a header without addresses leaves those of the connection, and is known to be one", () => {
    const { transport, protocol } = accepted();
    transport.remote.write("PROXY UNKNOWN\r\n");
    const { peer, local } = protocol().transport;
    assert.deepEqual([peer, local], [transport.peer, transport.local]);
    assert.equal(proxyHeaderOf(peer)?.command, "PROXY");
    assert.equal(proxyHeaderOf(transport.peer), undefined);
  });

  test("the header is found by the peer, through policies too", () => {
    const limited: Protocol[] = [];
    const factory = limitConnections(
      () => {
        limited.push(new Recorder());
        return limited[0];
      },
      { perPeer: 1 },
    );
    const transport = new MemoryTransport();
    transport.attach(receiveProxyHeader(factory, { clock: new Clock() }).buildProtocol(transport.peer) as Protocol);
    transport.remote.write(HEADER);
    assert.deepEqual(proxyHeaderOf(limited[0]?.transport.peer as Address)?.source, PEER);
  });

  test("a limit for each peer counts true peers", () => {
    const factory = receiveProxyHeader(
      limitConnections(() => new Recorder(), { perPeer: 1 }),
      { clock: new Clock() },
    );
    const open = (header: string): MemoryTransport => {
      const transport = new MemoryTransport();
      transport.attach(factory.buildProtocol(transport.peer) as Protocol);
      transport.remote.write(header);
      transport.settle();
      return transport;
    };
    const first = open(HEADER);
    assert.equal(open(HEADER).connected, false);
    assert.equal(open(HEADER.replace("203.0.113.7", "203.0.113.8")).connected, true);
    first.remote.end();
    assert.equal(open(HEADER).connected, true);
  });

  test("a connection that the factory refuses is closed", () => {
    const transport = new MemoryTransport();
    const factory = receiveProxyHeader(() => undefined, { clock: new Clock() });
    transport.attach(factory.buildProtocol(transport.peer) as Protocol);
    transport.remote.write(HEADER);
    assert.equal(transport.connected, false);
  });

  test("what is no header closes the connection, and the log says who sent what", () => {
    using logs = captureLogs();
    const { transport, peers } = accepted();
    transport.remote.write("GET / HTTP/1.1\r\n\r\n");
    assert.equal(transport.connected, false);
    assert.deepEqual(peers, []);
    const warnings = logs.events.filter(({ level }) => level === "warn");
    assert.deepEqual(
      warnings.map((event) => [event["peer"], event["problem"]]),
      [["192.0.2.1:49152", "Peer sent no valid PROXY header: it does not begin as one does: byte 0 is 0x47"]],
    );
  });

  test("a header that is late closes the connection; one in time leaves no timer", () => {
    const late = accepted();
    late.transport.remote.write("PROXY ");
    late.clock.advance(4_999);
    assert.equal(late.transport.connected, true);
    late.clock.advance(1);
    assert.equal(late.transport.connected, false);
    const punctual = accepted({ headerTimeoutMs: 10 });
    punctual.transport.remote.write(HEADER);
    assert.equal(punctual.clock.getDelayedCalls().length, 0);
    const gone = accepted();
    gone.transport.remote.end();
    assert.equal(gone.clock.getDelayedCalls().length, 0);
  });

  test("a peer that is not trusted is refused before it says anything", () => {
    const factory = receiveProxyHeader(() => new Recorder(), {
      clock: new Clock(),
      trusted: (peer) => peer.kind === "unix",
    });
    assert.equal(factory.buildProtocol(PEER), undefined);
    assert.notEqual(factory.buildProtocol({ kind: "unix", path: "" }), undefined);
  });

  test("what came with the header waits for a protocol that pauses at once, and comes before the rest", () => {
    const { transport, protocol } = accepted({}, () => {
      const recorder = new Recorder();
      recorder.onMade = () => recorder.transport.pauseReading();
      return recorder;
    });
    transport.remote.write(`${HEADER}first `);
    transport.remote.write("second");
    assert.deepEqual(protocol().events, ["made"]);
    protocol().transport.resumeReading();
    transport.settle();
    assert.equal(protocol().text, "first second");
  });

  test("nothing comes after a protocol that closes at once", () => {
    const { transport, protocol } = accepted({}, () => {
      const recorder = new Recorder();
      recorder.onMade = () => recorder.transport.loseConnection();
      return recorder;
    });
    transport.remote.write(`${HEADER}hello`);
    transport.settle();
    assert.deepEqual(protocol().events, ["made", "lost ConnectionDone"]);
  });

  test("half-close is on if the protocol declares it", () => {
    const { transport, protocol } = accepted({}, () => new HalfCloseRecorder());
    transport.remote.write(HEADER);
    transport.remote.end();
    assert.equal(transport.connected, true);
    protocol().transport.loseWriteConnection();
    transport.settle();
    assert.deepEqual(protocol().events, ["made", "read ended", "write ended", "lost ConnectionDone"]);
    const plain = accepted();
    plain.transport.remote.write(HEADER);
    plain.transport.remote.end();
    plain.transport.settle();
    assert.deepEqual(plain.protocol().events, ["made", "lost ConnectionDone"]);
  });

  test("backpressure passes through", () => {
    const { transport, protocol } = accepted();
    transport.remote.write(HEADER);
    transport.remote.stopTaking();
    protocol().transport.write(new Uint8Array(100_000));
    transport.settle();
    assert.deepEqual(protocol().events, ["made", "paused"]);
    transport.remote.startTaking();
    transport.settle();
    assert.deepEqual(protocol().events, ["made", "paused", "resumed"]);
  });

  test("what the protocol throws closes its connection with that error", () => {
    const { transport, protocol } = accepted({}, () => {
      const recorder = new Recorder();
      recorder.onData = () => {
        throw new Error("spilled");
      };
      return recorder;
    });
    transport.remote.write(`${HEADER}hello`);
    transport.settle();
    assert.equal(protocol().reason?.message, "spilled");
  });

  test("a time limit that is none is refused", () => {
    for (const headerTimeoutMs of [0, -1, Number.NaN]) {
      assert.throws(() => receiveProxyHeader(() => undefined, { clock: new Clock(), headerTimeoutMs }), RangeError);
    }
  });
});

describe("haproxy: endpoints", () => {
  test("both sides find each other, and the server knows whom the client names", async () => {
    const reactor = new MemoryReactor({ network: true });
    const server = new Recorder();
    await listen(reactor, "haproxy:tcp:8083:interface=0.0.0.0:headerTimeoutMs=100", () => server);
    const connecting = connect(
      reactor,
      "haproxy:tcp:127.0.0.1:8083:version=2:crc32c=1",
      sendProxyHeader(() => new Recorder()),
    );
    reactor.settle();
    const client = await connecting;
    client.transport.write("hello");
    reactor.settle();
    assert.deepEqual(server.transport.peer, client.transport.local);
    assert.equal(server.text.endsWith("hello"), true);
    assert.match(server.text, /^PROXY TCP4 127\.0\.0\.1 /);
  });

  test("the description inside may be quoted as a whole", async () => {
    for (const description of ["haproxy:tcp:8083:interface=127.0.0.1", "haproxy:tcp\\:8083:interface=127.0.0.1"]) {
      const reactor = new MemoryReactor();
      const { address } = await listen(reactor, description, () => new Recorder());
      assert.deepEqual(address, { kind: "tcp", host: "127.0.0.1", port: 8083, family: 4 });
    }
  });

  for (const [side, description, problem] of [
    ["server", "haproxy:", /there is no description inside/],
    ["server", "haproxy:tcp", /argument "port" is missing/],
    ["server", "haproxy:tcp:80:headerTimeoutMs=0", /argument "headerTimeoutMs": "0" is not/],
    ["server", "haproxy:tcp:80:colour=red", /unknown argument "colour"/],
    ["client", "haproxy:tcp:h:80:version=3", /argument "version": "3" is not one of 1, 2/],
    ["client", "haproxy:tcp:h:80:crc32c=1", /argument "crc32c" needs version=2/],
  ] as const) {
    test(`refuses "${description}" as a ${side}`, () => {
      assert.throws(() => endpointTypes[side](description), problem);
    });
  }
});

function accepted(
  options: Partial<ReceiveProxyHeaderOptions> = {},
  make: () => Recorder = () => new Recorder(),
): { transport: MemoryTransport; protocol: () => Recorder; peers: Address[]; clock: Clock } {
  const clock = new Clock();
  const peers: Address[] = [];
  const made: Recorder[] = [];
  const factory = receiveProxyHeader(
    (peer) => {
      peers.push(peer);
      const recorder = make();
      made.push(recorder);
      return recorder;
    },
    { clock, ...options },
  );
  const transport = new MemoryTransport();
  transport.attach(factory.buildProtocol(transport.peer) as Protocol);
  return { transport, peers, clock, protocol: () => made[0] as Recorder };
}
