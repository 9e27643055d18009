import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import type { Address, TcpAddress } from "../core/address.ts";
import { ConnectionAborted, ConnectionDone, ConnectionLost, UnsupportedError } from "../core/errors.ts";
import { HalfCloseRecorder, Recorder } from "../testing/recorder.ts";
import { NodeReactor } from "./node-reactor.ts";
import { makeIdentity, pairOf, parted, portOf, temporaryFolder, turn, until } from "./pair.fixture.test.ts";

const identity = makeIdentity(temporaryFolder());
const asServer = { side: "server", tls: { identity } } as const;
const asClient = { side: "client", tls: { trustRoots: identity.cert, servername: "localhost" } } as const;
const secured = { serverTls: asServer.tls, clientTls: asClient.tls };

/** More than the kernel takes at once. */
const BULK = Buffer.alloc(16_000_000, "x");

/** Against a hang; what is tested are ends that never came. */
const LIMIT_MS = 10_000;

describe("abortConnection ends the connection", () => {
  for (const [kind, options] of Object.entries({ TCP: {}, TLS: secured })) {
    test(`${kind}: in the turn of loseConnection, whose FIN is under way`, { timeout: LIMIT_MS }, async () => {
      const pair = await pairOf(options);
      pair.client.transport.loseConnection();
      pair.client.transport.abortConnection();
      await parted(pair);
      assert.ok(pair.client.reason instanceof ConnectionAborted);
    });

    test(`${kind}: in the turn of loseWriteConnection`, { timeout: LIMIT_MS }, async () => {
      const pair = await pairOf(options);
      pair.client.transport.loseWriteConnection();
      pair.client.transport.abortConnection();
      await parted(pair);
      assert.deepEqual(pair.client.events, ["made", "lost ConnectionAborted"]);
    });

    test(`${kind}: after a loseWriteConnection that waits behind unsent bytes`, { timeout: LIMIT_MS }, async () => {
      const pair = await pairOf(options);
      pair.server.transport.pauseReading();
      pair.client.transport.write(BULK);
      pair.client.transport.loseWriteConnection();
      await turn();
      pair.client.transport.abortConnection();
      await pair.client.transport.whenClosed();
      pair.server.transport.abortConnection();
      await parted(pair);
      assert.deepEqual(pair.client.events, ["made", "paused", "lost ConnectionAborted"]);
    });

    test(`${kind}: the close timeout does the same where the peer reads nothing`, { timeout: LIMIT_MS }, async () => {
      const pair = await pairOf({ ...options, closeTimeoutMs: 20 });
      pair.server.transport.pauseReading();
      pair.client.transport.write(BULK);
      pair.client.transport.loseWriteConnection();
      pair.client.transport.loseConnection();
      await pair.client.transport.whenClosed();
      pair.server.transport.abortConnection();
      await parted(pair);
      assert.match(String(pair.client.reason), /did not take the last bytes within 20 ms/);
    });
  }
});

describe("the two ends", () => {
  for (const how of ["loseConnection", "abortConnection"] as const) {
    test(`are told after ${how} too, when nobody asked before`, { timeout: LIMIT_MS }, async () => {
      const pair = await pairOf();
      pair.client.transport[how]();
      await parted(pair);
      const { client, server } = pair;
      assert.equal(portNumber(client.transport.peer), portOf(pair.port));
      assert.equal(portNumber(server.transport.local), portOf(pair.port));
      assert.equal(portNumber(server.transport.peer), portNumber(client.transport.local));
      assert.notEqual(portNumber(client.transport.local), 0);
    });
  }
});

function portNumber(address: Address): number {
  assert.equal(address.kind, "tcp");
  return (address as TcpAddress).port;
}

