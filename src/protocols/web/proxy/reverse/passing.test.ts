import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Request } from "../../message/request.ts";
import { GET, heard, OK, World } from "./world.fixture.test.ts";

describe("a reverse proxy sends on a request", () => {
  it("with its fields, and says who asked and by which way", () => {
    const world = new World();
    world.client("GET /ropes?length=7 HTTP/1.1\r\nHost: rope.example\r\nX-Knot: bowline\r\nCookie: a=1\r\n\r\n");
    assert.deepEqual(world.dialled, ["10.0.0.1:3000"]);
    assert.equal(
      world.server().text(),
      "GET /ropes?length=7 HTTP/1.1\r\nHost: rope.example\r\nX-Knot: bowline\r\nCookie: a=1\r\nVia: 1.1 rope\r\n" +
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: rope.example\r\n" +
        "Forwarded: for=192.0.2.7;host=rope.example;proto=http\r\n\r\n",
    );
  });

  it("without what was for the first hop", () => {
    const world = new World({ forwarded: "none" });
    world.client(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Authorization: Basic x\r\n\r\n",
    );
    assert.equal(world.server().text(), "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 rope\r\n\r\n");
  });

  for (const [host, sent] of [
    ["keep", "rope.example"],
    ["target", "10.0.0.1:3000"],
    ["inside.example", "inside.example"],
  ] as const) {
    it(`with Host: ${sent} if host is "${host}"`, () => {
      const world = new World({ host });
      world.client(GET);
      assert.match(world.server().text(), new RegExp(`\r\nHost: ${sent}\r\n`));
    });
  }

  it("with the host of its target, if that is a URL, and never with two", () => {
    const world = new World();
    world.client("GET http://outer.example/x HTTP/1.1\r\nHost: inner.example\r\n\r\n");
    const text = world.server().text();
    assert.match(text, /^GET \/x HTTP\/1.1\r\nHost: outer.example\r\n/);
    assert.equal(text.match(/^Host:/gm)?.length, 1);
  });

  it("of HTTP/1.0 without a Host with that of the server", () => {
    const world = new World({ forwarded: "none" });
    world.client("GET / HTTP/1.0\r\n\r\n");
    assert.equal(world.server().text(), "GET / HTTP/1.1\r\nVia: 1.0 rope\r\nHost: 10.0.0.1:3000\r\n\r\n");
  });

  it("behind the path of the server's URL, out of which no dots lead", () => {
    const world = new World({}, "http://10.0.0.1:3000/app/");
    for (const path of ["/x", "/../../x", "/%2e%2e/x", "/./x"]) {
      world.client(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    }
    world.client("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    const lines = world.reactor.connects.map((_, n) => world.server(n).text().split("\r\n")[0]);
    assert.deepEqual(lines, [...Array(4).fill("GET /app/x HTTP/1.1"), "OPTIONS * HTTP/1.1"]);
  });

  it("as `rewrite`, `requestHeaders` and `responseHeaders` change it", () => {
    const world = new World({
      rewrite: (target) => target.replace("/api", ""),
      requestHeaders: (headers, request) => headers.set("X-Path", request.path),
      responseHeaders: (headers) => headers.delete("Server"),
    });
    const client = world.client("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n");
    const server = world.server();
    assert.match(server.text(), /^GET \/x HTTP[\s\S]*\r\nX-Path: \/api\/x\r\n/);
    server.remote.write("HTTP/1.1 200 OK\r\nServer: old\r\nContent-Length: 0\r\n\r\n");
    assert.doesNotMatch(client.text(), /Server/);
  });

  it("believes what trusted peers say about the client", () => {
    const world = new World({ trustedPeers: ["192.0.2.0/24"], forwarded: "x-forwarded" });
    world.client("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\r\n");
    assert.match(world.server().text(), /X-Forwarded-For: 203.0.113.9, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n/);
  });

  it("once: one that runs in a circle is answered 508", () => {
    const world = new World();
    assert.match(world.client("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 x, 1.1 rope\r\n\r\n").text(), /^HTTP\/1.1 508 /);
    assert.deepEqual(world.dialled, []);
  });

  it("with a name in Via that no other proxy has", () => {
    const world = new World({ via: undefined });
    world.client(GET);
    assert.match(world.server().text(), /\r\nVia: 1\.1 ropewalk-[\da-f]{8}\r\n/);
  });

  it("of OPTIONS with one hop less to go, and none that may go no further", () => {
    const world = new World();
    const ask = (left: number) => `OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: ${left}\r\n\r\n`;
    world.client(ask(2));
    assert.match(world.server().text(), /\r\nMax-Forwards: 1\r\n/);
    assert.match(world.client(ask(0)).text(), /^HTTP\/1.1 400 /);
  });
});

describe("a reverse proxy gives back an answer", () => {
  it("with its fields, less those of the hop, over a connection that serves the next request", () => {
    const world = new World();
    const client = world.client(GET);
    const server = world.server();
    server.remote.write(
      "HTTP/1.1 201 Made\r\nSet-Cookie: a=1\r\nConnection: X-Hop\r\nX-Hop: 1\r\nSet-Cookie: b=2\r\nContent-Length: 4\r\n\r\nhemp",
    );
    assert.equal(
      heard(client),
      "HTTP/1.1 201 Made\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 4\r\nVia: 1.1 rope\r\n\r\nhemp",
    );
    client.remote.write(GET);
    world.reactor.settle();
    assert.equal(server.text().match(/GET/g)?.length, 2);
    assert.equal(world.dialled.length, 1);
  });

  for (const [what, answer, given] of [
    [
      "of HEAD with its length",
      "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
      /^HTTP\/1.1 200 OK\r\nContent-Length: 500\r\nVia: 1.1 rope\r\n\r\n$/,
    ],
    [
      "of HEAD without one",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      /^HTTP\/1.1 200 OK\r\nVia: 1.1 rope\r\n\r\n$/,
    ],
    ["of 204", "HTTP/1.1 204 None\r\n\r\n", /^HTTP\/1.1 204 None\r\nVia: 1.1 rope\r\n\r\n$/],
    [
      "of 304 with a length",
      "HTTP/1.1 304 Same\r\nETag: x\r\nContent-Length: 500\r\n\r\n",
      /^HTTP\/1.1 304 Same\r\nETag: x\r\nVia: 1.1 rope\r\n\r\n$/,
    ],
    [
      "in chunks that are all there",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhemp\r\n0\r\n\r\n",
      /^HTTP\/1.1 200 OK\r\nVia: 1.1 rope\r\nContent-Length: 4\r\n\r\nhemp$/,
    ],
    [
      "without a body",
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      /^HTTP\/1.1 200 OK\r\nContent-Length: 0\r\nVia: 1.1 rope\r\n\r\n$/,
    ],
  ] as const) {
    it(what, () => {
      const world = new World();
      const client = world.client(what.startsWith("of HEAD") ? GET.replace("GET", "HEAD") : GET);
      world.server().remote.write(answer);
      world.reactor.settle();
      assert.match(heard(client), given);
      assert.ok(client.connected);
    });
  }

  it("that ends with its connection in chunks", async () => {
    const world = new World();
    const client = world.client(GET);
    const server = world.server();
    server.remote.write("HTTP/1.0 200 OK\r\n\r\nhe");
    await world.settle();
    server.remote.write("mp");
    server.remote.end();
    await world.settle();
    assert.match(client.text(), /Transfer-Encoding: chunked\r\n[\s\S]*\r\n\r\n2\r\nhe\r\n2\r\nmp\r\n0\r\n\r\n$/);
  });

  it("to an HTTP/1.0 client as it understands it", async () => {
    const world = new World();
    const client = world.client("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    const server = world.server();
    server.remote.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhemp\r\n");
    await world.settle();
    server.remote.write("0\r\n\r\n");
    await world.settle();
    assert.match(client.text(), /Connection: close\r\n[\s\S]*\r\n\r\nhemp$/);
    assert.ok(client.remote.sawEnd);
  });

  it("after the informational ones", () => {
    const world = new World();
    const client = world.client(GET);
    world.server().remote.write(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n${OK}`);
    world.reactor.settle();
    assert.match(heard(client), /^HTTP\/1.1 103 Early Hints\r\nlink: <\/a>, <\/b>\r\n\r\nHTTP\/1.1 200 OK\r\n/i);
  });
});

it("a reverse proxy answers a request that came over no connection", async () => {
  const world = new World();
  const asked = world.proxy(
    new Request("http://rope.example/x?y", { method: "POST", body: "hemp", headers: { X: "1" } }),
  );
  const behind = world.server();
  assert.match(
    behind.text(),
    /^POST \/x\?y HTTP\/1.1\r\nX: 1\r\n[\s\S]*\r\nHost: rope.example\r\n[\s\S]*\r\n\r\nhemp$/,
  );
  behind.remote.write(OK);
  await world.settle();
  const answer = await asked;
  assert.deepEqual([answer.status, await answer.text()], [200, "hemp"]);
});

describe("bodies stream through a reverse proxy", () => {
  it("an upload with a length, and one in chunks", async () => {
    const world = new World({ forwarded: "none" });
    const known = world.client("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhemp");
    const server = world.server();
    await world.settle();
    assert.equal(server.text(), "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\nVia: 1.1 rope\r\n\r\nhemp");
    known.remote.write("rope");
    await world.settle();
    assert.match(server.text(), /hemprope$/);
    server.remote.write(OK);
    await world.settle();
    world.client("PUT /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nhemp\r\n0\r\nT: 1\r\n\r\n");
    await world.settle();
    assert.match(
      server.text(),
      /PUT \/b HTTP\/1.1\r\nHost: a\r\nVia: 1.1 rope\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhemp\r\n0\r\n\r\n$/,
    );
  });

  it("an upload as fast as the server takes it", async () => {
    const world = new World();
    const client = world.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
    const server = world.server();
    server.remote.stopTaking();
    for (let part = 0; part < 40; part++) client.remote.write(new Uint8Array(100_000));
    await world.settle();
    assert.ok(server.bufferedBytes < 300_000, `${server.bufferedBytes} bytes wait`);
    server.remote.startTaking();
    await world.settle(500);
    assert.ok(server.text().length > 4_000_000);
  });

  it("an answer as fast as the client takes it", async () => {
    const world = new World();
    const client = world.client(GET);
    const server = world.server();
    client.remote.stopTaking();
    server.remote.write("HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n");
    for (let part = 0; part < 40; part++) server.remote.write(new Uint8Array(100_000));
    await world.settle();
    assert.ok(client.bufferedBytes < 300_000, `${client.bufferedBytes} bytes wait`);
    client.remote.startTaking();
    await world.settle(500);
    assert.ok(client.text().length > 4_000_000);
  });

  it("a body that waits for 100 Continue waits for the server's", async () => {
    const world = new World();
    const client = world.client("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    const server = world.server();
    await world.settle();
    assert.match(server.text(), /\r\nExpect: 100-continue\r\n/);
    assert.equal(client.text(), "");
    server.remote.write("HTTP/1.1 100 Continue\r\n\r\n");
    await world.settle();
    assert.equal(client.text(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.remote.write("hemp");
    await world.settle();
    assert.match(server.text(), /hemp$/);
  });

  it("a body that the server refuses unseen is never asked for", async () => {
    const world = new World();
    const client = world.client("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    world.server().remote.write("HTTP/1.1 413 Too much\r\nContent-Length: 0\r\n\r\n");
    await world.settle();
    assert.match(client.text(), /^HTTP\/1.1 413 Too much\r\n/);
  });
});
