/** What docs/recipes/ says of the programs in examples/recipes/ is so. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { Authority } from "../interop/support/certificates.ts";
import { freePort, temporaryFolder } from "../interop/support/places.ts";
import { FILE_LIMIT_MS, lacks, PYTHON, start } from "../interop/support/program.ts";
import { Transcript } from "../interop/support/transcript.ts";
import { interrupt, portOf, run, said } from "./running.ts";

const ANYWHERE = "tcp:0:interface=127.0.0.1";

describe("recipes for servers", { timeout: 5 * FILE_LIMIT_MS }, () => {
  test("chat-room tells everybody who came, what was said, and who left", async (t) => {
    const server = run(t, "recipes/chat-room", ANYWHERE);
    const port = await portOf(server);
    const ann = await call(t, port);
    ann.write("Ann\n");
    await said(t, ann, "Ann came\r\n");
    const bob = await call(t, port);
    bob.write("Ann\n");
    await said(t, bob, "Another name, please\r\n");
    bob.write("Bob\nI can steer \x1b[2J terminals\n");
    await said(t, ann, "Bob came\r\nBob: I can steer \\x1b[2J terminals\r\n");
    bob.end();
    await said(t, ann, "Bob left\r\n");
    await interrupt(server);
  });

  test("chat-room sends away who does not read", async (t) => {
    const port = await portOf(run(t, "recipes/chat-room", ANYWHERE));
    const ann = await call(t, port);
    ann.write("Ann\n");
    await said(t, ann, "Ann came\r\n");
    const slow = await call(t, port);
    slow.pause().on("error", () => {});
    slow.write("Slow\n");
    await said(t, ann, "Slow came\r\n");
    const heard = new Transcript("the room");
    let isThere = true;
    ann.on("data", (data: Buffer) => {
      heard.add(data.toString("latin1").replaceAll(/z+/g, "z"));
      // Each line that came back makes room for the next one.
      if (isThere) ann.write(`${"z".repeat(10_000)}\n`);
    });
    ann.write(`${"z".repeat(10_000)}\n`);
    await heard.until("Slow left").finally(() => {
      isThere = false;
    });
  });

  test("unix-socket answers its owner, whom alone it lets in, and stops when told", async (t) => {
    const path = `${temporaryFolder(t)}/c:1.sock`;
    const server = run(t, "recipes/unix-socket", path);
    await server.out.until(`Listening on ${path}\n`);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const socket = connect(path);
    socket.write("status\nup\nstop\n");
    await said(
      t,
      socket,
      `Process ${server.pid} is well\r\nUnknown command "up": there are status and stop\r\nGoodbye\r\n`,
    );
    assert.deepEqual(await server.finished(), { code: 0, signal: null });
  });

  test("eavesdrop shows what both sides say, and who hangs up", async (t) => {
    const target = `tcp:127.0.0.1:${await portOf(run(t, "echo", ANYWHERE))}`;
    const listener = run(t, "recipes/eavesdrop", ANYWHERE, target);
    const socket = await call(t, await portOf(listener));
    socket.write("kn\x00t\n");
    await said(t, socket, "kn\x00t\n");
    socket.end();
    await listener.out.until(/1 from 127\.0\.0\.1:\d+\n1 > kn\\x00t\\n\n1 < kn\\x00t\\n\n1 ConnectionDone\n/);
    await interrupt(listener);
  });

  test("graceful-shutdown takes no new guests, and finishes what it has begun", async (t) => {
    const server = run(t, "recipes/graceful-shutdown", ANYWHERE);
    const port = await portOf(server);
    const guest = await call(t, port);
    guest.write("soup\n");
    const heard = new Transcript("the kitchen");
    guest.on("data", (data: Buffer) => heard.add(data.toString()));
    await heard.until("soup is cooking");
    server.kill("SIGTERM");
    await server.out.until("Closed for new guests; dishes to come: 1\n");
    await assert.rejects(call(t, port), { code: "ECONNREFUSED" });
    await heard.until("soup is ready");
    assert.deepEqual(await server.finished(), { code: 0, signal: null });
  });

  test("port-forward carries what is said to another port and back", async (t) => {
    const target = run(t, "echo", ANYWHERE);
    const forward = run(t, "recipes/port-forward", ANYWHERE, `tcp:127.0.0.1:${await portOf(target)}`);
    const port = await portOf(forward);
    const socket = await call(t, port);
    socket.write("hello");
    await said(t, socket, "hello");
    await interrupt(target);
    await ended(socket);
    await ended(connect(Number(port), "127.0.0.1"));
    await interrupt(forward);
  });
});

describe("recipes for clients", { timeout: 5 * FILE_LIMIT_MS }, () => {
  test("through-socks is answered through the proxy that knows its name and password", async (t) => {
    const target = `tcp:127.0.0.1:${await portOf(run(t, "echo", ANYWHERE))}`;
    const proxy = run(t, "socks-proxy", ANYWHERE, "ann", "se:cret");
    const where = `127.0.0.1:${await portOf(proxy)}`;
    const client = run(t, "recipes/through-socks", where, target, "ann", "se:cret");
    assert.equal((await client.finished()).code, 0);
    assert.equal(client.out.text, "hello\n");
    assert.match(proxy.out.text, /ann asks: connect 127\.0\.0\.1 \d+\n/);
    const stranger = run(t, "recipes/through-socks", where, target);
    assert.equal((await stranger.finished()).code, 1);
    assert.match(stranger.err.text, /SocksRefusedError: Proxy refused: it wants another kind of login/);
  });

  test("first-answer takes that of the one that answers, and hangs up on the one that does not", async (t) => {
    const silent = createServer();
    t.after(() => silent.close());
    const hungUp = new Promise<void>((resolve) => {
      silent.on("connection", (socket) =>
        socket
          .on("error", () => {})
          .on("close", () => resolve())
          .resume(),
      );
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const echo = `tcp:127.0.0.1:${await portOf(run(t, "echo", ANYWHERE))}`;
    const refusing = `tcp:127.0.0.1:${await freePort()}`;
    const client = run(t, "recipes/first-answer", refusing, `tcp:127.0.0.1:${port}`, echo);
    assert.equal((await client.finished()).code, 0);
    assert.equal(client.out.text, `${echo} says hello\n`);
    await hungUp;
    const hopeless = run(t, "recipes/first-answer", refusing, refusing);
    assert.equal((await hopeless.finished()).code, 1);
    assert.match(hopeless.err.text, /AggregateError/);
  });

  for (const [name, words] of [
    ["at-most-ten", '100 pages, the last one says "this is /99"\nat most 10 at once\n'],
    ["retry-call", "attempt 1 failed: nobody answers\nattempt 2 failed: nobody answers\nhello\n"],
  ] as const) {
    test(`${name} prints what its page says, and ends`, async (t) => {
      const program = run(t, `recipes/${name}`);
      assert.equal((await program.finished()).code, 0);
      assert.equal(program.out.text, words);
    });
  }

  test("abort-signal cancels by signals, and is told by them", async (t) => {
    const program = run(t, "recipes/abort-signal");
    assert.equal((await program.finished()).code, 0);
    const [nap, canceller, answer, ...steps] = program.out.text.trimEnd().split("\n");
    assert.deepEqual(
      [nap, canceller, answer],
      ["fromAsync: AbortError", "the work is stopped", "abortable: AbortError"],
    );
    // On a busy machine even the first step may come too late.
    assert.equal(steps.at(-1), "the second one was not: TimeoutError");
  });
});

describe("recipes for robust servers", { timeout: 5 * FILE_LIMIT_MS }, () => {
  test("every-minute works at once and again and again, and ends between two rounds", async (t) => {
    const program = run(t, "recipes/every-minute", "10");
    await program.out.until("tidying up\ntidy\ntidying up\n");
    await interrupt(program);
    assert.match(program.out.text, /^(tidying up\ntidy\n)+$/);
  });

  test("rate-limit answers ten lines of a host, whatever connection they come by, and then one in a while", async (t) => {
    const port = await portOf(run(t, "recipes/rate-limit", ANYWHERE));
    const [one, two] = [await call(t, port), await call(t, port)];
    one.write("knot\n".repeat(10));
    await said(t, one, "KNOT\r\n".repeat(10));
    two.write("hitch\n".repeat(3));
    await said(t, two, "Slow down, please\r\n");
  });

  test("idle-timeout-and-limits lets in ten of a host, and the next when one has left", async (t) => {
    const server = run(t, "recipes/idle-timeout-and-limits", ANYWHERE);
    const port = await portOf(server);
    const guests: Socket[] = [];
    for (let count = 0; count < 10; count += 1) {
      const guest = await call(t, port);
      guests.push(guest);
      await said(t, guest, "Who are you?\r\n");
      guest.write("Ann\n");
      await said(t, guest, "Hello, Ann\r\n");
    }
    await ended(connect(Number(port), "127.0.0.1"));
    (guests[0] as Socket).end();
    // The server hears of that when it hears of it.
    while (!(await isGreeted(t, connect(Number(port), "127.0.0.1"))));
    await interrupt(server);
  });

  test("idle-timeout-and-limits closes what is idle", async (t) => {
    const server = run(t, "recipes/idle-timeout-and-limits", ANYWHERE, "600000", "200");
    await ended(await call(t, await portOf(server)));
    await server.err.until("was idle for 200 ms: closing it");
  });

  test("idle-timeout-and-limits resets who does not say a name in time, though bytes come", async (t) => {
    const socket = await call(t, await portOf(run(t, "recipes/idle-timeout-and-limits", ANYWHERE, "500", "600000")));
    const trickle = setInterval(() => socket.write("z"), 20);
    t.after(() => clearInterval(trickle));
    await ended(socket);
  });

  test("idle-timeout-and-limits sends away who says too long a line", async (t) => {
    const socket = await call(t, await portOf(run(t, "recipes/idle-timeout-and-limits", ANYWHERE)));
    socket.write("z".repeat(300));
    await ended(socket);
  });

  test("backpressure gives who reads all of a file, and reads no more of it for another than that one takes", async (t) => {
    const size = 64 << 20;
    const path = `${temporaryFolder(t)}/big.bin`;
    writeFileSync(path, Buffer.alloc(size, "rope"));
    const server = run(t, "recipes/backpressure", path, ANYWHERE);
    const port = await portOf(server);
    const slow = await call(t, port);
    await new Promise((resolve) => slow.once("data", resolve));
    slow.pause();
    const fast = await call(t, port);
    let taken = 0;
    fast.on("data", (data: Buffer) => {
      taken += data.length;
    });
    await ended(fast);
    assert.equal(taken, size);
    await server.out.until(`ConnectionDone after ${size} bytes\n`);
    slow.resetAndDestroy();
    const [, sent] = await server.out.until(/ConnectionLost after (\d+) bytes\n/);
    assert.ok(Number(sent) < size / 2, sent);
  });
});

describe("recipes with TLS", { skip: lacks("openssl"), timeout: 3 * FILE_LIMIT_MS }, () => {
  const folder = temporaryFolder({ after });
  const authority = new Authority(folder, "root");
  const { certFile, keyFile } = authority.issue("localhost");

  test("starttls-client says its name under TLS only, to a server that it trusts", async (t) => {
    const server = run(t, "starttls", ANYWHERE, certFile, keyFile);
    const endpoint = `tcp:127.0.0.1:${await portOf(server)}`;
    const client = run(t, "recipes/starttls-client", endpoint, authority.files.certFile, "Bob");
    assert.equal((await client.finished()).code, 0);
    assert.equal(client.out.text, "Hello, Bob. Nobody else heard that: TLSv1.3\n");

    const other = new Authority(folder, "stranger");
    const wary = run(t, "recipes/starttls-client", endpoint, other.files.certFile, "Bob");
    assert.equal((await wary.finished()).code, 1);
    assert.match(wary.err.text, /TlsError/);
    assert.equal(wary.out.text, "");
    await interrupt(server);
  });

  test("mutual-tls greets by the name in the certificate, and nobody who has none of ours", async (t) => {
    const ann = authority.issue("ann");
    const files = `cert=${certFile}:key=${keyFile}:clientCa=${authority.files.certFile}`;
    const server = run(t, "recipes/mutual-tls", `tls:0:interface=127.0.0.1:${files}`);
    const trusting = `tls:localhost:${await portOf(server)}:trustRoots=${authority.files.certFile}`;
    const guest = run(t, "line-client", `${trusting}:cert=${ann.certFile}:key=${ann.keyFile}`, "hello");
    assert.equal((await guest.finished()).code, 0);
    assert.equal(guest.out.text, "ann says hello\n");
    const stranger = run(t, "line-client", trusting, "hello");
    assert.equal((await stranger.finished()).code, 1);
    assert.equal(stranger.out.text, "");
    await interrupt(server);
  });

  test("starttls-client goes no further with a server that refuses", async (t) => {
    const server = run(t, "echo", ANYWHERE);
    const client = run(t, "recipes/starttls-client", `tcp:127.0.0.1:${await portOf(server)}`, certFile);
    assert.equal((await client.finished()).code, 1);
    assert.match(client.err.text, /Cannot start TLS: the server said "STARTTLS"/);
  });
});

describe("the recipe for Wireshark", { skip: lacks("tshark"), timeout: FILE_LIMIT_MS }, () => {
  test("capture writes packets that were sent again, and which of them were lost", async (t) => {
    const path = `${temporaryFolder(t)}/run.pcapng`;
    const program = run(t, "recipes/capture", path);
    assert.equal((await program.finished()).code, 0);
    assert.equal(program.out.text, `10000 bytes there and back in 560 ms of virtual time: look at ${path}\n`);
    const fields = ["frame.number", "frame.time_relative", "tcp.srcport", "tcp.seq", "frame.comment"];
    const filter = "tcp.analysis.retransmission or frame.comment";
    const columns = fields.flatMap((field) => ["-e", field]);
    const reader = start(t, "tshark", ["-r", path, "-Y", filter, "-T", "fields", ...columns]);
    assert.equal((await reader.finished()).code, 0);
    const page = readFileSync(`${ROOT}docs/recipes/capture-to-wireshark.md`, "utf8");
    const rows = reader.out.text.replaceAll(/\t$/gm, "");
    assert.match(rows, /lost: loss/);
    assert.ok(page.includes(rows), rows);
  });
});

describe("the recipe for Python", { skip: lacks(PYTHON) || lacksTwisted(), timeout: FILE_LIMIT_MS }, () => {
  test("amp-to-python is told how far Python is, and then the mean, or why there is none", async (t) => {
    const python = start(t, PYTHON, [`${ROOT}examples/recipes/amp_mean.py`, "0"]);
    const endpoint = `tcp:127.0.0.1:${await portOf(python)}`;
    for (const [numbers, answer] of [
      [["3", "4", "8"], "1 of 3\n2 of 3\n3 of 3\nmean: 5\n"],
      [[], "Python refuses: there are no numbers\n"],
    ] as const) {
      const program = run(t, "recipes/amp-to-python", endpoint, ...numbers);
      assert.equal((await program.finished()).code, 0);
      assert.equal(program.out.text, answer);
    }
  });
});

function lacksTwisted(): string | false {
  if (spawnSync(PYTHON, ["-c", "import twisted"]).status === 0) return false;
  const reason = `${PYTHON} has no Twisted; .ci/run knows the package`;
  if (process.env["CI"] !== undefined) throw new Error(`Cannot test with Python: ${reason}`);
  console.error(`!!! SKIPPED: ${reason}`);
  return reason;
}

/** A connection to a port of 127.0.0.1, as anybody's program makes it. */
async function call(t: TestContext, port: string): Promise<Socket> {
  const socket = connect(Number(port), "127.0.0.1");
  t.after(() => socket.destroy());
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return socket;
}

/** Whether the server says something, rather than hanging up. */
function isGreeted(t: TestContext, socket: Socket): Promise<boolean> {
  t.after(() => socket.destroy());
  return new Promise((resolve) => {
    socket
      .once("data", () => resolve(true))
      .once("close", () => resolve(false))
      .on("error", () => {});
  });
}

/** Waits until a connection is over, in whatever way. */
async function ended(socket: Socket): Promise<void> {
  if (socket.closed) return;
  await new Promise((resolve) => {
    socket
      .on("error", () => {})
      .on("close", resolve)
      .resume();
  });
}
