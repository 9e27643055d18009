/** Garbage on a TLS port, TLS on a plain port, garbage within TLS: each ends its own connection. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { ConnectionLost, NodeReactor, type Port, type Protocol, type TlsIdentity } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { captureLogs } from "ropewalk/log";
import { seededRandom } from "ropewalk/testing";
import { closed, dial, Echo, isServed, portOf } from "./ends.ts";
import { Holdings, turn, until } from "./leaks.ts";

const limit = { timeout: 20_000 };
const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
after(() => rmSync(folder, { recursive: true }));
const identity = makeIdentity();
const reactor = new NodeReactor();
const random = seededRandom(5_246);

const GARBAGE: Readonly<Record<string, () => Uint8Array>> = {
  "random bytes": () => Uint8Array.from({ length: 300 }, () => Math.floor(random() * 256)),
  "an HTTP request": () => Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  "a record header that promises too much": () => Uint8Array.of(0x16, 3, 1, 0xff, 0xff),
  "the beginning of a hello, and then the end": () => Uint8Array.of(0x16, 3, 1, 0, 200, 1, 0),
  nothing: () => new Uint8Array(0),
};

describe("on a TLS port", () => {
  for (const [what, make] of Object.entries(GARBAGE)) {
    test(`${what}: no protocol is built, and the port goes on`, limit, async () => {
      await throwGarbage(make, 1);
      const before = new Holdings();
      await throwGarbage(make, 50, before);
      await before.areBack();
    });
  }

  async function throwGarbage(make: () => Uint8Array, times: number, holdings?: Holdings): Promise<void> {
    using logs = captureLogs();
    let built = 0;
    const port = await listen(() => {
      built += 1;
      const echo = new Echo();
      return holdings?.watch(echo) ?? echo;
    });
    for (let i = 0; i < times; i += 1) {
      const peer = await dial(portOf(port));
      peer.resume().end(make());
      await closed(peer);
    }
    assert.equal(built, 0);
    assert.equal(await speak(port), "over TLS");
    await port.stopListening();
    assert.deepEqual(
      logs.events.filter(({ level }) => level === "error" || level === "critical"),
      [],
    );
  }

  test("a peer that says nothing is given up after the handshake's time", limit, async () => {
    const port = await listen(() => new Echo(), 30);
    const peer = await dial(portOf(port));
    peer.resume();
    await closed(peer);
    await port.stopListening();
  });

  test("garbage behind the handshake ends the connection as lost", limit, async () => {
    const echo = new Echo();
    const port = await listen(() => echo);
    const plain = await dial(portOf(port));
    const secure = connectTls({ socket: plain, ca: identity.cert as Buffer, servername: "localhost" });
    secure.on("error", () => {});
    secure.write("both are through");
    await once(secure, "data");
    const { send } = wireOf(plain);
    send(Buffer.from("this is no record at all, whatever it says"));
    await until(() => echo.reason !== undefined);
    assert.ok(echo.reason instanceof ConnectionLost, String(echo.reason));
    secure.destroy();
    plain.destroy();
    await port.stopListening();
  });
});

test("a TLS hello on a plain port of lines is refused as a line, and the port goes on", limit, async () => {
  await helloInClear();
  const before = new Holdings();
  await helloInClear(before);
  await before.areBack();
});

async function helloInClear(holdings?: Holdings): Promise<void> {
  let lost = 0;
  class Lines extends LineProtocol {
    override maxLength = 64;
    override lineReceived(line: string): void {
      this.sendLine(line);
    }
    override connectionLost(): void {
      lost += 1;
    }
  }
  const port = await reactor.listenTcp({ host: "127.0.0.1", port: 0 }, () => {
    const lines = new Lines();
    return holdings?.watch(lines) ?? lines;
  });
  for (let i = 0; i < 20; i += 1) {
    const client = connectTls({ port: portOf(port), host: "127.0.0.1", rejectUnauthorized: false });
    client.on("error", () => {});
    await closed(client);
  }
  while (lost < 20) await turn();
  assert.ok(await isServed(portOf(port), "a line\r\n"));
  await port.stopListening();
}

function listen(build: () => Protocol, handshakeTimeoutMs = 10_000): Promise<Port> {
  const tls = { identity, handshakeTimeoutMs };
  return Promise.resolve(reactor.listenTcp({ host: "127.0.0.1", port: 0, tls }, build));
}

/** What a port answers to a client that behaves. */
async function speak(port: Port): Promise<string> {
  const client = connectTls({
    port: portOf(port),
    host: "127.0.0.1",
    ca: identity.cert as Buffer,
    servername: "localhost",
  });
  client.write("over TLS");
  const [answer] = await once(client, "data");
  client.end();
  await closed(client);
  return String(answer);
}

/** Writes below TLS: the socket's own handle, past the TLS that sits on it. */
function wireOf(plain: object): { send(data: Buffer): void } {
  const { _handle: handle } = plain as { _handle: { fd: number } };
  return { send: (data) => void writeSync(handle.fd, data) };
}

function makeIdentity(): TlsIdentity {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  const names = ["-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", [...kind.split(" "), ...names, "-keyout", key, "-out", cert], { stdio: "pipe" });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
