import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GET, heard, OK, World } from "./world.fixture.test.ts";

const TWO = ["http://10.0.0.1:3000", "http://10.0.0.2:3000"];
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nhemp";

describe("if a server fails, the client", () => {
  it("of the only one that takes no connection gets 502, and may ask again", () => {
    const world = new World();
    const client = world.client(GET);
    world.reactor.connects[0]?.refuse();
    assert.match(client.text(), /^HTTP\/1.1 502 [\s\S]*The server behind this proxy gave no answer\n$/);
    client.remote.write(GET);
    world.reactor.settle();
    world.server(1).remote.write(OK);
    assert.match(client.text(), /\r\n\r\nhemp$/);
  });

  it("of one that does not answer gets 504 after answerTimeoutMs, and the server is left", () => {
    const world = new World({ answerTimeoutMs: 20_000 });
    const client = world.client(GET);
    const server = world.server();
    world.reactor.advance(19_999);
    assert.equal(client.text(), "");
    world.reactor.advance(1);
    assert.match(client.text(), /^HTTP\/1.1 504 [\s\S]*did not answer in time\n$/);
    assert.ok(server.remote.sawReset);
  });

  it("of one that is too long in connecting gets 504", () => {
    const world = new World({ connectTimeoutMs: 3_000 });
    const client = world.client(GET);
    world.reactor.advance(3_000);
    assert.match(client.text(), /^HTTP\/1.1 504 /);
    assert.equal(world.reactor.connects[0]?.state, "cancelled");
  });

  for (const [what, says] of [
    ["speaks no HTTP", "SSH-2.0-rope\r\n"],
    ["answers with two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n"],
    ["answers with a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["answers with a line end in a field", "HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n\r\n"],
    ["answers with a status that is none", "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n"],
    ["switches protocols unasked", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"],
  ] as const) {
    it(`of one that ${what} gets 502`, () => {
      const world = new World();
      const client = world.client(POST.replace("hemp", ""));
      world.server().remote.write(says);
      world.reactor.settle();
      assert.match(client.text(), /^HTTP\/1.1 502 /);
    });
  }

  it("is broken off in mid-answer where the server breaks off, and sees that it was not all", async () => {
    for (const framing of ["Content-Length: 10", "Transfer-Encoding: chunked"]) {
      const world = new World();
      const client = world.client(GET);
      const server = world.server();
      server.remote.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n4\r\nhemp\r\n`);
      await world.settle();
      server.remote.reset();
      await world.settle();
      assert.ok(client.remote.sawReset, framing);
      assert.doesNotMatch(client.text(), /\r\n0\r\n\r\n$/);
    }
  });

  it("is broken off if the server is silent amid its answer for silenceTimeoutMs", async () => {
    const world = new World({ silenceTimeoutMs: 10_000 });
    const client = world.client(GET);
    world.server().remote.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhemp");
    await world.settle();
    world.reactor.advance(10_000);
    await world.settle();
    assert.ok(client.remote.sawReset);
  });
});

describe("another server has its turn", () => {
  it("if one takes no connection, with the body that nobody has seen", async () => {
    const world = new World({}, TWO);
    const client = world.client(POST);
    world.reactor.connects[0]?.refuse();
    assert.deepEqual(world.dialled, ["10.0.0.1:3000", "10.0.0.2:3000"]);
    const server = world.server(1);
    await world.settle();
    assert.match(server.text(), /\r\n\r\nhemp$/);
    server.remote.write(OK);
    await world.settle();
    assert.match(client.text(), /^HTTP\/1.1 200 /);
  });

  it("if one is lost before its answer, for GET and not for POST", async () => {
    for (const [text, isRepeated] of [
      [GET, true],
      [GET.replace("GET", "DELETE"), true],
      [GET.replace("GET", "POST"), false],
      [POST, false],
      [POST.replace("POST", "PUT"), false],
    ] as const) {
      const world = new World({}, TWO);
      const client = world.client(text);
      const server = world.server();
      await world.settle();
      server.remote.reset();
      await world.settle();
      assert.equal(world.dialled.length, isRepeated ? 2 : 1, text);
      assert.equal(client.text().startsWith("HTTP/1.1 502"), !isRepeated, text);
    }
  });

  it("at most `retries` times", () => {
    const urls = [1, 2, 3, 4, 5].map((n) => `http://10.0.0.${n}`);
    const world = new World({ retries: 3 }, urls);
    const client = world.client(GET);
    for (let n = 0; n < 4; n++) world.reactor.connects[n]?.refuse();
    assert.match(client.text(), /^HTTP\/1.1 502 /);
    assert.equal(world.dialled.length, 4);
  });

  it("a stale connection is no failure: the request is repeated with the same server", () => {
    const world = new World();
    const client = world.client(GET);
    const server = world.server();
    server.remote.write(OK);
    client.remote.write(GET);
    world.reactor.settle();
    server.remote.reset();
    world.reactor.settle();
    world.server(1).remote.write(OK);
    world.reactor.settle();
    assert.equal(client.text().match(/200 OK/g)?.length, 2);
    assert.equal(world.proxy.targets[0]?.isUp, true);
  });
});

describe("servers behind a reverse proxy", () => {
  it("have their turns, and those that fail are left alone until their time is over", () => {
    const world = new World({ maxFailures: 2, restMs: 1_000 }, TWO);
    const turn = (): string => {
      const n = world.dialled.length;
      const client = world.client(GET);
      const dial = world.reactor.connects[n];
      if (dial?.target === "10.0.0.1:3000") dial.refuse();
      const server = world.reactor.connects.at(-1)?.accept();
      server?.remote.write(OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
      world.reactor.settle();
      assert.match(client.text(), /hemp$/);
      return world.dialled
        .slice(n)
        .map((target) => target.slice(7, 8))
        .join("");
    };
    assert.deepEqual([turn(), turn(), turn(), turn()], ["12", "12", "2", "2"]);
    assert.deepEqual(
      world.proxy.targets.map(({ isUp }) => isUp),
      [false, true],
    );
    world.reactor.advance(1_200);
    assert.deepEqual([turn(), turn()], ["12", "2"]);
  });

  it("with the least under way are asked first, if it is to be so", () => {
    const world = new World({ balance: "least-connections" }, TWO);
    world.client(GET);
    world.client(GET);
    world.server(1).remote.write(OK);
    world.reactor.settle();
    assert.deepEqual(
      world.proxy.targets.map(({ active }) => active),
      [1, 0],
    );
    world.client(GET);
    assert.deepEqual(
      world.proxy.targets.map(({ active }) => active),
      [1, 1],
    );
  });

  it("are asked how they are, and one that is not well gets no requests", async () => {
    const world = new World({ maxFailures: 1, healthCheck: { path: "/well", intervalMs: 1_000 } }, TWO);
    world.reactor.advance(1_000);
    assert.deepEqual(world.dialled, ["10.0.0.1:3000", "10.0.0.2:3000"]);
    const [one, two] = [world.server(0), world.server(1)];
    assert.equal(one.text(), "GET /well HTTP/1.1\r\nHost: 10.0.0.1:3000\r\nVia: 1.1 rope\r\n\r\n");
    one.remote.write(OK.replace("200 OK", "503 No"));
    two.remote.write(OK);
    await world.settle();
    assert.deepEqual(
      world.proxy.targets.map(({ isUp }) => isUp),
      [false, true],
    );
    world.client(GET);
    world.client(GET);
    assert.equal(one.text().match(/GET/g)?.length, 1);
    world.reactor.advance(1_000);
    one.remote.write(OK);
    await world.settle();
    assert.equal(world.proxy.targets[0]?.isUp, true);
  });

  it("are left in peace after close, and no connection or timer stays", async () => {
    const world = new World({ healthCheck: { path: "/", intervalMs: 1_000 } });
    const client = world.client(GET);
    world.server().remote.write(OK);
    world.reactor.settle();
    client.remote.end();
    await world.proxy.close();
    world.reactor.advance(5_000);
    assert.deepEqual([world.dialled.length, world.reactor.connections.length], [1, 0]);
    assert.equal(world.reactor.getDelayedCalls().length, 0);
  });
});

describe("a client that goes away", () => {
  it("ends the dialling for its request", () => {
    const world = new World();
    world.client(GET).remote.reset();
    world.reactor.settle();
    assert.equal(world.reactor.connects[0]?.state, "cancelled");
    assert.equal(world.reactor.getDelayedCalls().length, 0);
  });

  it("ends its request, which is no fault of the server", () => {
    const world = new World({ maxFailures: 1 });
    const client = world.client(GET);
    const server = world.server();
    client.remote.reset();
    world.reactor.settle();
    assert.ok(server.remote.sawReset);
    assert.deepEqual([world.proxy.targets[0]?.isUp, world.proxy.targets[0]?.active], [true, 0]);
  });

  it("ends an answer of which nothing comes for the moment", async () => {
    const world = new World();
    const client = world.client(GET);
    const server = world.server();
    server.remote.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhemp\r\n");
    await world.settle();
    client.remote.reset();
    await world.settle();
    // A little of it might have been taken, to keep the connection.
    world.reactor.advance(1_000);
    assert.ok(server.remote.sawReset);
    assert.equal(world.proxy.targets[0]?.active, 0);
  });

  it("amid its upload ends that as incomplete", async () => {
    const world = new World({ maxFailures: 1 });
    const client = world.client("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhemp\r\n");
    const server = world.server();
    await world.settle();
    client.remote.end();
    await world.settle();
    assert.ok(server.remote.sawReset);
    assert.doesNotMatch(server.text(), /0\r\n\r\n$/);
    assert.equal(world.proxy.targets[0]?.isUp, true);
  });

  it("leaves no connection behind if the answer comes after all", async () => {
    const world = new World({}, undefined, (proxy) => async (request) => {
      const answer = await proxy(request);
      await new Promise((resolve) => setImmediate(resolve));
      return answer;
    });
    const client = world.client(GET);
    const server = world.server();
    server.remote.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhemp\r\n");
    client.remote.reset();
    await world.settle();
    world.reactor.advance(2_000);
    await world.settle();
    assert.equal(server.connected, false);
    assert.equal(heard(client), "");
  });
});
