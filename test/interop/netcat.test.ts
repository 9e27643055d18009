import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { ConnectionDone, ConnectionLost } from "ropewalk";
import { EchoGuest, Guest, HalfClosingGuest, reactor, serveTcp, serveUnix, visitor } from "./support/guest.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, start } from "./support/program.ts";

describe("netcat", { skip: lacks("nc"), timeout: FILE_LIMIT_MS }, () => {
  test("nc -N is answered, and its end of stream closes the connection cleanly on both sides", async (t) => {
    const { port, host } = await serveTcp(t, () => new EchoGuest());
    const nc = start(t, "nc", ["-N", "127.0.0.1", String(port)]);
    nc.write("hello\n");
    await nc.out.until("hello\n");
    nc.endInput();
    const guest = await host.next();
    assert.ok((await guest.lost) instanceof ConnectionDone);
    assert.deepEqual(await nc.finished(), { code: 0, signal: null });
    assert.equal(nc.out.text, "hello\n");
  });

  test("nc -N that says all at once and ends gets its whole answer", async (t) => {
    const { port } = await serveTcp(t, () => new EchoGuest());
    const nc = start(t, "nc", ["-N", "127.0.0.1", String(port)]);
    nc.write("first\nsecond\n");
    nc.endInput();
    assert.deepEqual(await nc.finished(), { code: 0, signal: null });
    assert.equal(nc.out.text, "first\nsecond\n");
  });

  test("4 MiB come back from an echo byte for byte", async (t) => {
    const { port } = await serveTcp(t, () => new EchoGuest());
    const nc = start(t, "nc", ["-N", "127.0.0.1", String(port)]);
    const data = randomBytes(4 << 20);
    nc.write(data);
    nc.endInput();
    await nc.finished();
    assert.equal(digest(Buffer.from(nc.out.text, "latin1")), digest(data));
  });

  test("nc without -N stays after its input's end, hears the server on, and ends when the server does", async (t) => {
    const { port, host } = await serveTcp(t, () => new Guest());
    const nc = start(t, "nc", ["127.0.0.1", String(port)]);
    nc.write("that was all\n");
    nc.endInput();
    const guest = await host.next();
    await guest.heard.until("that was all\n");
    guest.transport.write("still here\n");
    await nc.out.until("still here\n");
    guest.transport.loseConnection();
    assert.deepEqual(await nc.finished(), { code: 0, signal: null });
    assert.ok((await guest.lost) instanceof ConnectionDone);
  });

  test("a protocol with half-close answers after nc -N has said everything", async (t) => {
    const { port, host } = await serveTcp(t, () => new HalfClosingGuest());
    const nc = start(t, "nc", ["-N", "127.0.0.1", String(port)]);
    nc.write("3\n4\n");
    nc.endInput();
    const guest = await host.next();
    await guest.ended;
    assert.equal(guest.heard.text, "3\n4\n");
    guest.transport.write("7\n");
    guest.transport.loseConnection();
    assert.deepEqual(await nc.finished(), { code: 0, signal: null });
    assert.equal(nc.out.text, "7\n");
    assert.ok((await guest.lost) instanceof ConnectionDone);
  });

  test("what was written before loseConnection reaches an nc that was stopped meanwhile", async (t) => {
    const { port, host } = await serveTcp(t, () => new Guest());
    const nc = start(t, "nc", ["127.0.0.1", String(port)]);
    nc.endInput();
    const guest = await host.next();
    nc.kill("SIGSTOP");
    const data = randomBytes(8 << 20);
    guest.transport.write(data);
    guest.transport.loseConnection();
    nc.kill("SIGCONT");
    await nc.finished();
    assert.equal(digest(Buffer.from(nc.out.text, "latin1")), digest(data));
    assert.ok((await guest.lost) instanceof ConnectionDone);
  });

  test("an nc killed with bytes it has not read is a lost connection", async (t) => {
    const { port, host } = await serveTcp(t, () => new Guest());
    const nc = start(t, "nc", ["127.0.0.1", String(port)]);
    const guest = await host.next();
    nc.kill("SIGSTOP");
    guest.transport.write(Buffer.alloc(16 << 20));
    nc.kill("SIGKILL");
    assert.ok((await guest.lost) instanceof ConnectionLost);
  });

  test("our client talks with nc -l, and nc ends when the client does", async (t) => {
    const nc = start(t, "nc", ["-lv", "127.0.0.1", "0"]);
    const [, port] = await nc.err.until(/Listening on \S+ (\d+)/);
    const client = await reactor.connectTcp(
      { host: "127.0.0.1", port: Number(port) },
      visitor(t, () => new Guest()),
    );
    nc.write("welcome\n");
    await client.heard.until("welcome\n");
    client.transport.write("thanks\n");
    await nc.out.until("thanks\n");
    client.transport.loseConnection();
    assert.ok((await client.lost) instanceof ConnectionDone);
    assert.deepEqual(await nc.finished(), { code: 0, signal: null });
  });
});

describe("netcat over UNIX sockets", { skip: lacks("nc"), timeout: FILE_LIMIT_MS }, () => {
  test("nc -U -N is answered, and its end closes the connection cleanly", async (t) => {
    const path = `${temporaryFolder(t)}/echo.sock`;
    const host = await serveUnix(t, path, () => new EchoGuest());
    const nc = start(t, "nc", ["-U", "-N", path]);
    nc.write("over a file\n");
    nc.endInput();
    const guest = await host.next();
    assert.ok((await guest.lost) instanceof ConnectionDone);
    assert.deepEqual(await nc.finished(), { code: 0, signal: null });
    assert.equal(nc.out.text, "over a file\n");
    assert.deepEqual(guest.transport.local, { kind: "unix", path });
  });

  test("our client talks with nc -l -U", async (t) => {
    const path = `${temporaryFolder(t)}/nc.sock`;
    const nc = start(t, "nc", ["-lvU", path]);
    await nc.err.until(`Listening on ${path}`);
    const client = await reactor.connectUnix(
      { path },
      visitor(t, () => new Guest()),
    );
    assert.deepEqual(client.transport.peer, { kind: "unix", path });
    client.transport.write("knock\n");
    await nc.out.until("knock\n");
    nc.write("who is there\n");
    await client.heard.until("who is there\n");
    client.transport.loseConnection();
    assert.deepEqual(await nc.finished(), { code: 0, signal: null });
  });

  test("a socket file that nobody listens on any more is taken over, and nc finds the new server", async (t) => {
    const path = `${temporaryFolder(t)}/stale.sock`;
    const former = start(t, "nc", ["-lvU", path]);
    await former.err.until(`Listening on ${path}`);
    former.kill("SIGKILL");
    await former.exited;
    await serveUnix(t, path, () => new EchoGuest());
    const nc = start(t, "nc", ["-U", "-N", path]);
    nc.write("anybody\n");
    nc.endInput();
    await nc.finished();
    assert.equal(nc.out.text, "anybody\n");
  });

  test("a socket file that another program listens on is refused", async (t) => {
    const path = `${temporaryFolder(t)}/live.sock`;
    const other = start(t, "nc", ["-lvkU", path]);
    await other.err.until(`Listening on ${path}`);
    await assert.rejects(async () => await reactor.listenUnix({ path }, () => new Guest()), {
      name: "ListenError",
      code: "EADDRINUSE",
    });
  });
});

function digest(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
