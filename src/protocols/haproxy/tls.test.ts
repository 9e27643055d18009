/** A header in clear and TLS behind it, on real sockets and simulated ones. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { formatAddress } from "../../core/address.ts";
import { Deferred } from "../../core/deferred/deferred.ts";
import { captureLogs } from "../../core/log/index.ts";
import type { Protocol, ProtocolFactory } from "../../core/protocol.ts";
import type { Reactor } from "../../core/reactor.ts";
import { makeCertificate, temporaryFolder, testOnBoth } from "../../endpoints/certificates.fixture.test.ts";
import { connect, listen } from "../../endpoints/connect.ts";
import { endpointTypes } from "../../endpoints/default-types.ts";
import { quoteArgument } from "../../endpoints/grammar.ts";
import { Clock } from "../../testing/clock.ts";
import { MemoryTransport } from "../../testing/index.ts";
import { HalfCloseRecorder, Recorder } from "../../testing/recorder.ts";
import { sendProxyHeader } from "./client.ts";
import { proxyHeaderOf } from "./protocol.ts";
import { receiveProxyHeader } from "./server.ts";

const folder = temporaryFolder();
const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
const cert = makeCertificate(certFile, keyFile, "localhost", ["localhost"]);
const tls = { identity: { cert, key: readFileSync(keyFile) } };
const files = `cert=${quoteArgument(certFile)}:key=${quoteArgument(keyFile)}`;
const roots = `trustRoots=${quoteArgument(certFile)}:servername=localhost`;

const HEADER = "PROXY TCP4 203.0.113.7 198.51.100.1 50000 443\r\n";
const SOURCE = { kind: "tcp", host: "203.0.113.7", port: 50_000, family: 4 } as const;
const DESTINATION = { kind: "tcp", host: "198.51.100.1", port: 443, family: 4 } as const;

describe("haproxy:tls: on both sides", () => {
  for (const quoted of [false, true]) {
    const description = `tls:0:interface=127.0.0.1:${files}`;
    const server = `haproxy:${quoted ? quoteArgument(description) : description}`;
    testOnBoth(`the header comes first, then TLS${quoted ? ", quoted as a whole" : ""}`, folder, async (reactor) => {
      const { port, arrival, stop } = await serve(reactor, server);
      const dialling = `haproxy:tls:127.0.0.1:${port}:${roots}:version=2:crc32c=1`;
      await exchange(await connect(reactor, dialling, () => new Talker()), await arrival, "127.0.0.1");
      await stop();
    });
  }

  testOnBoth("it is the same as tls: over haproxy:", folder, async (reactor) => {
    const { port, arrival, stop } = await serve(reactor, `haproxy:tls:0:interface=127.0.0.1:${files}`);
    const carrier = quoteArgument(`haproxy:tcp:127.0.0.1:${port}`);
    const dialling = `tls:127.0.0.1:endpoint=${carrier}:${roots}`;
    await exchange(await connect(reactor, dialling, () => new Talker()), await arrival, "127.0.0.1");
    await stop();
  });

  testOnBoth("inTls=1 puts the header inside TLS, on both sides", folder, async (reactor) => {
    const description = `haproxy:tls:0:interface=127.0.0.1:${files}:inTls=1`;
    const first = await serve(reactor, description);
    const dialling = `haproxy:tls:127.0.0.1:${first.port}:${roots}:inTls=1`;
    await exchange(await connect(reactor, dialling, () => new Talker()), await first.arrival, "127.0.0.1");
    await first.stop();
    const second = await serve(reactor, description);
    const sender = sendProxyHeader(() => new Talker(), { source: SOURCE, destination: DESTINATION });
    const client = await connect(reactor, `tls:127.0.0.1:${second.port}:${roots}`, sender);
    await exchange(client, await second.arrival, "203.0.113.7");
    await second.stop();
  });

  testOnBoth(
    "the client's tls: keeps its own arguments, where it dials from and what it runs over",
    folder,
    async (reactor) => {
      const { port, arrival, stop } = await serve(reactor, `haproxy:tls:0:interface=127.0.0.1:${files}:alpn=a`);
      const dialling = `haproxy:tls:host=127.0.0.1:port=${port}:${roots}:bindAddress=127.0.0.1:alpn=a:timeoutMs=5000`;
      const client = await connect(reactor, dialling, () => new Talker());
      assert.equal(client.transport.tls?.alpnProtocol, "a");
      await exchange(client, await arrival, "127.0.0.1");
      const over = quoteArgument(`tcp:127.0.0.1:${port}`);
      const second = await connect(reactor, `haproxy:tls:localhost:endpoint=${over}:${roots}`, () => new Talker());
      second.transport.abortConnection();
      await stop();
    },
  );

  for (const [side, description, problem] of [
    ["server", "haproxy:tls:443", /argument "cert" is missing/],
    ["server", "haproxy:tcp:80:inTls=1", /argument "inTls" needs tls:/],
    ["client", "haproxy:tls:h", /argument "port" is missing/],
    ["client", "haproxy:tls:h:443:crc32c=1", /argument "crc32c" needs version=2/],
    ["client", "haproxy:tcp:h:80:inTls=1", /argument "inTls" needs tls:/],
  ] as const) {
    test(`refuses "${description}" as a ${side}`, () => {
      assert.throws(() => endpointTypes[side](description), problem);
    });
  }
});

describe("a header in clear before TLS", () => {
  testOnBoth("the factory is asked with the true peer, after the handshake", folder, async (reactor) => {
    const { port, arrival, stop } = await serve(reactor, `haproxy:tls:0:interface=127.0.0.1:${files}`);
    const client = await dial(reactor, port, HEADER);
    const server = await arrival;
    assert.deepEqual([server.transport.peer, server.transport.local], [SOURCE, DESTINATION]);
    assert.equal(proxyHeaderOf(server.transport.peer)?.version, 1);
    assert.equal(server.transport.tls?.servername, "localhost");
    await exchange(client, server, "203.0.113.7");
    await stop();
  });

  for (const [what, words] of [
    ["no header", "GET / HTTP/1.1\r\n\r\n"],
    ["TLS without a header", undefined],
    ["half a header", `${HEADER.slice(0, 10)}\0`],
    ["a header over the limit", `PROXY TCP4 ${"1".repeat(100)}`],
    ["a header over the limit of version 2", "\r\n\r\n\0\r\nQUIT\n!\x11\xff\xff"],
    ["a header and no TLS", `${HEADER}hello, is anybody there?\r\n\r\n`],
    ["a second header", `${HEADER}${HEADER}`],
  ] as const) {
    testOnBoth(`${what} closes that connection, and no other`, folder, async (reactor) => {
      using logs = captureLogs();
      const { port, made, arrival, stop } = await serve(reactor, `haproxy:tls:0:interface=127.0.0.1:${files}`);
      const good = await dial(reactor, port, HEADER);
      await arrival;
      const bad = new Talker();
      await connect(reactor, `tcp:127.0.0.1:${port}`, () => bad);
      if (words === undefined)
        void bad.transport.startTls({ side: "client", tls: { trustRoots: cert } }).addErrback(() => {});
      else bad.transport.writeLatin1(words);
      await bad.lost;
      await exchange(good, made[0] as Talker, "203.0.113.7");
      assert.equal(made.length, 1);
      assert.deepEqual(
        logs.events.filter(({ level }) => level === "error" || level === "critical"),
        [],
      );
      await stop();
    });
  }

  testOnBoth("a handshake that never ends has its time limit, and so has a header", folder, async (reactor) => {
    const limits = "headerTimeoutMs=50:handshakeTimeoutMs=80";
    const { port, made, stop } = await serve(reactor, `haproxy:tls:0:interface=127.0.0.1:${files}:${limits}`);
    for (const words of ["PROXY TCP4 ", HEADER]) {
      const slow = await connect(reactor, `tcp:127.0.0.1:${port}`, () => new Talker());
      slow.transport.write(words);
      await slow.lost;
    }
    assert.equal(made.length, 0);
    await stop();
  });

  testOnBoth("a factory that throws or refuses costs that connection only", folder, async (reactor) => {
    using logs = captureLogs();
    let count = 0;
    const heard = new Deferred<void>();
    const answers: ((server: Talker) => Protocol | undefined)[] = [
      () => undefined,
      () => {
        throw new Error("no room");
      },
      (server) => {
        server.onMade = () => {
          throw new Error("not today");
        };
        return server;
      },
      (server) => {
        server.onData = () => heard.callback();
        return server;
      },
    ];
    const servers: Talker[] = [];
    const port = await listen(reactor, `haproxy:tls:0:interface=127.0.0.1:${files}`, () => {
      servers.push(new Talker());
      return answers[count++]?.(servers.at(-1) as Talker);
    });
    const number = port.address.kind === "tcp" ? port.address.port : 0;
    for (let i = 0; i < 3; i += 1) await (await dial(reactor, number, HEADER)).lost;
    const last = await dial(reactor, number, HEADER);
    last.transport.write("hello");
    await heard;
    assert.equal(servers[2]?.reason?.message, "not today");
    const errors = logs.events.flatMap(({ level, error }) => (level === "error" ? [(error as Error).message] : []));
    assert.deepEqual(errors, ["no room", "not today"]);
    last.transport.abortConnection();
    await port.stopListening();
  });

  testOnBoth("half-close works behind it", folder, async (reactor) => {
    const server = new HalfCloseRecorder();
    const readEnded = new Deferred<void>();
    server.onReadEnded = () => readEnded.callback();
    const port = await listen(reactor, `haproxy:tls:0:interface=127.0.0.1:${files}`, () => server);
    const client = await dial(reactor, port.address.kind === "tcp" ? port.address.port : 0, HEADER, new HalfTalker());
    client.transport.write("all");
    client.transport.loseWriteConnection();
    await readEnded;
    server.transport.write("answer");
    server.transport.loseConnection();
    await client.lost;
    assert.deepEqual([server.text, client.text], ["all", "answer"]);
    await port.stopListening();
  });
});

test("what came behind the header is given to TLS, whole, and nothing else is", () => {
  const transport = new MemoryTransport();
  const factory = receiveProxyHeader(() => new Recorder(), { clock: new Clock(), tls });
  transport.attach(factory.buildProtocol(transport.peer) as Protocol);
  for (const piece of [HEADER.slice(0, 20), `${HEADER.slice(20)}\x16\x03\x01`]) transport.remote.write(piece);
  assert.equal(transport.tlsRequest?.side, "server");
  assert.deepEqual(transport.tlsRequest?.received, Uint8Array.of(22, 3, 1));
});

test("a connection that is lost in the handshake is never heard of", () => {
  const transport = new MemoryTransport();
  const factory = receiveProxyHeader(() => assert.fail("nobody is there"), { clock: new Clock(), tls });
  transport.attach(factory.buildProtocol(transport.peer) as Protocol);
  transport.remote.write(HEADER);
  transport.remote.reset();
  transport.settle();
  assert.equal(transport.connected, false);
});

/** A Recorder that tells when it was lost, and what it heard. */
class Talker extends Recorder {
  readonly lost: Deferred<Error> = new Deferred();

