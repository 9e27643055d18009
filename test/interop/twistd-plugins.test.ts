/** The plug-ins of twistd, started as people start them, with clients that nobody here wrote. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { ANYWHERE, serving } from "../twistd/support.ts";
import { Authority } from "./support/certificates.ts";
import { freePort, temporaryFolder } from "./support/places.ts";
import { lacks, PYTHON, start } from "./support/program.ts";

/** Against hangs, on a machine that has much else to do. */
const timeout = 300_000;

describe("twistd web", { skip: lacks("curl"), timeout }, () => {
  test("serves a folder with its index, listings and fields, and notes who asked for what", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(`${folder}/home.html`, "home");
    writeFileSync(`${folder}/rope.txt`, "hemp\n".repeat(1_000));
    const words = ["--path", folder, "--index", "home.html", "--header", "X-Rope: hemp", "--log-file", `${folder}/log`];
    const { program, port } = await serving(t, ["web", "--listen", ANYWHERE, ...words]);
    const get = async (path: string, ...options: string[]): Promise<string> => {
      const curl = start(t, "curl", ["-sS", ...options, `http://127.0.0.1:${port}${path}`]);
      assert.deepEqual(await curl.finished(), { code: 0, signal: null });
      return curl.out.text;
    };
    assert.equal(await get("/"), "home");
    assert.match(await get("/rope.txt", "-D-", "--compressed"), /content-encoding: .*\r\n[\s\S]*hemp\nhemp\n/i);
    assert.match(await get("/", "-D-"), /X-Rope: hemp\r\n/);
    assert.match(await get("/nothing", "-D-"), /^HTTP\/1\.1 404 /);
    program.kill("SIGTERM");
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
    const lines = readFileSync(`${folder}/log`, "utf8").trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => /"([^"]*)" (\d+)/.exec(line)?.slice(1)),
      [
        ["GET / HTTP/1.1", "200"],
        ["GET /rope.txt HTTP/1.1", "200"],
        ["GET / HTTP/1.1", "200"],
        ["GET /nothing HTTP/1.1", "404"],
      ],
    );
  });

  test("asks other servers, over TLS, and lists folders on another port", async (t) => {
    const folder = temporaryFolder(t);
    const authority = new Authority(folder, "root");
    const { certFile, keyFile } = authority.issue("localhost");
    writeFileSync(`${folder}/rope.txt`, "hemp");
    const back = await serving(t, ["web", "--listen", ANYWHERE, "--path", folder, "--listing", "--log", "json"]);
    const tls = `tls:0:interface=127.0.0.1:cert=${certFile}:key=${keyFile}`;
    const front = await serving(t, [
      "web",
      "--listen",
      tls,
      "--listen",
      ANYWHERE,
      "--proxy",
      `http://127.0.0.1:${back.port}`,
    ]);
    const urls = [`https://localhost:${front.ports[0]}/rope.txt`, `http://127.0.0.1:${front.ports[1]}/`];
    const curl = start(t, "curl", ["-sS", "--cacert", authority.files.certFile, ...urls]);
    assert.deepEqual(await curl.finished(), { code: 0, signal: null });
    assert.match(curl.out.text, /^hemp[\s\S]*rope\.txt/);
    await back.program.err.until(/"target":"\/rope\.txt"/);
  });

  test("completes what is under way when it is told to stop", async (t) => {
    const folder = temporaryFolder(t);
    const bytes = 64 << 20;
    writeFileSync(`${folder}/big`, "");
    truncateSync(`${folder}/big`, bytes);
    const words = ["--path", folder, "--drain-timeout", "60s"];
    const { program, port } = await serving(t, ["web", "--listen", ANYWHERE, ...words]);
    const client = start(t, PYTHON, ["-uc", SLOW_READER, `http://127.0.0.1:${port}/big`]);
    await client.out.until("begun");
    program.kill("SIGTERM");
    await program.err.until("Received SIGTERM");
    client.write("go on\n");
    await client.out.until(`read ${bytes}\n`);
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
  });

  test("takes the client's true address from the proxy in front", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(`${folder}/rope.txt`, "hemp");
    const { program, port } = await serving(t, [
      "web",
      "--listen",
      "haproxy:tcp\\:0\\:interface\\=127.0.0.1",
      "--path",
      folder,
    ]);
    const curl = start(t, "curl", ["-sS", "--haproxy-protocol", `http://127.0.0.1:${port}/rope.txt`]);
    assert.deepEqual(await curl.finished(), { code: 0, signal: null });
    assert.equal(curl.out.text, "hemp");
    await program.err.until("GET /rope.txt");
  });
});

