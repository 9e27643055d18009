/** The proxies with programs that nobody here wrote: curl, nginx, haproxy, ws, openssl's TLS. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { connect } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import {
  type ForwardProxyOptions,
  forwardProxy,
  type Responder,
  type ReverseProxyOptions,
  reverseProxy,
  serve as serveWeb,
} from "ropewalk/web";
import { WebSocket, WebSocketServer } from "ws";
import { Authority } from "./support/certificates.ts";
import { EchoGuest, Guest, reactor, serve, serveTcp, tcpPortOf, visitor } from "./support/guest.ts";
import { freePort, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks } from "./support/program.ts";
import { haproxyOf, nginxOf, startWeb, type Told, watchedApp } from "./support/web-app.ts";

describe("our reverse proxy", { timeout: FILE_LIMIT_MS }, () => {
  test("before nginx: pages, ranges, HEAD and 304 come as nginx gives them", {
    skip: lacks("nginx", "curl"),
  }, async (t) => {
    const port = await freePort();
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "rope.txt"), "hemp, jute, sisal, manila");
    await nginxOf(
      t,
      `server { listen 127.0.0.1:${port}; root ${folder};
        location /page { return 200 "a page for $host by $http_x_forwarded_for\\n"; } }`,
    );
    const url = await reversed(t, `http://127.0.0.1:${port}`);
    assert.equal(await curl(t, ["-H", "Host: rope.example", `${url}/page`]), "a page for rope.example by 127.0.0.1\n");
    const whole = await curl(t, [`${url}/rope.txt`]);
    assert.equal(await curl(t, ["-r", "5-14", `${url}/rope.txt`]), whole.slice(5, 15));
    const head = await curl(t, ["-I", `${url}/rope.txt`]);
    assert.match(head, new RegExp(`^Content-Length: ${whole.length}\r$`, "im"));
    const etag = /^ETag: (.*)\r$/im.exec(head)?.[1] ?? "";
    const args = ["-H", `If-None-Match: ${etag}`, "-w", "%{http_code}", `${url}/rope.txt`];
    assert.equal(await curl(t, args), "304");
  });

  test("before node:http: curl uploads with 100 Continue, which the server behind says", {
    skip: lacks("curl"),
  }, async (t) => {
    let continued = 0;
    const server = createServer((request, response) => {
      const hash = createHash("sha256");
      request.on("data", (part) => hash.update(part)).on("end", () => response.end(hash.digest("hex")));
    });
    server.on("checkContinue", (request, response) => {
      continued += 1;
      response.writeContinue();
      server.emit("request", request, response);
    });
    const url = await reversed(t, `http://127.0.0.1:${await listening(t, server)}`);
    const data = randomBytes(3_000_000);
    const args = ["-q", "-sS", "--expect100-timeout", "60", "-H", "Expect: 100-continue", "-T", "-", `${url}/`];
    const program = startWeb(t, "curl", args);
    program.write(data);
    program.endInput();
    assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
    assert.equal(program.out.text, createHash("sha256").update(data).digest("hex"));
    assert.equal(continued, 1);
  });

  test("between haproxy and nginx: one connection behind serves many requests", {
    skip: lacks("haproxy", "nginx"),
  }, async (t) => {
    const { port: back, host } = await watchedApp(t);
    const nginx = await freePort();
    await nginxOf(
      t,
      `upstream ours { server 127.0.0.1:${back}; keepalive 4; }
       server { listen 127.0.0.1:${nginx}; location / { proxy_pass http://ours; proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
    );
    const ours = new URL(await reversed(t, `http://127.0.0.1:${nginx}`)).port;
    const front = await freePort();
    await haproxyOf(t, `listen front\n bind 127.0.0.1:${front}\n server ours 127.0.0.1:${ours}\n`);
    for (let n = 0; n < 10; n++) {
      const answer = await fetch(`http://127.0.0.1:${front}/echo`, { method: "POST", body: `rope ${n}` });
      assert.equal(((await answer.json()) as Told).body, `rope ${n}`);
    }
    assert.ok(host.count <= 2, `${host.count} connections`);
  });

  test("before ws: a WebSocket goes through, both ways, and its close", async (t) => {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    t.after(() => sockets.close());
    sockets.on("connection", (socket) => {
      socket.send("welcome");
      socket.on("message", (message) => socket.send(message));
    });
    const url = await reversed(t, `http://127.0.0.1:${await listening(t, server)}`);
    const socket = new WebSocket(`${url.replace("http", "ws")}/chat`);
    t.after(() => socket.terminate());
    const heard: Buffer[] = [];
    const closed = new Promise<number>((resolve) => socket.on("close", resolve));
    const big = randomBytes(3_000_000);
    socket.on("open", () => socket.send(big));
    socket.on("message", (message) => {
      heard.push(message as Buffer);
      if (heard.length === 2) socket.close(4_001);
    });
    assert.equal(await closed, 4_001);
    assert.equal(heard[0]?.toString(), "welcome");
    assert.equal(heard[1]?.compare(big), 0);
  });

  test("before https: the server behind is verified", { skip: lacks("curl") }, async (t) => {
    const authority = new Authority(temporaryFolder(t), "root");
    const { cert, key } = authority.issue("localhost");
    const server = createTlsServer({ cert, key }, (_, response) => response.end("a secret page"));
    const port = await listening(t, server);
    const trusting = await reversed(t, `https://localhost:${port}`, { tls: { trustRoots: [authority.files.cert] } });
    assert.equal(await curl(t, [trusting]), "a secret page");
    const wary = await reversed(t, `https://localhost:${port}`);
    assert.equal(await curl(t, ["-o", "/dev/null", "-w", "%{http_code}", wary]), "502");
  });
});

describe("curl through our forward proxy", { skip: lacks("curl"), timeout: FILE_LIMIT_MS }, () => {
  test("-x gets http pages by URL", async (t) => {
    const { port } = await watchedApp(t);
    const proxy = await forwarding(t);
    const page: Told = JSON.parse(await curl(t, ["-x", proxy, "-d", "rope", `http://127.0.0.1:${port}/echo?a=b`]));
    assert.deepEqual([page.method, page.body, page.headers["proxy-connection"]], ["POST", "rope", undefined]);
    assert.match(page.headers["via"] ?? "", /^1\.1 ropewalk-/);
    assert.equal((await curl(t, ["-x", proxy, `http://127.0.0.1:${port}/parts?count=300&bytes=1000`])).length, 300_000);
  });

  test("-x gets https pages by CONNECT, end to end", async (t) => {
    const folder = temporaryFolder(t);
    const authority = new Authority(folder, "root");
    const { cert, key } = authority.issue("localhost");
    const body = randomBytes(1_000_000).toString("hex");
    const port = await listening(
      t,
      createTlsServer({ cert, key }, (_, response) => response.end(body)),
    );
    const proxy = await forwarding(t, { tunnelPorts: [port] });
    assert.equal(await curl(t, ["-x", proxy, "--cacert", `${folder}/root.crt`, `https://localhost:${port}/`]), body);
  });

  test("--proxytunnel, --proxy-user and refusals are understood", async (t) => {
    const { port } = await watchedApp(t);
    const authenticate = ({ username, password }: { username: string; password: string }) =>
      `${username}:${password}` === "ann:secret";
    const proxy = await forwarding(t, { authenticate, tunnelPorts: [port] });
    const args = [
      "-x",
      proxy,
      "-o",
      "/dev/null",
      "-w",
      "%{http_code} %{http_connect}",
      `http://127.0.0.1:${port}/hello`,
    ];
    assert.equal(await curl(t, ["--proxy-user", "ann:secret", ...args]), "200 000");
    assert.equal(await curl(t, ["--proxy-user", "ann:other", ...args]), "407 000");
    assert.equal(await curl(t, ["--proxy-user", "ann:secret", "--proxytunnel", ...args]), "200 200");
    const refused = startWeb(t, "curl", [
      "-q",
      "-sS",
      "--noproxy",
      "",
      "--proxytunnel",
      ...args.slice(0, 2),
      `http://127.0.0.1:${port}/`,
    ]);
    assert.equal((await refused.finished()).code, 56);
    assert.match(refused.err.text, /response 407/);
  });

  test("this machine is not reached unless that is allowed", async (t) => {
    const { port } = await watchedApp(t);
    const proxy = await forwarding(t, { allowAddress: undefined });
    for (const host of ["127.0.0.1", "localhost", "0", "[::ffff:127.0.0.1]", "127.1", "2130706433"]) {
      const args = ["-g", "-x", proxy, "-o", "/dev/null", "-w", "%{http_code}", `http://${host}:${port}/hello`];
      assert.match(await curl(t, args), /^(403|400)$/, host);
    }
  });
});

describe("http-connect: through", { timeout: FILE_LIMIT_MS }, () => {
  test("our own proxy reaches a server, with a login", async (t) => {
    const { port } = await serveTcp(t, () => new EchoGuest());
    const authenticate = ({ password }: { password: string }) => password === "secret";
    const proxy = new URL(await forwarding(t, { authenticate, tunnelPorts: [port] })).port;
    const inner = quoteArgument(`tcp:127.0.0.1:${port}`);
    const endpoint = `http-connect:127.0.0.1:${proxy}:endpoint=${inner}:username=ann:password=secret`;
    const guest = await connect(
      reactor,
      endpoint,
      visitor(t, () => new Guest()),
    );
    guest.transport.write("hello");
    await guest.heard.until("hello");
  });
});

async function reversed(t: TestContext, target: string, options?: ReverseProxyOptions): Promise<string> {
  const proxy = reverseProxy(reactor, target, options);
  t.after(async () => {
    await proxy.close();
  });
  return await served(t, proxy);
}

async function forwarding(t: TestContext, options?: ForwardProxyOptions): Promise<string> {
  const proxy = forwardProxy(reactor, { allowAddress: () => true, ...options });
  t.after(async () => {
    await proxy.close();
  });
  return await served(t, proxy);
}

async function served(t: TestContext, responder: Responder): Promise<string> {
  return `http://127.0.0.1:${tcpPortOf(await serve(t, serveWeb(reactor, "tcp:0:interface=127.0.0.1", responder)))}`;
}

/** The port of a server of Node's on loopback, which goes with its connections when the test does. */
async function listening(t: TestContext, server: Server): Promise<number> {
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function curl(t: TestContext, args: readonly string[]): Promise<string> {
  // What says that nothing goes through a proxy would say so of these, too.
  const program = startWeb(t, "curl", ["-q", "-sS", "--noproxy", "", ...args]);
  assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
  return program.out.text;
}