  override connectionLost(reason: Error): void {
    super.connectionLost(reason);
    this.lost.callback(reason);
  }

  /** Fires when `other` has heard it. */
  async says(words: string, other: () => Recorder | undefined): Promise<void> {
    const heard = new Deferred<void>();
    const check = () => {
      if (other()?.text.endsWith(words) && !heard.called) heard.callback();
    };
    (other() as Recorder).onData = check;
    this.transport.write(words);
    check();
    await heard;
  }
}

class HalfTalker extends Talker {
  override readConnectionLost(): void {}
}

/** A port, and who comes to it. */
async function serve(reactor: Reactor, description: string) {
  const made: Talker[] = [];
  const arrival = new Deferred<Talker>();
  const factory: ProtocolFactory = () => {
    const talker = new Talker();
    talker.onMade = () => {
      made.push(talker);
      if (!arrival.called) arrival.callback(talker);
    };
    return talker;
  };
  const port = await listen(reactor, description, factory);
  const number = port.address.kind === "tcp" ? port.address.port : 0;
  const stop = async (): Promise<void> => {
    for (const { transport } of made) transport.abortConnection();
    await port.stopListening();
  };
  return { port: number, made, arrival, stop };
}

/** Says `header` in clear, and shakes hands. */
async function dial<T extends Talker>(reactor: Reactor, port: number, header: string, talker?: T): Promise<Talker> {
  const client = talker ?? new Talker();
  await connect(reactor, `tcp:127.0.0.1:${port}`, () => client);
  client.transport.write(header);
  await client.transport.startTls({ side: "client", tls: { trustRoots: cert, servername: "localhost" } });
  return client;
}

async function exchange(client: Talker, server: Talker, host: string): Promise<void> {
  assert.equal(formatAddress(server.transport.peer).split(":")[0], host);
  await client.says("hello", () => server);
  await server.says("welcome", () => client);
  client.transport.loseConnection();
  await server.lost;
  assert.equal(server.reason?.name, "ConnectionDone");
}
