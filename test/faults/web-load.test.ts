/**
 * The web server under load and ill use, in a process of its own. ROPEWALK_LOAD=full asks for the figures that it is made
 * for: 10 000 connections, 1 000 slow ones, 2 GB each way; without it a tenth, so that the suite stays quick.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { many, Visitor, WebServer } from "./web-server.ts";

const isFull = process.env["ROPEWALK_LOAD"] === "full";
const SCALE = isFull ? 10 : 1;
const CONNECTIONS = 1_000 * SCALE;
const SLOW = 100 * SCALE;
const BODY_BYTES = isFull ? 2 * 2 ** 30 : 2 ** 27;
/** Node 26 collects later what was read: `node:http` itself needs 74 to 101 MiB there for 2 GiB, and 35 MiB on Node 20. */
const COLLECTS_LATE = Number(process.versions.node.split(".")[0]) >= 26;
/** What moving bodies may cost, however large they are. */
const ROOM_BYTES = (COLLECTS_LATE ? 128 : 64) * 2 ** 20;

describe("the web server under load", { timeout: 120_000 }, () => {
  test(`${CONNECTIONS} connections kept alive each hear their own answers, and cost little`, async (t) => {
    const server = await WebServer.start(t);
    const before = await server.state("collect");
    const visitors = await many(CONNECTIONS, 200, () => Visitor.arrive(server.port));
    for (let round = 0; round < 3; round += 1) {
      await many(CONNECTIONS, 500, async (index) => {
        const path = `/${index}/${round}`;
        assert.equal(await visitors[index]?.ask(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`), path);
      });
    }
    const during = await server.state("collect");
    assert.equal(during.served, 3 * CONNECTIONS);
    assert.ok(during.descriptors >= before.descriptors + CONNECTIONS);
    const each = (during.bytes - before.bytes) / CONNECTIONS;
    t.diagnostic(`${Math.round(each)} bytes of memory a connection`);
    assert.ok(each < 32_768, `a connection costs ${each} bytes`);
    for (const { socket } of visitors) socket.destroy();
    await server.until(({ descriptors }) => descriptors <= before.descriptors);
  });

  for (const [name, head, rest] of [
    ["heads", "GET / HTTP/1.1\r\nX: ", "x"],
    ["bodies", "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", "x"],
    ["chunks", "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"],
  ] as const) {
    test(`${SLOW} clients with slow ${name} are cut, and others are served meanwhile`, async (t) => {
      const server = await WebServer.start(t, { timeouts: { headTimeoutMs: 1_000, bodyGraceMs: 1_000 } });
      const before = await server.state();
      const slow = await many(SLOW, 100, () => Visitor.arrive(server.port));
      for (const { socket } of slow) socket.write(head);
      const trickle = setInterval(() => {
        for (const { socket } of slow) if (socket.writable) socket.write(rest);
      }, 50);
      t.after(() => clearInterval(trickle));
      const honest = await Visitor.arrive(server.port);
      assert.equal(await honest.ask("GET /honest HTTP/1.1\r\nHost: a\r\n\r\n"), "/honest");
      await Promise.all(slow.map(({ gone }) => gone));
      for (const { text } of slow) assert.match(text, /^HTTP\/1\.1 408 /);
      assert.equal(await honest.ask("GET /still HTTP/1.1\r\nHost: a\r\n\r\n"), "/still");
      honest.socket.destroy();
      await server.until(({ descriptors }) => descriptors <= before.descriptors);
    });
  }

  test("clients that vanish in the middle of a body leave nothing, and break nobody else's", async (t) => {
    const server = await WebServer.start(t);
    const before = await server.state();
    const heads = ["Content-Length: 100000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nffff\r\n"];
    const ends = [
      (visitor: Visitor) => visitor.socket.destroy(),
      (visitor: Visitor) => visitor.socket.resetAndDestroy(),
      (visitor: Visitor) => visitor.socket.end(),
    ];
    await many(SLOW, 50, async (index) => {
      const visitor = await Visitor.arrive(server.port);
      const body = "x".repeat(1_000);
      visitor.socket.write(`POST /count HTTP/1.1\r\nHost: a\r\n${heads[index % 2]}${body}`);
      // Half of them go when the server has surely begun to read.
      if (index % 4 < 2) await server.state();
      ends[index % 3]?.(visitor);
      await visitor.gone;
    });
    const after = await server.until(({ descriptors }) => descriptors <= before.descriptors);
    assert.equal(after.served, 0);
    assert.equal(after.broken, after.lost);
    // Of those that were reset the server may have heard nothing.
    assert.ok(after.lost >= SLOW / 2, `only ${after.lost} requests were lost`);
    const visitor = await Visitor.arrive(server.port);
    assert.equal(await visitor.ask("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"), "3");
    visitor.socket.destroy();
  });

  test(`an upload of ${BODY_BYTES / 2 ** 20} MiB is read in little memory`, async (t) => {
    const server = await WebServer.start(t, { limits: { maxBodyBytes: 2 ** 40 } });
    const idle = await warm(server);
    const request = asked(server, "POST", "/count", { "Content-Length": BODY_BYTES });
    await pour(request, BODY_BYTES);
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    assert.equal(await textOf(answer), String(BODY_BYTES));
    await checkRoom(t, server, idle);
  });

  test(`a download of ${BODY_BYTES / 2 ** 20} MiB is sent in little memory, to a client that stops to think`, async (t) => {
    const server = await WebServer.start(t);
    const idle = await warm(server);
    const [answer] = (await once(asked(server, "GET", `/bytes?count=${BODY_BYTES}`).end(), "response")) as [
      IncomingMessage,
    ];
    let count = 0;
    let pauses = 0;
    for await (const part of answer) {
      count += (part as Buffer).length;
      // The server must wait meanwhile, and not fill its memory with what nobody takes.
      if (count > (pauses + 1) * (BODY_BYTES / 4)) {
        pauses += 1;
        await server.state();
      }
    }
    assert.equal(count, BODY_BYTES);
    await checkRoom(t, server, idle);
  });

  test("a client that never reads its download costs no more than a buffer", async (t) => {
    const server = await WebServer.start(t);
    const idle = await warm(server);
    const visitors = await many(20, 20, () => Visitor.arrive(server.port));
    for (const { socket } of visitors) {
      socket.pause();
      socket.write(`GET /bytes?count=${2 ** 30} HTTP/1.1\r\nHost: a\r\n\r\n`);
    }
    // Answers to others show that the server has done for these what it will.
    for (let round = 0; round < 20; round += 1) await warm(server, "");
    await checkRoom(t, server, idle);
    for (const { socket } of visitors) socket.destroy();
    await server.until(({ descriptors }) => descriptors <= idle.descriptors);
  });

  test("an upload to a full disk is answered, and the connection is good for more", async (t) => {
    const server = await WebServer.start(t);
    const visitor = await Visitor.arrive(server.port);
    const body = "x".repeat(100_000);
    const request = `POST /store HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    assert.equal(await visitor.ask(request), "the disk is full");
    assert.match(visitor.text, /^HTTP\/1\.1 507 /);
    assert.equal(await visitor.ask("GET /next HTTP/1.1\r\nHost: a\r\n\r\n"), "/next");
    visitor.socket.destroy();
  });

  test("an endless upload to a full disk is answered, and then cut", async (t) => {
    const server = await WebServer.start(t);
    const idle = await warm(server);
    const request = asked(server, "POST", "/store", { "Transfer-Encoding": "chunked" });
    const broken = new Promise((resolve) => request.on("close", resolve));
    void pour(request, 2 ** 40);
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    assert.equal(answer.statusCode, 507);
    answer.resume();
    await broken;
    await checkRoom(t, server, idle);
    await server.until(({ descriptors }) => descriptors <= idle.descriptors);
  });
});

type State = Awaited<ReturnType<WebServer["state"]>>;

/** A request each way, so that what is needed once is there; then the state. */
async function warm(server: WebServer, word = "reset"): Promise<State> {
  const visitor = await Visitor.arrive(server.port);
  const body = "x".repeat(65_536);
  for (let round = 0; round < 20; round += 1) {
    await visitor.ask(`POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }
  visitor.socket.destroy();
  await visitor.gone;
  return server.state(word);
}

async function checkRoom(t: { diagnostic(text: string): void }, server: WebServer, idle: State): Promise<void> {
  const { mostBytes } = await server.state();
  const needed = mostBytes - idle.bytes;
  t.diagnostic(`${Math.round(needed / 2 ** 20)} MiB above idle`);
  assert.ok(needed < ROOM_BYTES, `it needed ${needed} bytes more than when idle`);
}

function asked(
  { port }: WebServer,
  method: string,
  path: string,
  headers: Readonly<Record<string, string | number>> = {},
): ClientRequest {
  const request = httpRequest({ port, host: "127.0.0.1", method, path, headers, agent: false });
  request.on("error", () => {});
  return request;
}

/** Writes so many bytes, as fast as they are taken; stops when nobody takes them any more. */
async function pour(request: ClientRequest, bytes: number): Promise<void> {
  const part = Buffer.alloc(65_536, "x");
  for (let left = bytes; left > 0; left -= part.length) {
    if (request.destroyed) return;
    if (!request.write(part.subarray(0, Math.min(left, part.length)))) await drained(request);
    // A server that takes all at once would keep this loop among its microtasks, and the answer would never be read.
    await turn();
  }
  request.end();
}

function drained(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      request.off("drain", settle).off("close", settle);
      resolve();
    };
    request.on("drain", settle).on("close", settle);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of answer.setEncoding("utf8")) text += part;
  return text;
}
