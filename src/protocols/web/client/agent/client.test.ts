import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TimeoutError } from "../../../../core/deferred/errors.ts";
import { Deadline } from "../../../../core/time/deadline.ts";
import { answer, Scene, turns } from "../client.fixture.test.ts";

describe("an agent's pool", () => {
  it("makes as many connections to a host as it may, and then lets requests wait in order", () => {
    const scene = new Scene({ maxConnectionsPerHost: 2 });
    for (const path of ["a", "b", "c", "d"]) scene.get(`http://rope.example/${path}`);
    scene.get("http://other.example/");
    assert.deepEqual(scene.dialled, ["rope.example:80", "rope.example:80", "other.example:80"]);
    assert.deepEqual([scene.agent.connections, scene.agent.queued], [3, 5]);
    const [first, second] = [scene.accept(0), scene.accept(1)];
    second.remote.write(answer());
    first.remote.write(answer());
    assert.match(first.text(), /^GET \/a[\s\S]*GET \/d/);
    assert.match(second.text(), /^GET \/b[\s\S]*GET \/c/);
  });

  it("uses the connection again that was used last", () => {
    const scene = new Scene();
    for (const path of ["a", "b"]) scene.get(`http://rope.example/${path}`);
    const [first, second] = [scene.accept(0), scene.accept(1)];
    first.remote.write(answer());
    second.remote.write(answer());
    scene.get("http://rope.example/c");
    assert.match(second.text(), /GET \/c/);
  });

  it("keeps places apart by scheme, host and port", () => {
    const scene = new Scene();
    for (const url of ["http://a/", "http://a:81/", "https://a/", "http://b/", "http+unix://%2Frun%2Fa.sock/"]) {
      scene.get(url);
    }
    assert.deepEqual(scene.dialled, ["a:80", "a:81", "a:443", "b:80", "unix:/run/a.sock"]);
  });

  it("closes a free connection elsewhere when it has as many as it may in all", () => {
    const scene = new Scene({ maxConnections: 1 });
    scene.get("http://a/");
    scene.accept().remote.write(answer());
    scene.get("http://b/");
    assert.deepEqual(scene.dialled, ["a:80", "b:80"]);
    assert.equal(scene.agent.connections, 1);
  });

  it("lets requests for one place wait for connections to another", () => {
    const scene = new Scene({ maxConnections: 1 });
    scene.get("http://a/");
    scene.get("http://b/");
    assert.deepEqual(scene.dialled, ["a:80"]);
    scene.accept().remote.write(answer("", "200 OK", "Connection: close\r\n"));
    assert.deepEqual(scene.dialled, ["a:80", "b:80"]);
  });

  it("takes no more into its queue than it may, and lets nobody wait for ever", () => {
    const scene = new Scene({ maxConnectionsPerHost: 1, maxQueued: 2 });
    scene.get();
    scene.accept();
    for (let more = 0; more < 3; more++) scene.get(undefined, { queueTimeoutMs: 1_000 });
    assert.match(String(scene.errors[0]?.message), /\(queued\): 2 requests wait for a connection already/);
    scene.reactor.advance(1_000);
    assert.match(String(scene.errors[1]?.message), /\(queued\): no connection became free within 1000 ms/);
    assert.equal(scene.agent.queued, 0);
  });

  it("closes connections that nobody used for a while, or that are old", () => {
    const scene = new Scene({ idleTimeoutMs: 100, maxAgeMs: 150 });
    scene.get();
    const first = scene.accept();
    first.remote.write(answer());
    scene.reactor.advance(99);
    scene.get();
    scene.reactor.advance(99);
    first.remote.write(answer());
    assert.equal(scene.agent.connections, 0);
    scene.get();
    scene.accept(1).remote.write(answer());
    scene.reactor.advance(100);
    scene.assertNothingLeft();
  });

  it("fails one request for each connection that cannot be made", () => {
    const scene = new Scene({ maxConnectionsPerHost: 1 });
    scene.get();
    scene.get();
    scene.reactor.connects[0]?.refuse();
    assert.equal(scene.errors.length, 1);
    scene.accept(1).remote.write(answer());
    assert.equal(scene.responses.length, 1);
  });

  it("repeats what a stale connection did not answer, over a new one", () => {
    const scene = new Scene();
    scene.get("http://rope.example/a");
    const first = scene.accept();
    first.remote.write(answer());
    scene.get("http://rope.example/b");
    first.remote.reset();
    scene.accept(1).remote.write(answer("hemp"));
    assert.equal(scene.responses.length, 2);
    assert.deepEqual(scene.errors, []);
  });

  it("repeats neither what might do harm, nor on a new connection, nor after the first byte, nor twice", () => {
    const post = new Scene();
    post.get();
    const used = post.accept();
    used.remote.write(answer());
    post.ask("POST", undefined, { body: "hemp" });
    used.remote.end();
    assert.match(
      String(post.errors[0]?.message),
      /^Cannot POST .* \(waiting\): .*the connection ended before its answer/,
    );

    const fresh = new Scene();
    fresh.get();
    fresh.accept().remote.end();
    assert.equal(fresh.errors.length, 1);

    const begun = new Scene();
    begun.get();
    const connection = begun.accept();
    connection.remote.write(answer());
    begun.get();
    connection.remote.write("HTT");
    connection.remote.end();
    assert.equal(begun.errors.length, 1);
    assert.equal(begun.dialled.length, 1);
  });

  it("notices that a server closed a free connection", () => {
    const scene = new Scene();
    scene.get();
    const first = scene.accept();
    first.remote.write(answer());
    first.remote.end();
    assert.equal(scene.agent.connections, 0);
    scene.get();
    assert.equal(scene.dialled.length, 2);
  });

  it("closes a free connection on which a server says what nobody asked for", () => {
    const scene = new Scene();
    scene.get();
    const first = scene.accept();
    first.remote.write(answer());
    first.remote.write("HTTP/1.1 408 Request Timeout\r\n\r\n");
    assert.equal(scene.agent.connections, 0);
    scene.get();
    assert.equal(scene.dialled.length, 2);
  });

  it("uses a connection again when a little rest of an answer was thrown away, and closes it when there is much", async () => {
    const scene = new Scene();
    scene.get();
    const server = scene.accept();
    server.remote.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhemp");
    await scene.responses[0]?.body?.cancel();
    server.remote.write("hemp");
    scene.get();
    assert.equal(scene.dialled.length, 1);
    server.remote.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhemp");
    await scene.responses[1]?.body?.cancel();
    scene.reactor.settle();
    scene.assertNothingLeft();
  });

  it("closes: what waits fails, what is under way ends", async () => {
    const scene = new Scene({ maxConnectionsPerHost: 2 });
    for (let count = 0; count < 3; count++) scene.get();
    const server = scene.accept();
    let isClosed = false;
    scene.agent.close().addCallback(() => {
      isClosed = true;
    });
    assert.deepEqual([scene.errors.length, isClosed], [2, false]);
    server.remote.write(answer());
    assert.deepEqual([scene.responses.length, isClosed], [1, true]);
    scene.get();
    assert.match(String(scene.errors[2]?.message), /its agent is closed/);
    scene.reactor.settle();
    scene.assertNothingLeft();
  });
});

