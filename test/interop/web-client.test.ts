/** The web client with servers that nobody here wrote: Node's, nginx, Python's and Twisted's, and behind a proxy of a few lines. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect as connectPlain, createServer as createPlainServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { Deferred } from "ropewalk";
import { Agent, type AgentOptions, get, post, RequestError } from "ropewalk/web";
import { Authority } from "./support/certificates.ts";
import { reactor } from "./support/guest.ts";
import { accepting, freePort, peerScript, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, PYTHON, start } from "./support/program.ts";

const FILE_BYTES = 3_000_000;

describe("Node's own server", { timeout: FILE_LIMIT_MS }, () => {
  test("gives pages to the one-liners, over one connection", async (t) => {
    const { url, sockets } = await nodeServer(t, (request, response) => {
      request.setEncoding("utf8");
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => response.end(`${request.method} ${request.url} ${body}`));
    });
    assert.equal(await (await get(reactor, `${url}/a?b=c`)).text(), "GET /a?b=c ");
    assert.equal(await (await post(reactor, `${url}/d`, { json: { e: 1 } })).text(), 'POST /d {"e":1}');
    assert.equal(sockets(), 1);
  });

  test("takes a stream that is chunked, after it has said 100, and answers in chunks with what came", async (t) => {
    const { url } = await nodeServer(t, (request, response) => {
      request.pipe(response);
    });
    const parts = Array.from({ length: 100 }, () => randomBytes(30_000));
    async function* upload(): AsyncGenerator<Uint8Array> {
      yield* parts;
    }
    const response = await agent(t).request("PUT", `${url}/`, { body: upload(), expectContinue: 10_000 });
    assert.equal(hash(await response.bytes()), hash(Buffer.concat(parts)));
  });

  test("that takes nothing of an upload, or gives an answer that nobody reads, costs no memory", async (t) => {
    const { url } = await nodeServer(t, (request, response) => {
      if (request.method === "PUT") return;
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        while (response.write(chunk));
      };
      response.on("drain", more);
      more();
    });
    let made = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        made += 65_536;
        yield new Uint8Array(65_536);
      }
    }
    const client = agent(t);
    const upload = client.request("PUT", `${url}/`, { body: endless(), silenceTimeoutMs: 300 });
    await assert.rejects(async () => await upload, /\(sending\): the server took nothing of its body for 300 ms/);
    assert.ok(made < 64_000_000, `${made} bytes were made for nobody`);
    const response = await client.get(`${url}/`);
    const heldBefore = process.memoryUsage().rss;
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(process.memoryUsage().rss - heldBefore < 64_000_000);
    await response.body?.cancel();
    await client.close();
  });

  test("with a certificate is verified, and refused if nobody vouches for it", async (t) => {
    const authority = new Authority(temporaryFolder(t), "Rope CA");
    const { cert, key } = authority.issue("rope.example", { names: "IP:127.0.0.1" });
    const server = createSecureServer({ cert, key }, (_request, response) => response.end("safe"));
    const { port } = await listening(t, server);
    const url = `https://127.0.0.1:${port}/`;
    const client = agent(t, { tls: { trustRoots: authority.files.cert } });
    assert.equal(await (await client.get(url)).text(), "safe");
    await assert.rejects(
      async () => await get(reactor, url),
      (error: unknown) =>
        error instanceof RequestError && error.phase === "connecting" && (error.cause as Error).name === "TlsError",
    );
    const named = agent(t, { tls: { trustRoots: authority.files.cert, servername: "other.example" } });
    await assert.rejects(async () => await named.get(url), /other\.example/);
  });

  test("over TLS knows the client again that comes over a new connection", async (t) => {
    const authority = new Authority(temporaryFolder(t), "Rope CA");
    const { cert, key } = authority.issue("rope.example", { names: "IP:127.0.0.1" });
    const server = createSecureServer({ cert, key }, (request, response) => {
      response.end(String((request.socket as TLSSocket).isSessionReused()));
      response.on("finish", () => request.socket.end());
    });
    const { port } = await listening(t, server);
    const client = agent(t, { tls: { trustRoots: authority.files.cert } });
    const told: string[] = [];
    for (let round = 0; round < 3; round++) told.push(await (await client.get(`https://127.0.0.1:${port}/`)).text());
    assert.deepEqual(told, ["false", "true", "true"]);
  });

  test("closes idle connections, and the client asks again over new ones", async (t) => {
    const { url, server, sockets } = await nodeServer(t, (_request, response) => response.end("hemp"));
    const client = agent(t, { idleTimeoutMs: 60_000 });
    for (let round = 0; round < 5; round++) {
      assert.equal(await (await client.get(`${url}/`)).text(), "hemp");
      server.closeIdleConnections();
    }
    assert.ok(sockets() > 1);
  });

  test("redirects, sets cookies and asks for the way on over a UNIX socket as well", async (t) => {
    const path = join(temporaryFolder(t), "web.sock");
    const server = createServer((request, response) => {
      if (request.url === "/") response.writeHead(303, { Location: "/there" }).end();
      else response.end(`${request.url} ${request.headers.host}`);
    });
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const response = await agent(t).get(`http+unix://${encodeURIComponent(path)}/`);
    assert.deepEqual([await response.text(), response.redirected], ["/there localhost", true]);
  });

  test("tells 50 at once each its own, over 10 connections", async (t) => {
    const { url, sockets } = await nodeServer(t, (request, response) => {
      setTimeout(() => response.end(request.url), 1);
    });
    const client = agent(t);
    const asked = Array.from({ length: 50 }, async (_, index) => await (await client.get(`${url}/${index}`)).text());
    assert.deepEqual(
      await Promise.all(asked),
      Array.from({ length: 50 }, (_, index) => `/${index}`),
    );
    assert.equal(sockets(), 10);
  });
});

describe("a proxy", { timeout: FILE_LIMIT_MS }, () => {
  test("gets CONNECT for https and whole URLs for http", async (t) => {
    const authority = new Authority(temporaryFolder(t), "Rope CA");
    const { cert, key } = authority.issue("rope.example", { names: "IP:127.0.0.1" });
    const secure = await listening(
      t,
      createSecureServer({ cert, key }, (_request, response) => response.end("safe")),
    );
    const seen: string[] = [];
    const proxy = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.end("forwarded");
    });
    proxy.on("connect", (request: IncomingMessage, socket) => {
      seen.push(`CONNECT ${request.url}`);
      const far = connectPlain(Number(request.url?.split(":")[1]), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        far.pipe(socket).pipe(far);
      });
      for (const each of [far, socket]) each.on("error", () => far.destroy());
    });
    const { port } = await listening(t, proxy);
    const client = agent(t, { proxy: `http://127.0.0.1:${port}`, tls: { trustRoots: authority.files.cert } });
    assert.equal(await (await client.get(`https://127.0.0.1:${secure.port}/`)).text(), "safe");
    assert.equal(await (await client.get("http://rope.invalid/a")).text(), "forwarded");
    assert.deepEqual(seen, [`CONNECT 127.0.0.1:${secure.port}`, "GET http://rope.invalid/a"]);
    await client.close();
  });
});

describe("nginx", { skip: lacks("nginx"), timeout: FILE_LIMIT_MS }, () => {
  test("gives files whole, in part, compressed and not at all", async (t) => {
    const { url, file } = await nginx(t);
    const client = agent(t);
    const whole = await (await client.get(`${url}/file.bin`)).bytes();
    assert.equal(hash(whole), hash(file));
    const part = await client.get(`${url}/file.bin`, { headers: { Range: "bytes=10-19" } });
    assert.deepEqual([part.status, Buffer.from(await part.bytes())], [206, file.subarray(10, 20)]);
    const text = await client.get(`${url}/text.txt`);
    assert.equal(text.headers.get("transfer-encoding"), "chunked");
    assert.equal(await text.text(), "hemp ".repeat(10_000));
    const head = await client.request("HEAD", `${url}/file.bin`);
    assert.deepEqual([head.headers.get("content-length"), head.body], [String(FILE_BYTES), null]);
    const etag = head.headers.get("etag") ?? assert.fail("nginx gives no ETag");
    assert.equal((await client.get(`${url}/file.bin`, { headers: { "If-None-Match": etag } })).status, 304);
    assert.equal((await client.get(`${url}/nothing`)).ok, false);
    assert.equal(client.connections, 1);
  });

  test("says so when an upload is too large, in the middle of it", async (t) => {
    const { url } = await nginx(t);
    const body = Buffer.alloc(20_000_000);
    const response = await agent(t).request("PUT", `${url}/put`, { body, expectContinue: true });
    assert.equal(response.status, 413);
    assert.match(await response.text(), /413 Request Entity Too Large/);
  });
});

describe("Python's server of HTTP/1.0", { skip: lacks(PYTHON), timeout: FILE_LIMIT_MS }, () => {
  test("gives files and lists folders, with a connection each", async (t) => {
    const folder = temporaryFolder(t);
    const file = randomBytes(FILE_BYTES);
    writeFileSync(join(folder, "file.bin"), file);
    const port = await freePort();
    start(t, PYTHON, ["-m", "http.server", String(port), "--bind", "127.0.0.1", "--directory", folder]);
    await accepting(port);
    const client = agent(t);
    for (let round = 0; round < 3; round++) {
      assert.equal(hash(await (await client.get(`http://127.0.0.1:${port}/file.bin`)).bytes()), hash(file));
    }
    assert.match(await (await client.get(`http://127.0.0.1:${port}/`)).text(), /href="file\.bin"/);
    assert.equal((await client.post(`http://127.0.0.1:${port}/`, { body: "hemp" })).status, 501);
  });
});

describe("Twisted's server", { skip: lacks("twist3"), timeout: FILE_LIMIT_MS }, () => {
  test("echoes an upload, streams an answer and goes on", async (t) => {
    const port = await freePort();
    start(t, PYTHON, [peerScript("twisted_web_server.py"), String(port)]);
    await accepting(port);
    const url = `http://127.0.0.1:${port}`;
    const client = agent(t);
    const body = randomBytes(1_000_000);
    assert.equal(hash(await (await client.post(`${url}/echo`, { body })).bytes()), hash(body));
    assert.equal(await (await client.get(`${url}/parts`)).text(), "part 0\npart 1\npart 2\n");
    assert.equal((await client.get(`${url}/nothing`)).status, 404);
    assert.equal(client.connections, 1);
  });
});

describe("a request that is cancelled", { timeout: FILE_LIMIT_MS }, () => {
  test("while its name is looked up leaves the resolver alone", async (t) => {
    let wasCancelled = false;
    using _resolver = reactor.installResolver(() => {
      return new Deferred(() => {
        wasCancelled = true;
      });
    });
    const client = agent(t);
    const asked = client.get("http://slow.example/");
    asked.cancel("enough");
    await assert.rejects(async () => await asked, { name: "AbortError", cause: "enough" });
    assert.deepEqual([wasCancelled, client.connections], [true, 0]);
  });

  test("while TLS shakes hands leaves no socket", async (t) => {
    const server = createPlainServer((socket) => socket.on("error", () => {}).resume());
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const client = agent(t);
    const hurry = new AbortController();
    const asked = client.get(`https://127.0.0.1:${port}/`, { signal: hurry.signal });
    const [socket] = (await once(server, "connection")) as [Socket];
    const isGone = new Promise((resolve) => socket.once("close", resolve));
    await once(socket, "data");
    hurry.abort("enough");
    await assert.rejects(async () => await asked, { name: "AbortError", cause: "enough" });
    assert.equal(client.connections, 0);
    await isGone;
  });
});

describe("a server that breaks off", { timeout: FILE_LIMIT_MS }, () => {
  for (const [where, said] of [
    ["before it answers", ""],
    ["amid its head", "HTTP/1.1 200 OK\r\nContent-"],
    ["amid its body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhemp"],
    ["amid a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhemp"],
    ["amid gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"],
  ] as const) {
    test(`${where} fails whoever waits`, async (t) => {
      const half = where === "amid gzip" ? gzipSync(randomBytes(1_000)).subarray(0, 500) : "";
      const server = createPlainServer((socket) => {
        socket
          .on("error", () => {})
          .once("data", () => {
            socket.write(said);
            socket.end(half);
          });
      });
      t.after(() => server.close());
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const client = agent(t);
      await assert.rejects(async () => await (await client.get(`http://127.0.0.1:${port}/`)).text());
      await client.close();
    });
  }
});

function agent(t: TestContext, options?: AgentOptions): Agent {
  const made = new Agent(reactor, options);
  t.after(async () => await made.close());
  return made;
}

interface NodeServer {
  readonly url: string;
  readonly server: Server;
  /** Connections so far. */
  sockets(): number;
}

