import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Response } from "../../message/response.ts";
import { World } from "./world.fixture.test.ts";

const ASK =
  "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
const SWITCH = "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: y\r\n\r\n";

describe("an upgrade through a reverse proxy", () => {
  it("is offered, agreed to, and joins the two connections, with what was sent ahead", async () => {
    const world = new World({ forwarded: "none" });
    const client = world.client(ASK);
    const server = world.server();
    assert.equal(
      server.text(),
      "GET /ws HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nVia: 1.1 rope\r\n\r\n",
    );
    server.remote.write(`${SWITCH}early`);
    assert.equal(
      client.text(),
      "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: y\r\nVia: 1.1 rope\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly",
    );
    client.remote.write("ping");
    server.remote.write("pong");
    await world.settle();
    assert.match(server.text(), /\r\n\r\nping$/);
    assert.match(client.text(), /earlypong$/);
    client.remote.end();
    server.remote.end();
    world.reactor.advance(0);
    assert.deepEqual([client.connected, server.connected], [false, false]);
    assert.deepEqual([world.reactor.getDelayedCalls().length, world.proxy.targets[0]?.active], [0, 0]);
  });

  it("has backpressure in both directions", async () => {
    const world = new World();
    const client = world.client(ASK);
    const server = world.server();
    server.remote.write(SWITCH);
    client.remote.stopTaking();
    for (let part = 0; part < 20; part++) server.remote.write(new Uint8Array(100_000));
    assert.ok(client.bufferedBytes < 300_000, `${client.bufferedBytes} bytes wait`);
    server.remote.stopTaking();
    for (let part = 0; part < 20; part++) client.remote.write(new Uint8Array(100_000));
    assert.ok(server.bufferedBytes < 300_000, `${server.bufferedBytes} bytes wait`);
  });

  it("that is refused gives the answer, and the connection in front goes on", async () => {
    const world = new World();
    const client = world.client(ASK);
    world.server().remote.write("HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nhemp");
    await world.settle();
    assert.match(client.text(), /^HTTP\/1.1 403 No\r\n[\s\S]*\r\n\r\nhemp$/);
    assert.ok(client.connected);
    assert.equal(world.proxy.targets[0]?.active, 0);
  });

  it("may lead to websocket only, unless others are named", () => {
    const ask = ASK.replace("Upgrade: websocket", "Upgrade: h2c");
    const world = new World();
    world.client(ask);
    assert.doesNotMatch(world.server().text(), /upgrade/i);
    const other = new World({ upgrades: ["H2C"] });
    other.client(ask);
    assert.match(other.server().text(), /\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n/);
  });

  it("of a server that switches to something else than was offered is passed on as that", () => {
    const world = new World();
    const client = world.client(ASK);
    world.server().remote.write(SWITCH.replace("Upgrade: websocket", "Upgrade: chat"));
    assert.match(client.text(), /\r\nUpgrade: chat\r\n\r\n$/);
  });

  it("is given up with the client, before and after the switch", () => {
    for (const answer of ["", SWITCH]) {
      const world = new World();
      const client = world.client(ASK);
      const server = world.server();
      if (answer !== "") server.remote.write(answer);
      client.remote.reset();
      world.reactor.advance(0);
      assert.ok(server.remote.sawReset, JSON.stringify(answer));
      assert.equal(world.reactor.getDelayedCalls().length, 0);
      assert.equal(world.proxy.targets[0]?.active, 0);
    }
  });

  it("ends in front where it ends behind", () => {
    const world = new World();
    const client = world.client(ASK);
    const server = world.server();
    server.remote.write(SWITCH);
    server.remote.reset();
    world.reactor.settle();
    assert.ok(client.remote.sawReset);
  });

  it("of which nothing comes for answerTimeoutMs is answered 504, and one that is lost 502", () => {
    const late = new World({ answerTimeoutMs: 5_000 });
    const client = late.client(ASK);
    const server = late.server();
    late.reactor.advance(5_000);
    assert.match(client.text(), /^HTTP\/1.1 504 /);
    assert.ok(server.remote.sawReset);
    const lost = new World();
    const other = lost.client(ASK);
    lost.server().remote.reset();
    lost.reactor.settle();
    assert.match(other.text(), /^HTTP\/1.1 502 /);
  });

  it("goes to another server if one takes no connection", () => {
    const world = new World({}, ["http://10.0.0.1", "http://10.0.0.2"]);
    const client = world.client(ASK);
    world.reactor.connects[0]?.refuse();
    world.server(1).remote.write(SWITCH);
    assert.match(client.text(), /^HTTP\/1.1 101 /);
  });

  it("through which nothing goes for upgradeIdleTimeoutMs ends", () => {
    const world = new World({ upgradeIdleTimeoutMs: 30_000 });
    const client = world.client(ASK);
    const server = world.server();
    server.remote.write(SWITCH);
    world.reactor.advance(20_000);
    client.remote.write("ping");
    world.reactor.advance(20_000);
    assert.ok(client.connected);
    world.reactor.advance(10_000);
    assert.deepEqual([client.connected, server.connected], [false, false]);
  });

  it("leaves nothing behind if somebody answers otherwise", async () => {
    const world = new World({}, undefined, (proxy) => async (request) => {
      await proxy(request);
      return new Response("changed my mind");
    });
    const client = world.client(ASK);
    const server = world.server();
    server.remote.write(SWITCH);
    await world.settle();
    world.reactor.advance(1);
    assert.match(client.text(), /changed my mind$/);
    assert.ok(server.remote.sawReset);
  });
});