describe("twistd echo, discard, chargen, daytime, time, qotd", { skip: lacks("nc"), timeout }, () => {
  test("echo says back what nc says, by TCP and by UDP", async (t) => {
    const { ports } = await serving(t, ["echo", "--listen", ANYWHERE, "--listen", "udp:0:interface=127.0.0.1"]);
    for (const [option, port] of [
      ["-v", ports[0]],
      ["-u", ports[1]],
    ] as const) {
      const nc = start(t, "nc", [option, "127.0.0.1", String(port)]);
      nc.write("hello\n");
      await nc.out.until("hello\n");
    }
  });

  for (const [name, said, ...words] of [
    ["daytime", /^\w+day, \w+ \d+, \d{4} \d\d:\d\d:\d\d-UTC\r\n$/],
    ["time", /^[\s\S]{4}$/],
    ["qotd", /^Less is more$/, "--quote", "Less is more"],
    ["chargen", /^ !"#\$[\s\S]{9995}$/, "--max-bytes", "10000"],
  ] as const) {
    test(`${name} says what it has to say, and hangs up`, async (t) => {
      const { port } = await serving(t, [name, "--listen", ANYWHERE, ...words]);
      assert.match(await heardFrom(t, port), said);
    });
  }

  test("qotd reads its quotes from a file", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(`${folder}/quotes`, "%\nOne line\nand two\n%\n");
    const { port } = await serving(t, ["qotd", "--listen", ANYWHERE, "--file", `${folder}/quotes`]);
    assert.equal(await heardFrom(t, port), "One line\r\nand two\r\n");
  });

  test("discard takes everything, says nothing, and closes after silence", async (t) => {
    const { port } = await serving(t, ["discard", "--listen", ANYWHERE, "--idle-timeout", "1s"]);
    assert.equal(await heardFrom(t, port, "hello\n"), "");
  });
});