describe("pauseReading", () => {
  const ways = {
    TCP: {},
    "TCP through streams": { reactor: new NodeReactor({ acceptsDirectly: false }) },
    TLS: secured,
  };
  for (const [kind, options] of Object.entries(ways)) {
    test(`${kind}: in the last dataReceived, the peer's end waits for resumeReading`, {
      timeout: LIMIT_MS,
    }, async () => {
      const server = new Recorder();
      server.onData = () => server.transport.pauseReading();
      const pair = await pairOf(options, new Recorder(), server);
      pair.client.transport.write("last");
      pair.client.transport.loseConnection();
      await pair.client.transport.whenClosed();
      for (let turns = 0; turns < 20; turns += 1) await turn();
      assert.deepEqual(server.events, ["made", "data last"]);
      server.transport.resumeReading();
      await parted(pair);
      assert.deepEqual(server.events, ["made", "data last", "lost ConnectionDone"]);
    });

    test(`${kind}: does not cost a peer that still sends the answer`, { timeout: LIMIT_MS }, async () => {
      const server = new Recorder();
      server.onData = () => {
        server.transport.pauseReading();
        server.transport.write(BULK.subarray(0, 300_000));
        server.transport.loseConnection();
      };
      const pair = await pairOf(options, new Recorder(), server);
      pair.client.transport.write(BULK);
      await parted(pair);
      assert.equal(pair.client.bytes.length, 300_000);
      assert.ok(pair.client.reason instanceof ConnectionDone);
    });
  }
});

describe("startTls", () => {
  test("bytes written before leave in clear, and bytes written after under TLS only, however long that takes", {
    timeout: LIMIT_MS,
  }, async () => {
    const pair = await pairOf();
    const { client, server } = pair;
    client.transport.pauseReading();
    server.transport.write(BULK);
    const served = server.transport.startTls(asServer);
    server.transport.write("secret");
    await turn();
    let clear = 0;
    const dialled = new Promise<void>((resolve, reject) => {
      client.onData = (data) => {
        clear += data.length;
        if (clear < BULK.length) return;
        client.onData = () => {};
        client.transport.startTls(asClient).addCallbacks(() => resolve(), reject);
      };
    });
    client.transport.resumeReading();
    await Promise.all([served, dialled]);
    assert.equal(clear, BULK.length);
    await until(() => client.events.at(-1) === "data secret");
    client.transport.loseConnection();
    await parted(pair);
  });

  test("fails if the connection is closed while it waits for bytes to leave, which arrive all the same", {
    timeout: LIMIT_MS,
  }, async () => {
    const pair = await pairOf();
    pair.client.transport.pauseReading();
    pair.server.transport.write(BULK);
    const starting = pair.server.transport.startTls(asServer);
    pair.server.transport.loseConnection();
    pair.client.transport.resumeReading();
    await assert.rejects(async () => await starting, ConnectionLost);
    await parted(pair);
    assert.equal(pair.client.bytes.length, BULK.length);
    assert.ok(pair.server.reason instanceof ConnectionDone);
  });

  test("fails if the connection is aborted while it waits for bytes to leave", { timeout: LIMIT_MS }, async () => {
    const pair = await pairOf();
    pair.client.transport.pauseReading();
    pair.server.transport.write(BULK);
    const starting = pair.server.transport.startTls(asServer);
    pair.server.transport.abortConnection();
    await assert.rejects(async () => await starting, ConnectionLost);
    pair.client.transport.abortConnection();
    await parted(pair);
  });

  test("lets what was written during the handshake leave before loseConnection closes", {
    timeout: LIMIT_MS,
  }, async () => {
    const pair = await pairOf();
    const served = pair.server.transport.startTls(asServer);
    pair.server.transport.write("bye");
    pair.server.transport.loseConnection();
    const facts = await pair.client.transport.startTls(asClient);
    await served;
    await parted(pair);
    assert.equal(facts.protocol, "TLSv1.3");
    assert.deepEqual(pair.client.events, ["made", "data bye", "lost ConnectionDone"]);
  });

  test("a second one fails and leaves the first alone", { timeout: LIMIT_MS }, async () => {
    const pair = await pairOf();
    const served = pair.server.transport.startTls(asServer);
    await assert.rejects(async () => await pair.server.transport.startTls(asServer), UnsupportedError);
    await pair.client.transport.startTls(asClient);
    await served;
    pair.client.transport.loseConnection();
    await parted(pair);
    assert.ok(pair.server.reason instanceof ConnectionDone);
  });

  test("fails after loseWriteConnection, and leaves the connection as it is", { timeout: LIMIT_MS }, async () => {
    const pair = await pairOf({}, new HalfCloseRecorder(), new HalfCloseRecorder());
    pair.client.transport.loseWriteConnection();
    await assert.rejects(async () => await pair.client.transport.startTls(asClient), UnsupportedError);
    pair.server.transport.loseConnection();
    await parted(pair);
    assert.ok(pair.client.reason instanceof ConnectionDone);
  });

  test("reads nothing in clear from then on, whatever the protocol pauses and resumes", {
    timeout: LIMIT_MS,
  }, async () => {
    const server = new Recorder();
    const pair = await pairOf({}, new Recorder(), server);
    let inClear = 0;
    server.onData = ({ length }) => {
      inClear += length;
      server.onData = (data) => assert.fail(`${data.length} bytes in clear were delivered after startTls`);
      pair.client.transport.pauseReading();
      server.transport.write(BULK);
      server.transport.startTls(asServer).addErrback(() => {});
      server.transport.pauseReading();
      server.transport.resumeReading();
    };
    pair.client.transport.write(BULK);
    await until(() => inClear > 0);
    for (let turns = 0; turns < 20; turns += 1) await turn();
    pair.client.transport.abortConnection();
    server.transport.abortConnection();
    await parted(pair);
  });
});

