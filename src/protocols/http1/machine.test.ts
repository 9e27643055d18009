/** Who waits for whom: pipelining, early answers, held back bodies, limits of what is held, deadlines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Http1Connection } from "./connection.ts";
import { bytesOf, Ear, latin1 } from "./ear.fixture.test.ts";
import { LocalProtocolError, RemoteProtocolError } from "./errors.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n";
const LAST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
const NO_CONTENT = { type: "response", status: 204 } as const;

describe("a server", () => {
  test("hears the next request when its answer is complete, and not before", () => {
    const ear = new Ear("server", { answers: false });
    ear.receive(bytesOf(GET + GET));
    assert.deepEqual(ear.notes, ["GET / 1.1 for a", "end"]);
    ear.connection.send({ type: "response", status: 200 });
    ear.listen();
    assert.equal(ear.notes.length, 2);
    ear.connection.send({ type: "end" });
    ear.listen();
    assert.equal(ear.notes.length, 4);
  });

  for (const [what, bytes, isDone] of [
    ["has said so, and says no more", `${LAST}\r\n`, true],
    ["is of HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", true],
    ["did not say so", GET, false],
    ["says more all the same", `${LAST}\r\n\r\n`, false],
    ["had a body, behind which more may come", `${LAST}Content-Length: 1\r\n\r\nx`, false],
  ] as const) {
    test(`knows whether its client is done: one that ${what}, ${isDone ? "is" : "is not"}`, () => {
      const ear = new Ear("server", { answers: false });
      ear.receive(bytesOf(bytes));
      ear.connection.sendWhole({ type: "response", status: 200, headers: { Connection: "close" } });
      ear.listen();
      assert.equal(ear.notes.at(-1), "closed");
      assert.equal(ear.connection.peerIsDone, isDone);
    });
  }

  test("does not take a client for done that says more while its last answer is made", () => {
    const ear = new Ear("server", { answers: false });
    ear.receive(bytesOf(`${LAST}\r\n`));
    ear.receive(bytesOf(GET));
    ear.connection.sendWhole({ type: "response", status: 200 });
    ear.listen();
    assert.equal(ear.connection.peerIsDone, false);
  });

  test("may answer before the request is complete, and then hears its rest", () => {
    const ear = new Ear("server", { answers: false });
    ear.receive(bytesOf(`${POST}\r\n`));
    ear.connection.sendWhole(NO_CONTENT);
    ear.receive(bytesOf("x".repeat(1_000) + GET));
    assert.equal(ear.notes.length, 5);
    assert.equal(ear.notes[3], "GET / 1.1 for a");
  });

  test("that says close hears nothing more, not even the rest of the request", () => {
    const ear = new Ear("server", { answers: false });
    ear.receive(bytesOf(`${POST}\r\n`));
    ear.connection.sendWhole({ ...NO_CONTENT, headers: { Connection: "close" } });
    ear.receive(bytesOf("x".repeat(1_000) + GET));
    assert.equal(ear.notes.at(-1), "closed");
    assert.ok(ear.connection.isOver);
  });

  test("holds nothing of what comes behind the last request", () => {
    const ear = new Ear("server", { answers: false, limits: { maxHeldBytes: 1_000 } });
    ear.receive(bytesOf("GET / HTTP/1.0\r\n\r\n"));
    ear.receive(new Uint8Array(2_000));
    assert.equal(ear.notes.at(-1), "end");
    assert.ok(ear.connection.wantsInput);
    ear.connection.sendWhole(NO_CONTENT);
    ear.listen();
    assert.equal(ear.notes.at(-1), "closed");
  });

  test("that asked for the body with 100 keeps the connection", () => {
    const ear = new Ear("server", { answers: false });
    ear.receive(bytesOf(`${POST}Expect: 100-continue\r\n\r\n`));
    assert.equal(latin1(ear.connection.send({ type: "informational", status: 100 })), "HTTP/1.1 100 Continue\r\n\r\n");
    ear.receive(bytesOf("x".repeat(1_000)));
    assert.equal(latin1(ear.connection.sendWhole(NO_CONTENT)), "HTTP/1.1 204 No Content\r\n\r\n");
    assert.ok(!ear.connection.isOver);
  });

  test("wants no more input when much is held, and ends what goes on all the same", () => {
    const ear = new Ear("server", { answers: false, limits: { maxHeldBytes: 1_000 } });
    ear.receive(bytesOf(GET));
    ear.receive(new Uint8Array(200));
    assert.ok(ear.connection.wantsInput);
    ear.receive(new Uint8Array(100));
    assert.ok(!ear.connection.wantsInput);
    ear.receive(new Uint8Array(701));
    assert.equal(ear.notes.at(-1), "!400 more than 1000 bytes behind a request that is not answered");
    ear.connection.sendWhole(NO_CONTENT);
    assert.ok(ear.connection.isOver);
  });

  test("whose answer has begun cannot say what was wrong, and ends with that answer", () => {
    const ear = new Ear("server", { answers: false });
    ear.receive(bytesOf("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    ear.connection.send({ type: "response", status: 200, headers: { "Content-Length": "0" } });
    ear.receive(bytesOf("x\r\n"));
    assert.match(ear.notes.at(-1) ?? "", /^!400/);
    assert.equal(ear.connection.refusal(new RemoteProtocolError(400, "x")).length, 0);
    ear.connection.send({ type: "end" });
    assert.ok(ear.connection.isOver);
  });

  test("gives the same error each time, and reads nothing more", () => {
    const server = new Http1Connection("server");
    server.receive(bytesOf("\0"));
    assert.throws(() => server.next(), RemoteProtocolError);
    server.receive(bytesOf(GET));
    assert.throws(() => server.next(), RemoteProtocolError);
  });

  test("takes no bytes of the protocol that it switched to", () => {
    const server = new Http1Connection("server");
    server.receive(bytesOf("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert.equal(server.next()?.type, "request");
    server.sendWhole({ type: "response", status: 200 });
    server.receive(bytesOf("x"));
    const switched = server.next();
    assert.equal(switched?.type === "switched" && latin1(switched.rest), "x");
    assert.throws(() => server.receive(bytesOf("y")), LocalProtocolError);
  });
});

describe("a client that got more than it asked for", () => {
  const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const request = { type: "request", method: "GET", target: "/", headers: { Host: "a" } } as const;

  test("sends nothing more, so that no later request is answered by it", () => {
    const client = new Http1Connection("client");
    client.sendWhole(request);
    client.receive(bytesOf(`${ANSWER}HTTP/1.1 200 OK\r\nX: poison\r\nContent-Length: 0\r\n\r\n`));
    assert.deepEqual([client.next()?.type, client.next()?.type], ["response", "end"]);
    assert.throws(() => client.sendWhole(request), LocalProtocolError);
    assert.throws(() => client.next(), /an answer that nobody asked for/);
  });

  test("sends nothing more when it came later, either", () => {
    const client = new Http1Connection("client");
    client.sendWhole(request);
    client.receive(bytesOf(ANSWER));
    assert.deepEqual([client.next()?.type, client.next()?.type], ["response", "end"]);
    client.receive(bytesOf("H"));
    assert.throws(() => client.sendWhole(request), LocalProtocolError);
  });
});

describe("bytes that were handed out", () => {
  test("are never written to again", () => {
    const server = new Http1Connection("server");
    const body: Uint8Array[] = [];
    const text = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${"5\r\nabcde\r\n".repeat(200)}0\r\n\r\n`;
    for (let at = 0; at < text.length; at += 7) {
      server.receive(bytesOf(text.slice(at, at + 7)));
      for (let event = server.next(); event !== undefined; event = server.next()) {
        if (event.type === "data") body.push(event.data);
      }
    }
    assert.equal(body.map(latin1).join(""), "abcde".repeat(200));
  });
});

describe("deadlines", () => {
  const timeouts = {
    idleTimeoutMs: 100,
    headTimeoutMs: 50,
    bodyGraceMs: 30,
    minBodyBytesPerSecond: 1_000,
    answerTimeoutMs: 70,
  };

  test("of a server: idle, then the head however it trickles, then the body's rate", () => {
    const server = new Http1Connection("server", { timeouts });
    assert.equal(server.deadlineAt(1_000), 1_100);
    assert.equal(server.deadlineAt(1_050), 1_100);
    feed(server, "POST / ");
    assert.equal(server.deadlineAt(1_060), 1_110);
    feed(server, "HTTP/1.1\r\n");
    assert.equal(server.deadlineAt(1_100), 1_110);
    feed(server, "Host: a\r\nContent-Length: 1000\r\n\r\n");
    assert.equal(server.deadlineAt(1_105), 1_135);
    feed(server, "x".repeat(10));
    assert.equal(server.deadlineAt(1_120), 1_145);
    feed(server, "x".repeat(500));
    assert.equal(server.deadlineAt(1_140), 1_170);
    assert.equal(server.deadlineAt(1_150, true), Number.POSITIVE_INFINITY);
    assert.equal(server.deadlineAt(1_160), 1_190);
    feed(server, "x".repeat(490));
    assert.equal(server.deadlineAt(1_165), Number.POSITIVE_INFINITY);
    server.sendWhole(NO_CONTENT);
    assert.equal(server.deadlineAt(1_170), 1_270);
  });

  test("of a head begins anew with the next request, even if nobody asked in between", () => {
    const server = new Http1Connection("server", { timeouts });
    feed(server, "GET / ");
    assert.equal(server.deadlineAt(0), 50);
    feed(server, "HTTP/1.1\r\nHost: a\r\n\r\nGET");
    server.sendWhole(NO_CONTENT);
    while (server.next() !== undefined);
    assert.equal(server.deadlineAt(40), 90);
  });

  test("of a body that waits for 100 begins with it", () => {
    const server = new Http1Connection("server", { timeouts });
    feed(server, `${POST}Expect: 100-continue\r\n\r\n`);
    assert.equal(server.deadlineAt(0), Number.POSITIVE_INFINITY);
    server.send({ type: "informational", status: 100 });
    assert.equal(server.deadlineAt(5), 35);
  });

  test("of a client: the answer's first byte, its head, its body, idle", () => {
    const client = new Http1Connection("client", { timeouts });
    assert.equal(client.deadlineAt(0), 100);
    client.send({ type: "request", method: "POST", target: "/", headers: { Host: "a", "Content-Length": "1" } });
    assert.equal(client.deadlineAt(10), Number.POSITIVE_INFINITY);
    client.send({ type: "data", data: bytesOf("x") });
    client.send({ type: "end" });
    assert.equal(client.deadlineAt(20), 90);
    feed(client, "HTTP/1.1 200 OK\r\n");
    assert.equal(client.deadlineAt(30), 80);
    feed(client, "Content-Length: 1\r\n\r\n");
    assert.equal(client.deadlineAt(40), 70);
    feed(client, "x");
    assert.equal(client.deadlineAt(50), 150);
  });

  test("that pass end the connection; a slow request is answered by 408, an idle connection by nothing", () => {
    const slow = new Http1Connection("server", { timeouts });
    feed(slow, "GET /");
    slow.deadlineAt(0);
    assert.equal(slow.expire(49), undefined);
    const error = slow.expire(50);
    assert.ok(error);
    assert.match(latin1(slow.refusal(error)), /^HTTP\/1\.1 408 Request Timeout\r\n/);
    assert.ok(slow.isOver);
    assert.equal(slow.deadlineAt(60), Number.POSITIVE_INFINITY);

    const idle = new Http1Connection("server", { timeouts });
    idle.deadlineAt(0);
    const bored = idle.expire(100);
    assert.ok(bored && idle.isOver);
    assert.equal(idle.refusal(bored).length, 0);
    assert.throws(() => idle.next(), RemoteProtocolError);
  });
});

function feed(connection: Http1Connection, text: string): void {
  connection.receive(bytesOf(text));
  while (connection.next() !== undefined);
}
