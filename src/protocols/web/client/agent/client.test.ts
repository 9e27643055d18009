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

describe("an upload", () => {
  async function* parts(): AsyncGenerator<string> {
    yield "he";
    yield "mp";
  }

  it("of parts is chunked, and answered when it is through", async () => {
    const scene = new Scene();
    scene.ask("PUT", undefined, { body: parts() });
    const server = scene.accept();
    await turns();
    assert.match(server.text(), /\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n2\r\nmp\r\n0\r\n\r\n$/);
    server.remote.write(answer("ok"));
    assert.equal(await scene.responses[0]?.text(), "ok");
    assert.equal(scene.agent.connections, 1);
  });

  it("of parts whose length is told is not chunked", async () => {
    const scene = new Scene();
    scene.ask("PUT", undefined, { body: parts(), headers: { "Content-Length": "4" } });
    const server = scene.accept();
    await turns();
    assert.match(server.text(), /\r\nContent-Length: 4\r\n\r\nhemp$/);
    assert.doesNotMatch(server.text(), /chunked/);
  });

  it("of many bytes has a length, and leaves as the server takes it", async () => {
    const scene = new Scene();
    scene.ask("PUT", undefined, { body: new Uint8Array(1_000_000) });
    const server = scene.accept();
    server.remote.stopTaking();
    await turns();
    assert.ok(server.bufferedBytes < 300_000);
    server.remote.startTaking();
    for (let part = 0; part < 20; part++) {
      scene.reactor.settle();
      await turns();
    }
    assert.match(server.text(), /\r\nContent-Length: 1000000\r\n/);
    assert.equal(server.bytes().length, server.text().indexOf("\r\n\r\n") + 4 + 1_000_000);
  });

  it("that fails fails its request, and its connection", async () => {
    const scene = new Scene();
    async function* broken(): AsyncGenerator<string> {
      yield "he";
      throw new Error("no more hemp");
    }
    scene.ask("PUT", undefined, { body: broken() });
    scene.accept();
    await turns();
    scene.reactor.settle();
    assert.match(String(scene.errors[0]?.message), /\(sending\): its body cannot be sent: no more hemp/);
    scene.assertNothingLeft();
  });

  it("is stopped by an answer that refuses it, which is given", async () => {
    const scene = new Scene();
    let stopped = false;
    const body = new ReadableStream({
      cancel: () => {
        stopped = true;
      },
    });
    scene.ask("PUT", undefined, { body });
    const server = scene.accept();
    server.remote.write(answer("too much", "413 Content Too Large"));
    await turns();
    assert.equal(await scene.responses[0]?.text(), "too much");
    assert.equal(stopped, true);
    scene.assertNothingLeft();
  });

  it("waits for 100 if it is told to, and goes anyway when none comes", async () => {
    for (const word of ["HTTP/1.1 100 Continue\r\n\r\n", undefined]) {
      const scene = new Scene();
      scene.ask("PUT", undefined, { body: "hemp", expectContinue: true });
      const server = scene.accept();
      await turns();
      assert.match(server.text(), /\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n$/);
      if (word === undefined) scene.reactor.advance(1_000);
      else server.remote.write(word);
      await turns();
      assert.match(server.text(), /hemp$/);
      server.remote.write(answer("ok"));
      assert.equal(scene.responses.length, 1);
      assert.equal(scene.agent.connections, 1);
    }
  });

  it("is not sent at all when it is refused beforehand", async () => {
    const scene = new Scene();
    scene.ask("PUT", undefined, { body: "hemp", expectContinue: true });
    const server = scene.accept();
    server.remote.write(answer("", "401 Unauthorized"));
    await turns();
    assert.doesNotMatch(server.text(), /hemp/);
    assert.equal(scene.responses[0]?.status, 401);
    scene.assertNothingLeft();
  });
});

