import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { ConnectionAborted, ConnectionDone, ConnectionLost } from "ropewalk";
import { Authority } from "./support/certificates.ts";
import { EchoGuest, Guest, HalfClosingGuest, reactor, serveTcp, serveUnix, visitor } from "./support/guest.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, start } from "./support/program.ts";

describe("socat over TCP", { skip: lacks("socat"), timeout: FILE_LIMIT_MS }, () => {
  test("a file goes through our echo and comes back byte for byte", async (t) => {
    const { port } = await serveTcp(t, () => new EchoGuest());
    const path = `${temporaryFolder(t)}/data`;
    const data = randomBytes(4 << 20);
    writeFileSync(path, data);
    const socat = start(t, "socat", ["-t10", `OPEN:${path},rdonly!!STDOUT`, `TCP:127.0.0.1:${port}`]);
    assert.deepEqual(await socat.finished(), { code: 0, signal: null });
    assert.equal(digest(Buffer.from(socat.out.text, "latin1")), digest(data));
  });

  test("it ends its direction, and our protocol with half-close answers still", async (t) => {
    const { port, host } = await serveTcp(t, () => new HalfClosingGuest());
    const socat = start(t, "socat", ["-t10", "-", `TCP:127.0.0.1:${port}`]);
    socat.write("one, two");
    socat.endInput();
    const guest = await host.next();
    await guest.ended;
    assert.equal(guest.heard.text, "one, two");
    guest.transport.write("three");
    guest.transport.loseConnection();
    assert.deepEqual(await socat.finished(), { code: 0, signal: null });
    assert.equal(socat.out.text, "three");
  });

  test("our client ends its direction, and hears the answer that tac gives only then", async (t) => {
    const socat = start(t, "socat", ["-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1", "EXEC:tac,pipes"]);
    const [, port] = await socat.err.until(/listening on AF=2 127\.0\.0\.1:(\d+)/);
    const client = await reactor.connectTcp(
      { host: "127.0.0.1", port: Number(port) },
      visitor(t, () => new HalfClosingGuest()),
    );
    client.transport.write("1\n2\n3\n");
    client.transport.loseWriteConnection();
    await client.ended;
    assert.equal(client.heard.text, "3\n2\n1\n");
    assert.ok((await client.lost) instanceof ConnectionDone);
  });

  test("abortConnection is a reset at its end", async (t) => {
    const { port, host } = await serveTcp(t, () => new Guest());
    const socat = start(t, "socat", ["-d", "-", `TCP:127.0.0.1:${port}`]);
    socat.write("hello");
    const guest = await host.next();
    await guest.heard.until("hello");
    guest.transport.abortConnection();
    await socat.err.until("Connection reset by peer");
    assert.ok((await guest.lost) instanceof ConnectionAborted);
  });

  test("its reset is a lost connection at ours", async (t) => {
    const { port, host } = await serveTcp(t, () => new Guest());
    const socat = start(t, "socat", ["-", `TCP:127.0.0.1:${port},linger=0`]);
    socat.write("hello");
    const guest = await host.next();
    await guest.heard.until("hello");
    socat.kill("SIGKILL");
    assert.ok((await guest.lost) instanceof ConnectionLost);
  });

  test("IPv6 addresses are what they are on both sides", async (t) => {
    const socat = start(t, "socat", ["-d", "-d", "TCP6-LISTEN:0,bind=[::1]", "-"]);
    const [, port] = await socat.err.until(/listening on AF=10 \[.*\]:(\d+)/);
    const client = await reactor.connectTcp(
      { host: "::1", port: Number(port) },
      visitor(t, () => new Guest()),
    );
    assert.deepEqual(client.transport.peer, { kind: "tcp", host: "::1", port: Number(port), family: 6 });
    client.transport.write("six\n");
    await socat.out.until("six\n");
  });
});

describe("socat over UNIX sockets", { skip: lacks("socat"), timeout: FILE_LIMIT_MS }, () => {
  test("a file goes through our echo and comes back byte for byte", async (t) => {
    const folder = temporaryFolder(t);
    await serveUnix(t, `${folder}/echo.sock`, () => new EchoGuest());
    const data = randomBytes(1 << 20);
    writeFileSync(`${folder}/data`, data);
    const addresses = [`OPEN:${folder}/data,rdonly!!STDOUT`, `UNIX-CONNECT:${folder}/echo.sock`];
    const socat = start(t, "socat", ["-t10", ...addresses]);
    assert.deepEqual(await socat.finished(), { code: 0, signal: null });
    assert.equal(digest(Buffer.from(socat.out.text, "latin1")), digest(data));
  });

  test("our client half-closes to a program behind UNIX-LISTEN and hears its answer", async (t) => {
    const path = `${temporaryFolder(t)}/tac.sock`;
    const socat = start(t, "socat", ["-d", "-d", `UNIX-LISTEN:${path}`, "EXEC:tac,pipes"]);
    await socat.err.until("listening on");
    const client = await reactor.connectUnix(
      { path },
      visitor(t, () => new HalfClosingGuest()),
    );
    client.transport.write("a\nb\n");
    client.transport.loseWriteConnection();
    await client.ended;
    assert.equal(client.heard.text, "b\na\n");
  });
});

describe("socat over OPENSSL", { skip: lacks("socat", "openssl"), timeout: FILE_LIMIT_MS }, () => {
  const folder = temporaryFolder({ after });
  const authority = new Authority(folder, "root");
  const localhost = authority.issue("localhost");

  test("it verifies our server and is echoed", async (t) => {
    const { port, host } = await serveTcp(t, () => new EchoGuest(), { identity: localhost });
    const options = `cafile=${authority.files.certFile},verify=1,commonname=localhost`;
    const socat = start(t, "socat", ["-t10", "-", `OPENSSL:127.0.0.1:${port},${options}`]);
    socat.write("in secret\n");
    await socat.out.until("in secret\n");
    socat.endInput();
    const guest = await host.next();
    assert.match(guest.transport.tls?.protocol ?? "", /^TLSv1\.[23]$/);
    assert.ok((await guest.lost) instanceof ConnectionDone);
    assert.deepEqual(await socat.finished(), { code: 0, signal: null });
  });

  test("1 MiB goes both ways at once", async (t) => {
    const { port } = await serveTcp(t, () => new EchoGuest(), { identity: localhost });
    const socat = start(t, "socat", ["-t10", "-", `OPENSSL:127.0.0.1:${port},verify=0`]);
    const data = randomBytes(1 << 20);
    socat.write(data);
    const text = data.toString("latin1");
    await socat.out.until(new RegExp(`^[^]{${text.length}}$`));
    assert.equal(digest(Buffer.from(socat.out.text, "latin1")), digest(data));
  });

  test("our client verifies it and talks with the program behind it", async (t) => {
    const { certFile, keyFile } = localhost;
    const address = `OPENSSL-LISTEN:0,bind=127.0.0.1,cert=${certFile},key=${keyFile},verify=0`;
    const socat = start(t, "socat", ["-d", "-d", address, "EXEC:cat"]);
    const [, port] = await socat.err.until(/listening on AF=2 127\.0\.0\.1:(\d+)/);
    const tls = { trustRoots: authority.files.cert, servername: "localhost" };
    const client = await reactor.connectTcp(
      { host: "127.0.0.1", port: Number(port), tls },
      visitor(t, () => new Guest()),
    );
    assert.equal(client.transport.tls?.authorized, true);
    client.transport.write("round trip");
    await client.heard.until("round trip");
    client.transport.loseConnection();
    assert.ok((await client.lost) instanceof ConnectionDone);
    await socat.finished();
  });
});

function digest(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