async function nodeServer(t: TestContext, listener: RequestListener): Promise<NodeServer> {
  const server = createServer(listener as (request: IncomingMessage, response: ServerResponse) => void);
  let count = 0;
  server.on("connection", () => {
    count += 1;
  });
  const { port } = await listening(t, server);
  return { url: `http://127.0.0.1:${port}`, server, sockets: () => count };
}

async function listening(t: TestContext, server: Server): Promise<{ readonly port: number }> {
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address() as AddressInfo;
}

async function nginx(t: TestContext): Promise<{ readonly url: string; readonly file: Buffer }> {
  const folder = temporaryFolder(t);
  const port = await freePort();
  const file = randomBytes(FILE_BYTES);
  mkdirSync(join(folder, "www"));
  writeFileSync(join(folder, "www/file.bin"), file);
  writeFileSync(join(folder, "www/text.txt"), "hemp ".repeat(10_000));
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const server =
    `listen 127.0.0.1:${port}; root ${folder}/www; gzip on; gzip_types text/plain; gzip_min_length 1; ` +
    `types { text/plain txt; } default_type application/octet-stream; client_max_body_size 1m;`;
  const http = `access_log off; ${paths.join(" ")} server { ${server} }`;
  writeFileSync(join(folder, "nginx.conf"), `pid ${folder}/pid; events {} http { ${http} }\n`);
  start(t, "nginx", ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr", "-g", "daemon off; user root;"]);
  await accepting(port);
  return { url: `http://127.0.0.1:${port}`, file };
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