describe("a request that is cancelled", () => {
  const STAGES: Readonly<Record<string, (scene: Scene) => void>> = {
    connecting: () => {},
    waiting: (scene) => {
      scene.accept();
    },
    "hearing the head": (scene) => {
      scene.accept().remote.write("HTTP/1.1 200 OK\r\n");
    },
    reading: (scene) => {
      scene.accept().remote.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhemp");
    },
  };
  for (const [stage, reach] of Object.entries(STAGES)) {
    it(`while ${stage} leaves no socket and no timer`, async () => {
      const scene = new Scene();
      const hurry = new AbortController();
      const asked = scene.agent.get("http://rope.example/", { signal: hurry.signal, timeoutMs: 9_000 });
      const reading = asked.then((response) => response.text());
      const failed = assert.rejects(async () => await reading, { name: "AbortError", cause: "enough" });
      reach(scene);
      await turns();
      hurry.abort("enough");
      scene.reactor.settle();
      await failed;
      scene.assertNothingLeft();
    });
  }

  it("while queued leaves the queue", () => {
    const scene = new Scene({ maxConnectionsPerHost: 1 });
    scene.get();
    const server = scene.accept();
    const second = scene.get();
    scene.get("http://rope.example/third");
    second.cancel();
    assert.equal(scene.agent.queued, 1);
    server.remote.write(answer());
    assert.match(server.text(), /GET \/third/);
  });

  it("while sending stops its body and leaves no socket", async () => {
    const scene = new Scene();
    let stopped = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield "hemp".repeat(10_000);
      } finally {
        stopped = true;
      }
    }
    const asked = scene.ask("PUT", undefined, { body: endless() });
    const server = scene.accept();
    server.remote.stopTaking();
    await turns();
    asked.cancel();
    scene.reactor.settle();
    await turns();
    assert.equal(stopped, true);
    scene.assertNothingLeft();
  });

  it("before it begins does nothing at all", async () => {
    const scene = new Scene();
    scene.get(undefined, { signal: AbortSignal.abort("late") });
    assert.deepEqual([scene.errors[0]?.name, scene.dialled], ["AbortError", []]);
  });

  it("by a Deadline says so", async () => {
    const scene = new Scene();
    using deadline = new Deadline(scene.reactor, 1_000);
    scene.get(undefined, deadline);
    scene.accept();
    scene.reactor.advance(1_000);
    assert.ok(scene.errors[0]?.cause instanceof TimeoutError);
  });
});

