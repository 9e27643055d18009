import assert from "node:assert/strict";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { CancelledError } from "../core/deferred/errors.ts";
import { ConnectError, ConnectionLost, ListenError, TlsError } from "../core/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import { Recorder } from "../testing/recorder.ts";
import { NodeReactor } from "./node-reactor.ts";
import { makeIdentity, portOf, temporaryFolder, turn } from "./pair.fixture.test.ts";

const folder = temporaryFolder();
const identity = makeIdentity(folder);
const badIdentity = { cert: "no certificate", key: "no key" };
const reactor = new NodeReactor();
const nothing = () => new Recorder();
const localhost = { host: "127.0.0.1", port: 0 };

describe("a port that cannot be opened fails with a ListenError that says why", () => {
  test("taken by this program, TCP", async () => {
    const port = await reactor.listenTcp(localhost, nothing);
    const again = reactor.listenTcp({ ...localhost, port: portOf(port) }, nothing);
    const message = `Cannot listen on 127.0.0.1:${portOf(port)}: it is in use by another program, or by this one`;
    await assert.rejects(async () => await again, { name: "ListenError", code: "EADDRINUSE", message });
    await port.stopListening();
  });

  test("taken by this program, UNIX", async () => {
    const path = join(folder, "taken.sock");
    const port = await reactor.listenUnix({ path }, nothing);
    const message = `Cannot listen on unix:${path}: another program listens on it`;
    const again = reactor.listenUnix({ path }, nothing);
    await assert.rejects(async () => await again, { name: "ListenError", code: "EADDRINUSE", message });
    await port.stopListening();
  });

  test("a number that is no port", async () => {
    await fails(reactor.listenTcp({ ...localhost, port: 70_000 }, nothing), /70000/);
  });

  test("a TLS identity that is not usable, before any client comes", async () => {
    const opened = reactor.listenTcp({ ...localhost, tls: { identity: badIdentity } }, nothing);
    await fails(opened, /its TLS certificate or key is not usable/);
  });

  for (const lockfile of [false, true]) {
    test(`a folder that is not there${lockfile ? ", with a lock file" : ""}`, async () => {
      const path = join(folder, "nowhere", "a.sock");
      await fails(reactor.listenUnix({ path, lockfile }, nothing), /there is no folder ".*nowhere"/);
    });
  }

  test("a path that the system would cut short", async () => {
    const path = join(folder, "x".repeat(120));
    await fails(reactor.listenUnix({ path }, nothing), /bytes, and the system takes/);
    assert.equal(existsSync(path), false);
  });

  test("an empty path", async () => {
    await fails(reactor.listenUnix({ path: "" }, nothing), /the path is empty/);
  });

  test("a path that is no socket, which stays", async () => {
    const path = join(folder, "plain-file");
    writeFileSync(path, "precious");
    await fails(reactor.listenUnix({ path }, nothing), /taken by something that is no socket/);
    assert.equal(statSync(path).size, 8);
    rmSync(path);
  });
});

describe("a connect that cannot succeed fails", () => {
  test("to an empty path, without dialling anything else", async () => {
    await assert.rejects(async () => await reactor.connectUnix({ path: "" }, nothing), {
      name: "ConnectError",
      message: "Cannot connect to unix:: the path is empty",
    });
  });

  test("to a path that the system would cut short", async () => {
    await assert.rejects(async () => await reactor.connectUnix({ path: "x".repeat(120) }, nothing), ConnectError);
  });

  test("with trust roots that are none, and leaves no connection", async () => {
    const server = new Recorder();
    const port = await reactor.listenTcp(localhost, () => server);
    const where = { ...localhost, port: portOf(port) };
    const connecting = reactor.connectTcp({ ...where, tls: { identity: badIdentity } }, nothing);
    await assert.rejects(async () => await connecting, TlsError);
    await server.transport.whenClosed();
    await port.stopListening();
  });
});

describe("a cancelled listen", () => {
  for (const turns of [0, 1]) {
    test(`opens nothing, cancelled after ${turns} turns`, async () => {
      const opening = reactor.listenTcp(localhost, nothing);
      for (let i = 0; i < turns; i += 1) await turn();
      if (opening.called) {
        // Too late to call it off.
        await (await opening).stopListening();
        return;
      }
      opening.cancel();
      await assert.rejects(async () => await opening, CancelledError);
      for (let i = 0; i < 10; i += 1) await turn();
      assert.ok(!process.getActiveResourcesInfo().includes("TCPServerWrap"));
    });
  }
});

describe("a TLS port survives its table of names", () => {
  const tables = {
    "a name whose certificate is not usable": { localhost: badIdentity },
    "a function that throws": () => {
      throw new Error("on purpose");
    },
    "a function that rejects": () => Promise.reject(new Error("on purpose")),
  };
  for (const [what, sni] of Object.entries(tables)) {
    test(what, async () => {
      using logs = captureLogs();
      const port = await reactor.listenTcp({ ...localhost, tls: { identity, sni } }, nothing);
      const where = { ...localhost, port: portOf(port) };
      const tls = { trustRoots: identity.cert, servername: "localhost" };
      await assert.rejects(async () => await reactor.connectTcp({ ...where, tls }, nothing), TlsError);
      // An address is no name to ask for: the port shows its own certificate.
      const other = await reactor.connectTcp({ ...where, tls: { insecureSkipVerification: true } }, nothing);
      other.transport.loseConnection();
      await other.transport.whenClosed();
      await port.stopListening();
      assert.ok(logs.events.some(({ format }) => format === "TLS handshake with {peer} failed: {error}"));
    });
  }
});

async function fails(opening: PromiseLike<unknown>, why: RegExp): Promise<void> {
  await assert.rejects(
    async () => await opening,
    (error: Error) => error instanceof ListenError && why.test(error.message),
  );
}

describe("a TLS port", () => {
  test("refuses peers that begin a handshake while a thousand others are under way, and serves again after them", async () => {
    const port = await reactor.listenTcp({ ...localhost, tls: { identity } }, nothing);
    const where = { host: "127.0.0.1", port: portOf(port) };
    const silent = await Promise.all(Array.from({ length: 1_000 }, async () => reactor.connectTcp(where, nothing)));
    const refused = await reactor.connectTcp(where, nothing);
    assert.ok((await refused.transport.whenClosed()) instanceof ConnectionLost);
    assert.ok(silent.every(({ transport }) => transport.connected));
    for (const { transport } of silent) transport.abortConnection();
    await Promise.all(silent.map(async ({ transport }) => transport.whenClosed()));
    const tls = { trustRoots: identity.cert, servername: "localhost" };
    while (true) {
      const served = await reactor.connectTcp({ ...where, tls }, nothing).addErrback(() => undefined);
      if (served === undefined) continue;
      served.transport.abortConnection();
      await served.transport.whenClosed();
      break;
    }
    await port.stopListening();
  });
});