describe("twistd portforward", { skip: lacks("socat", "nc", "curl"), timeout }, () => {
  test("passes a megabyte there and back through socat, and the end of it", async (t) => {
    const folder = temporaryFolder(t);
    const bytes = randomBytes(1_000_000);
    writeFileSync(`${folder}/data`, bytes);
    const echo = await serving(t, ["echo", "--listen", ANYWHERE]);
    const words = ["portforward", "--listen", ANYWHERE, "--connect", `tcp:127.0.0.1:${echo.port}`];
    const { port } = await serving(t, words);
    const socat = start(t, "socat", ["-t30", `OPEN:${folder}/data!!STDOUT`, `TCP:127.0.0.1:${port}`]);
    assert.deepEqual(await socat.finished(), { code: 0, signal: null });
    assert.ok(Buffer.from(socat.out.text, "latin1").equals(bytes));
  });

  test("goes from TCP to a UNIX socket, and a program behind it, one after the other", async (t) => {
    const folder = temporaryFolder(t);
    const inner = ["portforward", "--listen", `unix:${folder}/s`, "--connect", "process:tr a-z A-Z"];
    await serving(t, inner);
    const { port } = await serving(t, ["portforward", "--listen", ANYWHERE, "--connect", `unix:${folder}/s`]);
    const nc = start(t, "nc", ["-N", "127.0.0.1", String(port)]);
    nc.write("hello\n");
    nc.endInput();
    await nc.finished();
    assert.equal(nc.out.text, "HELLO\n");
  });

  test("resets a client whose other side refuses, says so in one line, and serves the next", async (t) => {
    const nobody = await freePort();
    const words = ["portforward", "--listen", ANYWHERE, "--connect", `tcp:127.0.0.1:${nobody}`];
    const { program, port } = await serving(t, words);
    const curl = start(t, "curl", ["-sS", `http://127.0.0.1:${port}/`]);
    await curl.finished();
    assert.match(curl.err.text, /Connection reset by peer/);
    await program.err.until(new RegExp(`cannot reach tcp:127\\.0\\.0\\.1:${nobody}: .*ECONNREFUSED`));
    const server = createServer((socket) => socket.end("welcome"));
    await new Promise<void>((resolve) => server.listen(nobody, "127.0.0.1", resolve));
    t.after(() => server.close());
    assert.equal(await heardFrom(t, port), "welcome");
  });

  test("a client's reset is a reset on the other side", async (t) => {
    const witness = start(t, PYTHON, ["-uc", WITNESS]);
    const [, target] = await witness.out.until(/port (\d+)/);
    const { port } = await serving(t, ["portforward", "--listen", ANYWHERE, "--connect", `tcp:127.0.0.1:${target}`]);
    await start(t, PYTHON, ["-uc", RESETTER, String(port)]).finished();
    await witness.out.until("ConnectionResetError");
  });

  test("refuses connections beyond the limit", async (t) => {
    const echo = await serving(t, ["echo", "--listen", ANYWHERE]);
    const connect = `tcp:127.0.0.1:${echo.port}`;
    const { program, port } = await serving(t, [
      "portforward",
      "--listen",
      ANYWHERE,
      "--connect",
      connect,
      "--max-connections",
      "1",
    ]);
    const first = start(t, "nc", ["127.0.0.1", String(port)]);
    first.write("hello\n");
    await first.out.until("hello");
    assert.equal(await heardFrom(t, port, "hello\n"), "");
    await program.err.until("1 connections are open");
    first.write("still here\n");
    await first.out.until("still here");
  });

  test("holds a sender up whose receiver is stuck: what is under way is bounded, and arrives in the end", async (t) => {
    const stuck = start(t, PYTHON, ["-uc", STUCK_RECEIVER]);
    const [, target] = await stuck.out.until(/port (\d+)/);
    const { port } = await serving(t, ["portforward", "--listen", ANYWHERE, "--connect", `tcp:127.0.0.1:${target}`]);
    const sender = start(t, PYTHON, ["-uc", SENDER, String(port), String(TOTAL_BYTES)]);
    const [, sent] = await sender.out.until(/stuck after (\d+)/);
    // The kernel's four buffers hold some megabytes each; what is more would be in memory of the forwarder.
    assert.ok(Number(sent) < TOTAL_BYTES / 4, `${sent} bytes were taken from the sender`);
    stuck.write("go on\n");
    await stuck.out.until(`received ${TOTAL_BYTES}`);
    assert.deepEqual(await sender.finished(), { code: 0, signal: null });
  });
});

describe("twistd socks", { skip: lacks("curl"), timeout }, () => {
  test("lets curl through that logs in and asks for what the rules allow", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(`${folder}/page`, "a page");
    const web = await serving(t, ["web", "--listen", ANYWHERE, "--path", folder]);
    const words = ["--login", "ann:secret", "--allow", `localhost:${web.port}`];
    const proxy = await serving(t, ["socks", "--listen", ANYWHERE, ...words]);
    const ask = async (user: string, host: string): Promise<number | null> => {
      const options = ["-sS", "--socks5-hostname", `127.0.0.1:${proxy.port}`, "--proxy-user", user];
      const curl = start(t, "curl", [...options, `http://${host}/page`]);
      const { code } = await curl.finished();
      assert.equal(curl.out.text, code === 0 ? "a page" : "");
      return code;
    };
    assert.equal(await ask("ann:secret", `localhost:${web.port}`), 0);
    assert.equal(await ask("ann:other", `localhost:${web.port}`), 97);
    assert.equal(await ask("ann:secret", `127.0.0.1:${web.port}`), 97);
    assert.equal(await ask("ann:secret", `localhost:${proxy.port}`), 97);
  });

  test("warns of a port that lets everybody in, and not of one that does not", async (t) => {
    const open = await serving(t, ["socks", "--listen", "tcp:0"]);
    assert.match(open.program.err.text, /Anybody who reaches tcp:0 can use this proxy/);
    const shut = await serving(t, ["socks", "--listen", ANYWHERE, "--listen", "tcp:0:interface=\\:\\:1"]);
    assert.doesNotMatch(shut.program.err.text, /Anybody/);
  });
});

