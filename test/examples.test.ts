/** Each program of examples/ does what its first line says, run as a user runs it. (What the chat and the lease promise is tested beside them.) */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createWebServer } from "node:http";
import { connect as connectPlain, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { quoteArgument } from "ropewalk/endpoints";
import { type HeardEvent, readEvents } from "ropewalk/web";
import { ROOT } from "../tools/tree.ts";
import { interrupt, portOf, run, said } from "./docs/running.ts";
import { Authority } from "./interop/support/certificates.ts";
import { freePort, temporaryFolder } from "./interop/support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program } from "./interop/support/program.ts";
import { listeningPort } from "./twistd/support.ts";

const ANYWHERE = "tcp:0:interface=127.0.0.1";
const LONGEST = 40;
/** What docs/finger/ promises. */
const LONGEST_OF_FINGER = 80;
/** Of programs that have a folder and tests of their own. */
const LONGEST_OF_SEVERAL = 200;
/** The last two are what is shown to be mounted. */
const MAY_IMPORT = /^(ropewalk(\/\w+)?|node:[\w/]+|\.\.?\/([\w-]+\/)?[\w.-]+\.ts|hono|express)$/;
/** Several times what all buffers on the way hold. */
const TOO_MUCH = 64 << 20;

describe("the examples", { timeout: 9 * FILE_LIMIT_MS }, () => {
  for (const name of readdirSync(`${ROOT}examples`, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    test(`${name} is short and uses the public API only`, () => {
      const text = readFileSync(`${ROOT}examples/${name}`, "utf8");
      const isOneOfSeveral = /^(chat|lease)\W/.test(name);
      const longest = isOneOfSeveral ? LONGEST_OF_SEVERAL : name.startsWith("finger") ? LONGEST_OF_FINGER : LONGEST;
      assert.ok(text.split("\n").length <= longest);
      for (const [, from = ""] of text.matchAll(/ from "([^"]+)"/g)) assert.match(from, MAY_IMPORT);
    });
  }

  test("echo says back what it hears, to a line client that prints it and ends with status 0", async (t) => {
    const server = run(t, "echo", ANYWHERE);
    const client = run(t, "line-client", `tcp:127.0.0.1:${await portOf(server)}`, "good morning");
    assert.equal((await client.finished()).code, 0);
    assert.equal(client.out.text, "good morning\n");
    await interrupt(server);
  });

  test("echo takes no more than it can send from a peer that does not read", async (t) => {
    const socket = connectPlain(Number(await portOf(run(t, "echo", ANYWHERE))), "127.0.0.1");
    t.after(() => socket.destroy());
    socket.on("error", () => {});
    const chunk = Buffer.alloc(65_536, "x");
    let sent = 0;
    while (sent < TOO_MUCH && (socket.write(chunk) || (await drained(socket)))) sent += chunk.length;
    assert.ok(sent < TOO_MUCH);
  });

  test("line-client says why it got no answer, and ends with status 1", async (t) => {
    const client = run(t, "line-client", `tcp:127.0.0.1:${await freePort()}`);
    assert.equal((await client.finished()).code, 1);
    assert.match(client.err.text, /ECONNREFUSED/);
  });

  test("line-client leaves at once on SIGINT, though nobody answers", async (t) => {
    const server = createServer();
    t.after(() => server.close());
    const port = await freePort();
    const called = new Promise<Socket>((resolve) => server.listen(port, "127.0.0.1").once("connection", resolve));
    const client = run(t, "line-client", `tcp:127.0.0.1:${port}`, "anybody there?");
    const socket = await called;
    await said(t, socket, "anybody there?\r\n");
    client.kill("SIGINT");
    assert.equal((await client.finished()).code, 130);
  });

  test("fetch-page prints a page, and ends with status 1 where there is none", async (t) => {
    const server = createWebServer((request, response) => {
      response.writeHead(request.url === "/" ? 200 : 404).end("hemp\n".repeat(100_000));
    });
    t.after(() => server.close());
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const found = run(t, "fetch-page", `http://127.0.0.1:${port}/`);
    assert.equal((await found.finished()).code, 0);
    assert.equal(found.out.text, "hemp\n".repeat(100_000));
    const lost = run(t, "fetch-page", `http://127.0.0.1:${port}/lost`);
    assert.equal((await lost.finished()).code, 1);
    assert.match(lost.err.text, /the server answered 404 Not Found/);
  });

  test("retrying-client connects again after a loss and a refusal, and leaves on SIGINT", async (t) => {
    const port = await freePort();
    const client = run(t, "retrying-client", `tcp:127.0.0.1:${port}`);
    for (const round of ["first", "second"]) {
      const server = createServer((socket) => {
        socket.on("error", () => {}).write(`${round}\n`);
        socket.once("data", () => setImmediate(() => socket.end()));
        server.close();
      });
      server.listen(port, "127.0.0.1");
      await client.out.until(new RegExp(`heard: ${round}\n(.*\n)*lost: ConnectionDone`));
    }
    await interrupt(client);
  });

  test("amp/sum adds and divides for amp/ask, and says what cannot be divided", async (t) => {
    const server = run(t, "amp/sum", "--listen", ANYWHERE);
    const peer = `tcp:127.0.0.1:${await listeningPort(server)}`;
    for (const [words, answer] of [
      [["13", "81"], "13 + 81 = 94\n13 / 81 = 0.16049382716049382\n"],
      [["1", "0"], "1 + 0 = 1\n1 / 0: division by zero\n"],
    ] as const) {
      const client = run(t, "amp/ask", peer, ...words);
      assert.equal((await client.finished()).code, 0);
      assert.equal(client.out.text, answer);
    }
    await interrupt(server);
  });

  test("lease/main leads, as soon as two of three nodes are there", async (t) => {
    const nodes = [await freePort(), await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
    const [one, other] = [nodes, nodes.toReversed()].map((names) => run(t, "lease/main", ...names)) as [
      Program,
      Program,
    ];
    await Promise.any([one, other].map(({ err }) => err.until("Leads")));
    await interrupt(one);
    await interrupt(other);
  });

  test("chat/stay hears and says what is told in a room that remembers, and leaves when its input ends", async (t) => {
    const server = run(t, "chat/main", "--listen", ANYWHERE, "--remember");
    const [, port = ""] = await server.err.until(/Listening on 127\.0\.0\.1:(\d+)/);
    const ann = run(t, "chat/stay", `tcp:127.0.0.1:${port}`, "Ann");
    const bob = run(t, "chat/stay", `tcp:127.0.0.1:${port}`, "Bob");
    // Whoever hears of the other one is in.
    const first = [ann, bob].map((one) => one.out.until(/came\n/).then(() => one));
    (await Promise.any(first)).write("hello\n");
    for (const { out } of [ann, bob]) await out.until(/<(Ann|Bob)> hello\n/);
    ann.endInput();
    assert.equal((await ann.finished()).code, 0);
    await interrupt(bob);
    await interrupt(server);
  });

  test("udp-echo sends each datagram back", async (t) => {
    const port = Number(await portOf(run(t, "udp-echo", "127.0.0.1", "0")));
    const socket = createSocket("udp4");
    t.after(() => socket.close());
    const heard = new Promise<string>((resolve) => socket.once("message", (data) => resolve(data.toString())));
    socket.send("hello", port, "127.0.0.1");
    assert.equal(await heard, "hello");
  });

  test("log-collector prints messages by UDP and TCP, each as one line", async (t) => {
    const program = run(t, "log-collector", "127.0.0.1", "0");
    const port = Number(await portOf(program));
    const socket = createSocket("udp4");
    t.after(() => socket.close());
    socket.send("<12>app: one\ntwo", port, "127.0.0.1");
    await program.out.until(/^127\.0\.0\.1:\d+ app warning: one\\ntwo$/m);
    const stream = connectPlain(port, "127.0.0.1");
    t.after(() => stream.destroy());
    stream.write("25 <13>1 - - app - - - three");
    await program.out.until(/^127\.0\.0\.1:\d+ app notice: three$/m);
    await interrupt(program);
  });

  test("serve-folder shows what is in a folder, packed for who can unpack it, and logs who asked", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(`${folder}/knots.txt`, "bowline\n".repeat(1_000));
    const program = run(t, "serve-folder", folder, ANYWHERE);
    const url = `http://127.0.0.1:${await portOf(program)}/`;
    assert.match(await (await fetch(url)).text(), /href="\.\/knots\.txt"/);
    const file = await fetch(`${url}knots.txt`, { headers: { "Accept-Encoding": "gzip" } });
    assert.equal(file.headers.get("content-encoding"), "gzip");
    assert.equal((await file.text()).length, 8_000);
    await program.err.until(/GET \/knots\.txt/);
    await interrupt(program);
  });

  test("who-is-there answers about a user, and greets a guest whom nobody can name", async (t) => {
    const server = run(t, "who-is-there", ANYWHERE, String(await freePort()));
    const socket = connectPlain(Number(await portOf(server)), "127.0.0.1");
    socket.write("ann\r\n");
    await said(t, socket, "Dear somebody\r\nOut for lunch\r\n");
    await interrupt(server);
  });

  test("wire-services echo, tell the time and make characters", async (t) => {
    const server = run(t, "wire-services", "127.0.0.1", "0");
    await server.out.until(/(Listening on 127\.0\.0\.1:\d+\n){3}/);
    const [echo, daytime, chargen] = [...server.out.text.matchAll(/:(\d+)\n/g)].map(([, port]) => Number(port));
    const socket = connectPlain(Number(echo), "127.0.0.1");
    socket.write("hello");
    await said(t, socket, "hello");
    await said(t, connectPlain(Number(daytime), "127.0.0.1"), "-UTC\r\n");
    const datagrams = createSocket("udp4");
    t.after(() => datagrams.close());
    const heard = new Promise<string>((resolve) => datagrams.once("message", (data) => resolve(data.toString())));
    datagrams.send("hello", Number(chargen), "127.0.0.1");
    assert.equal(await heard, '!"#$%');
    await interrupt(server);
  });

  test("proxied-peer says whom the proxy speaks for", async (t) => {
    const port = Number(await portOf(run(t, "proxied-peer", `haproxy:${ANYWHERE}`)));
    const socket = connectPlain(port, "127.0.0.1");
    socket.write("PROXY TCP4 203.0.113.7 198.51.100.1 50000 80\r\n");
    await said(t, socket, "You are 203.0.113.7:50000, and came by a proxy that speaks version 1\r\n");
  });

  test("socks-proxy wants the login it is given, says what it is asked, and carries the connection", async (t) => {
    const target = Number(await portOf(run(t, "echo", ANYWHERE)));
    const proxy = run(t, "socks-proxy", ANYWHERE, "ann", "secret");
    const socket = connectPlain(Number(await portOf(proxy)), "127.0.0.1");
    socket.write(`\x05\x01\x02\x01\x03ann\x06secret\x05\x01\0\x03\x09127.0.0.1`);
    socket.write(Buffer.from([target >> 8, target & 255]));
    socket.write("hello");
    await said(t, socket, "hello");
    await proxy.out.until(`ann asks: connect 127.0.0.1 ${target}\n`);
  });

  test("reverse-proxy passes requests on by turns, gets along without a server that is gone, and tells so", async (t) => {
    const [one, two] = await Promise.all(["one", "two"].map((name) => page(t, name)));
    const gone = `http://127.0.0.1:${await freePort()}`;
    const proxy = run(t, "reverse-proxy", ANYWHERE, one as string, gone, two as string);
    const url = `http://127.0.0.1:${await portOf(proxy)}`;
    const heard = new Set<string>();
    for (let n = 0; n < 12; n++) heard.add(await (await fetch(`${url}/${n}`)).text());
    assert.deepEqual([...heard].sort(), ["one", "two"]);
    const health = (await (await fetch(`${url}/health`)).json()) as { url: string; isUp: boolean }[];
    assert.deepEqual(
      health.map(({ isUp }) => isUp),
      [true, false, true],
    );
    await proxy.out.until(/GET \/11 200 \d+ ms\n/);
    await interrupt(proxy);
  });

  test("memcache works out once what the next run finds in the cache", async (t) => {
    const alone = run(t, "memcache");
    assert.equal((await alone.finished()).code, 0);
    assert.equal(alone.out.text, "run 1\nworked out: 2 3 5 7 11\ncached: 2 3 5 7 11\n");
  });

  test("child-process sorts", async (t) => {
    const program = run(t, "child-process", "pear", "apple", "fig");
    assert.equal((await program.finished()).code, 0);
    assert.equal(program.out.text, "apple fig pear\n");
  });

  test("cpu-work counts primes, and the loop is free meanwhile", async (t) => {
    const program = run(t, "cpu-work", "1000000");
    assert.equal((await program.finished()).code, 0);
    const [, ticks] = await program.out.until(
      /^78498 primes below 1000000; meanwhile the loop was free (\d+) times\n$/,
    );
    assert.ok(Number(ticks) >= 2);
  });

  test("web-tree shows and takes knots, and logs it", async (t) => {
    const server = run(t, "web-tree", ANYWHERE);
    const url = `http://127.0.0.1:${await portOf(server)}/knots`;
    assert.match(await (await fetch(`${url}/bowline`)).text(), /<h1>bowline<\/h1>/);
    const body = new URLSearchParams({ name: "<hitch>", use: "for <poles>" });
    const made = await fetch(url, { method: "POST", body });
    assert.deepEqual(
      [made.url, (await made.text()).endsWith("<h1>&lt;hitch&gt;</h1><p>for &lt;poles&gt;")],
      [`${url}/%3Chitch%3E`, true],
    );
    assert.equal((await fetch(url, { method: "POST", body: "no form" })).status, 415);
    assert.deepEqual(await (await fetch(url)).json(), {
      bowline: "a loop that does not slip",
      "<hitch>": "for <poles>",
    });
    assert.equal((await fetch(`${url}/bowline`, { method: "DELETE" })).status, 405);
    assert.equal((await fetch(`${url}/granny`)).status, 404);
    await server.out.until(
      /"DELETE \/knots\/bowline HTTP\/1\.1" 405 [^\n]*\n(.*\n)*.*"GET \/knots\/granny HTTP\/1\.1" 404 /,
    );
    await interrupt(server);
  });

  test("web-upload says the digests of files, and of one of 20 MB", async (t) => {
    const server = run(t, "web-upload", ANYWHERE);
    const url = `http://127.0.0.1:${await portOf(server)}/`;
    assert.match(await (await fetch(url)).text(), /<form method="post"/);
    const body = new FormData();
    body.append("file", new Blob(["knot"]), "../a knot");
    body.append("file", new Blob([new Uint8Array(20_000_000)]), "zeros");
    const digests = [createHash("sha256").update("knot"), createHash("sha256").update(new Uint8Array(20_000_000))];
    const [knot = "", zeros = ""] = digests.map((hash) => hash.digest("hex"));
    assert.equal(await (await fetch(url, { method: "POST", body })).text(), `${knot}  a knot\n${zeros}  zeros\n`);
    await interrupt(server);
  });

  test("web-events sends news to who listens, and to who comes again", async (t) => {
    const server = run(t, "web-events", ANYWHERE);
    const url = `http://127.0.0.1:${await portOf(server)}/news`;
    const events = readEvents(await fetch(url));
    for (const tide of ["high", "low"]) {
      assert.equal(await (await fetch(url, { method: "POST", body: tide })).text(), "1 listen\n");
      assert.equal(((await events.next()).value as HeardEvent).data, tide);
    }
    const again = readEvents(await fetch(url, { headers: { "Last-Event-ID": "1" } }));
    assert.deepEqual((await again.next()).value, { event: "tide", data: "low", id: "2" });
    await events.return();
    await again.return();
    await interrupt(server);
  });

  test("password-line makes the line by which web-guarded lets its user in, and nobody else", async (t) => {
    const file = join(temporaryFolder(t), "users");
    const maker = run(t, "password-line", "ann");
    maker.write("correct horse\n");
    maker.endInput();
    assert.equal((await maker.finished()).code, 0);
    assert.match(maker.out.text, /^ann:\$scrypt\$ln=14,r=8,p=5\$[\w+/]{22}\$[\w+/]{43}\n$/);
    writeFileSync(file, maker.out.text);

    const server = run(t, "web-guarded", ANYWHERE, file);
    const url = `http://127.0.0.1:${await portOf(server)}/store`;
    const asked = async (login: string): Promise<string> => {
      const answer = await fetch(url, { headers: { Authorization: `Basic ${btoa(login)}`, Connection: "close" } });
      return `${answer.status} ${await answer.text()}`;
    };
    assert.equal(await asked("ann:correct horse"), "200 hello ann, this is /store\n");
    assert.match(await asked("ann:wrong"), /^401 /);
    await interrupt(server);
  });

  test("password-line wants a name, and a password", async (t) => {
    const nameless = run(t, "password-line", "a:b");
    assert.equal((await nameless.finished()).code, 1);
    assert.match(nameless.err.text, /Give a name without colons/);
    const silent = run(t, "password-line", "ann");
    silent.endInput();
    assert.equal((await silent.finished()).code, 1);
    assert.equal(silent.out.text, "");
  });
});

describe("the examples with TLS", { skip: lacks("openssl"), timeout: FILE_LIMIT_MS }, () => {
  const folder = temporaryFolder({ after });
  const authority = new Authority(folder, "root");
  const ca = authority.files.cert;

  test("tls-sni shows each name its own certificate", async (t) => {
    for (const name of ["one.test", "two.test"]) authority.issue(name);
    const server = run(t, "tls-sni", `tls:0:interface=127.0.0.1:sni=${quoteArgument(folder)}`);
    const port = Number(await portOf(server));
    for (const servername of ["one.test", "two.test"]) {
      const socket = connectTls({ port, host: "127.0.0.1", servername, ca });
      await said(t, socket, `This is ${servername}, over TLSv1.3\r\n`);
    }
    await interrupt(server);
  });

  test("starttls wants TLS first, and speaks it from then on", async (t) => {
    const { certFile, keyFile } = authority.issue("localhost");
    const server = run(t, "starttls", ANYWHERE, certFile, keyFile);
    const plain = connectPlain(Number(await portOf(server)), "127.0.0.1");
    plain.write("Ann\n");
    await said(t, plain, "Say STARTTLS first\r\n");
    plain.write("STARTTLS\n");
    await said(t, plain, "Go ahead\r\n");
    const secured = connectTls({ socket: plain, servername: "localhost", ca });
    secured.write("Ann\n");
    await said(t, secured, "Hello, Ann. Nobody else heard that: TLSv1.3\r\n");
    await interrupt(server);
  });
});

/** The URL of a web server that says its name. */
async function page(t: TestContext, name: string): Promise<string> {
  const server = createWebServer((_, response) => response.end(name));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`;
}

/** Whether the peer takes what was written after all. */
function drained(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), 300);
    socket.once("drain", () => {
      clearTimeout(late);
      resolve(true);
    });
  });
}