describe("TLS", () => {
  for (const side of ["client", "server"] as const) {
    test(`what the ${side} writes and closes in connectionMade arrives and ends cleanly`, {
      timeout: LIMIT_MS,
    }, async () => {
      const brief = new Recorder();
      brief.onMade = () => {
        brief.transport.write("banner");
        brief.transport.loseConnection();
      };
      const other = new Recorder();
      const ends = side === "client" ? ([brief, other] as const) : ([other, brief] as const);
      await parted(await pairOf(secured, ...ends));
      assert.deepEqual(other.events, ["made", "data banner", "lost ConnectionDone"]);
    });
  }
});

describe("write", () => {
  for (const wrong of [1, {}, [1, 2], new ArrayBuffer(2), undefined, null]) {
    test(`throws where it is called with ${wrong?.constructor.name ?? wrong}, not in the turn's flush`, {
      timeout: LIMIT_MS,
    }, async () => {
      const pair = await pairOf();
      assert.throws(() => pair.client.transport.write(wrong as unknown as string), TypeError);
      pair.client.transport.loseConnection();
      await parted(pair);
      assert.ok(pair.server.reason instanceof ConnectionDone);
    });
  }
});

describe("a port", () => {
  test("passes over a peer that was gone before it was accepted", { timeout: LIMIT_MS }, async () => {
    const reactor = new NodeReactor();
    let built = 0;
    const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => {
      built += 1;
      return new Recorder();
    });
    // Another process, while this one is held up: here nothing is accepted in between.
    execFileSync("python3", ["-c", RESET_AT_ONCE, String(portOf(port))]);
    const client = await reactor.connectTcp({ host: "127.0.0.1", port: portOf(port) }, () => new Recorder());
    await until(() => built === 1);
    client.transport.abortConnection();
    await client.transport.whenClosed();
    await port.stopListening();
    assert.equal(built, 1);
  });

  test("that closes with the reactor does not wait for a handshake that nobody goes on with", {
    timeout: LIMIT_MS,
  }, async () => {
    const reactor = new NodeReactor({ disconnectTimeoutMs: 1e9 });
    const stopped = reactor.run();
    const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0, tls: { identity } }, () => new Recorder());
    const client = await reactor.connectTcp({ host: "127.0.0.1", port: portOf(port) }, () => new Recorder());
    client.transport.write("\x16\x03\x01");
    await turn();
    reactor.stop();
    await stopped;
    assert.ok(client.reason !== undefined);
  });
});

const RESET_AT_ONCE = `
import socket, struct, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
peer.close()
`;