describe("a redirect", () => {
  function redirect(status: number, location: string): string {
    return answer("", `${status} Elsewhere`, `Location: ${location}\r\n`);
  }

  it("is followed, over the same connection where it can be", async () => {
    const scene = new Scene();
    scene.get("http://rope.example/a/b#knot");
    const server = scene.accept();
    server.remote.write(redirect(302, "../c?d"));
    server.remote.write(answer("hemp"));
    const [response] = scene.responses;
    assert.deepEqual([response?.url, response?.redirected], ["http://rope.example/c?d", true]);
    assert.deepEqual(
      server
        .text()
        .match(/^GET .*$/gm)
        ?.map((line) => line.trim()),
      ["GET /a/b HTTP/1.1", "GET /c?d HTTP/1.1"],
    );
  });

  it("keeps or changes method and body as RFC 9110 has it", () => {
    const told: string[] = [];
    for (const [status, method] of [
      [301, "POST"],
      [302, "PUT"],
      [303, "PUT"],
      [303, "HEAD"],
      [307, "POST"],
      [308, "POST"],
    ] as const) {
      const scene = new Scene();
      scene.ask(method, undefined, method === "HEAD" ? {} : { json: 1 });
      const server = scene.accept();
      server.remote.write(redirect(status, "/b"));
      const second = server.text().split(/(?<![A-Z])(?=[A-Z]+ \/b)/)[1] ?? "";
      told.push(
        `${status} ${method}: ${second.split(" ")[0]} ${/Content-Type/.test(second)} ${second.endsWith("\r\n\r\n1")}`,
      );
    }
    assert.deepEqual(told, [
      "301 POST: GET false false",
      "302 PUT: PUT true true",
      "303 PUT: GET false false",
      "303 HEAD: HEAD false false",
      "307 POST: POST true true",
      "308 POST: POST true true",
    ]);
  });

  it("tells another origin nothing that was meant for the first", () => {
    for (const [location, isTold] of [
      ["http://rope.example/b", true],
      ["http://rope.example:81/b", false],
      ["http://evil.example/b", false],
    ] as const) {
      const scene = new Scene();
      scene.get(undefined, { auth: ["al", "secret"], headers: { Cookie: "a=1", "X-Knot": "b" } });
      const first = scene.accept();
      first.remote.write(redirect(302, location));
      const head = isTold ? (first.text().split("\r\n\r\n")[1] ?? "") : scene.accept(1).text();
      assert.equal(/Authorization/.test(head), isTold);
      assert.equal(/Cookie/.test(head), isTold);
      assert.match(head, /X-Knot: b/);
    }
  });

  it("is given to who wants to see it", () => {
    const scene = new Scene();
    scene.get(undefined, { followRedirects: false });
    scene.accept().remote.write(redirect(301, "/b"));
    assert.equal(scene.responses[0]?.status, 301);
  });

  it("from https to http is refused unless it is allowed", () => {
    const scene = new Scene();
    scene.get("https://rope.example/");
    scene.accept().remote.write(redirect(301, "http://rope.example/"));
    assert.match(String(scene.errors[0]?.message), /redirected from https to "http:\/\/rope.example\/": allow it/);
    scene.get("https://rope.example/", { allowDowngrade: true });
    scene.reactor.connections[0]?.abortConnection();
    scene.reactor.settle();
  });

  it("after ten others is refused", () => {
    const scene = new Scene();
    scene.get();
    const server = scene.accept();
    for (let count = 0; count < 11; count++) server.remote.write(redirect(302, `/${count}`));
    assert.match(String(scene.errors[0]?.message), /it was redirected 10 times, and again/);
  });

  it("of a body that is gone is refused", async () => {
    const scene = new Scene();
    async function* parts(): AsyncGenerator<string> {
      yield "hemp";
    }
    scene.ask("PUT", undefined, { body: parts() });
    const server = scene.accept();
    await turns();
    server.remote.write(redirect(307, "/b"));
    assert.match(String(scene.errors[0]?.message), /its body cannot be sent twice/);
  });
});