describe("a request's patience", () => {
  it("is for each phase of its own", () => {
    const connecting = new Scene();
    connecting.get(undefined, { connectTimeoutMs: 100 });
    connecting.reactor.advance(100);

    const waiting = new Scene();
    waiting.get(undefined, { answerTimeoutMs: 100 });
    waiting.accept();
    waiting.reactor.advance(100);

    const told = [connecting, waiting].map(({ errors: [error] }) => [
      error?.phase,
      error?.cause instanceof TimeoutError,
    ]);
    assert.deepEqual(told, [
      ["connecting", true],
      ["waiting", true],
    ]);
    waiting.assertNothingLeft();
  });

  it("with a silent server ends in the middle of an answer", async () => {
    const scene = new Scene();
    scene.get(undefined, { silenceTimeoutMs: 100 });
    const server = scene.accept();
    server.remote.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
    const reading = scene.responses[0]?.text();
    scene.reactor.advance(99);
    server.remote.write("hemp");
    scene.reactor.advance(99);
    const failed = assert.rejects(async () => await reading, /\(reading\): the server sent nothing more for 100 ms/);
    scene.reactor.advance(1);
    await failed;
    scene.assertNothingLeft();
  });

  it("in all ends an answer that goes on", async () => {
    const scene = new Scene();
    scene.get(undefined, { timeoutMs: 100 });
    const server = scene.accept();
    server.remote.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
    const reading = scene.responses[0]?.text();
    const failed = assert.rejects(async () => await reading, /it was not complete within 100 ms/);
    scene.reactor.advance(100);
    await failed;
    scene.assertNothingLeft();
  });

  it("in all is over with the answer", () => {
    const scene = new Scene({ idleTimeoutMs: 10 });
    scene.get(undefined, { timeoutMs: 100 });
    scene.accept().remote.write(answer());
    scene.reactor.advance(10);
    scene.assertNothingLeft();
  });

  it("with a server that takes nothing of a body ends, and with a slow source does not", async () => {
    const scene = new Scene();
    scene.ask("PUT", undefined, { body: "x".repeat(1_000_000), silenceTimeoutMs: 100 });
    const server = scene.accept();
    server.remote.stopTaking();
    await turns();
    scene.reactor.advance(100);
    assert.match(String(scene.errors[0]?.message), /\(sending\): the server took nothing of its body for 100 ms/);

    const slow = new Scene();
    slow.ask("PUT", undefined, { body: new ReadableStream(), silenceTimeoutMs: 100, answerTimeoutMs: 100 });
    slow.accept();
    await turns();
    slow.reactor.advance(10_000);
    assert.deepEqual(slow.errors, []);
  });
});