describe("twistd chat", { skip: lacks("nc"), timeout }, () => {
  test("lets people talk, and says goodbye to them all at the end", async (t) => {
    const { program, port } = await serving(t, ["chat", "--listen", ANYWHERE, "--banner", "Mind the ropes"]);
    const [ann, bob] = ["Ann", "Bob"].map(() => start(t, "nc", ["127.0.0.1", String(port)]));
    assert.ok(ann && bob);
    ann.write("Ann\n");
    await ann.out.until(/^Mind the ropes\r\nWelcome[\s\S]*Hello, Ann\./);
    bob.write("Bob\n");
    await ann.out.until("* Bob came");
    bob.write("hello\n");
    await ann.out.until("<Bob> hello");
    program.kill("SIGTERM");
    for (const person of [ann, bob]) await person.out.until("The room closes. Goodbye!");
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
  });
});

describe("twistd finger", { skip: lacks("nc"), timeout }, () => {
  test("says what it was told of people, and what is in their files", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(`${folder}/bob`, "Writing protocols\n");
    writeFileSync(`${folder}/.secret`, "not for you\n");
    const words = ["--user", "ann=Out for lunch", "--plans", folder];
    const { port } = await serving(t, ["finger", "--listen", ANYWHERE, ...words]);
    const ask = async (query: string): Promise<string> => (await heardFrom(t, port, `${query}\r\n`)).trimEnd();
    assert.equal(await ask("ann"), "Out for lunch");
    assert.equal(await ask("bob"), "Writing protocols");
    assert.equal(await ask(""), "ann\r\nbob");
    for (const nobody of ["eve", ".secret", "../bob", "bob/../bob"]) assert.equal(await ask(nobody), "No such user");
  });

  test("answers Debian's finger", {
    skip: lacks("finger") || (process.getuid?.() !== 0 && "port 79 is root's"),
  }, async (t) => {
    await serving(t, ["finger", "--listen", "tcp:79:interface=127.0.0.79", "--user", "ann=Out for lunch"]);
    const finger = start(t, "finger", ["ann@127.0.0.79"]);
    await finger.out.until("Out for lunch");
  });
});

/** What nc hears until the other side hangs up; it says something first, and leaves its own side open. */
async function heardFrom(t: TestContext, port: number, said = ""): Promise<string> {
  const nc = start(t, "nc", ["127.0.0.1", String(port)]);
  nc.write(said);
  nc.endInput();
  await nc.finished();
  return nc.out.text;
}

const TOTAL_BYTES = 128 << 20;

/** Asks for a page, and reads it when it is told to. */
const SLOW_READER = `
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1]) as answer:
    print("begun")
    sys.stdin.readline()
    print("read", len(answer.read()))
`;

/** Reads nothing until it is told to; says how much there was. */
const STUCK_RECEIVER = `
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print("port", server.getsockname()[1])
peer, _ = server.accept()
sys.stdin.readline()
total = 0
while data := peer.recv(1 << 20):
    total += len(data)
print("received", total)
`;

/** Sends so many bytes; says when it got stuck: nothing was taken for a second, many times longer than a free way takes. */
const SENDER = `
import select, socket, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
total, sent, chunk, was_stuck = int(sys.argv[2]), 0, bytes(1 << 16), False
peer.setblocking(False)
while sent < total:
    if not was_stuck and not select.select([], [peer], [], 1)[1]:
        was_stuck = True
        print("stuck after", sent)
    select.select([], [peer], [])
    sent += peer.send(chunk[: total - sent])
peer.close()
`;

/** Says hello to a client, and tells how its connection ended. */
const WITNESS = `
import socket
server = socket.create_server(("127.0.0.1", 0))
print("port", server.getsockname()[1])
peer, _ = server.accept()
peer.sendall(b"hello\\n")
try:
    print("received", peer.recv(1))
except OSError as error:
    print(type(error).__name__)
`;

/** Shows the first line that it gets, and resets the connection. */
const RESETTER = `
import socket, struct, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print(peer.makefile().readline())
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
peer.close()
`;
