import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answer, Scene, turns } from "../client.fixture.test.ts";

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

  it("to a socket of this machine, or to nowhere, is refused, and leaves the connection free", () => {
    for (const [location, told] of [
      ["http+unix://%2Fvar%2Frun%2Fdocker.sock/", /only http and https are followed/],
      ["file:///etc/passwd", /only http and https are followed/],
      ["http://", /which is no URL/],
    ] as const) {
      const scene = new Scene({ maxConnectionsPerHost: 1 });
      scene.get();
      const server = scene.accept();
      server.remote.write(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 4\r\n\r\n`);
      assert.match(String(scene.errors[0]?.message), told);
      server.remote.write("hemp");
      scene.get("http://rope.example/next");
      assert.match(server.text(), /GET \/next/);
    }
  });

  it("may be in UTF-8", () => {
    const scene = new Scene();
    scene.get();
    const server = scene.accept();
    server.remote.write(redirect(302, "/é?ö"));
    assert.match(server.text(), /GET \/%C3%A9\?%C3%B6 HTTP/);
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
