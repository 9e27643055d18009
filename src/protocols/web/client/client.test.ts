import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { ConnectError } from "../../../core/errors.ts";
import { MemoryReactor } from "../../../testing/index.ts";
import { HttpError } from "../message/http-error.ts";
import { Request } from "../message/request.ts";
import { answer, Scene, turns } from "./client.fixture.test.ts";
import { get } from "./client.ts";
import { RequestError } from "./errors.ts";
import { USER_AGENT } from "./plan.ts";

describe("a request", () => {
  it("is one head with what servers expect", () => {
    const scene = new Scene();
    scene.get("http://rope.example:8080/a/b?c=d#e");
    assert.deepEqual(scene.dialled, ["rope.example:8080"]);
    const head = scene.accept().text();
    assert.match(head, /^GET \/a\/b\?c=d HTTP\/1\.1\r\nHost: rope\.example:8080\r\n/);
    assert.match(head, /\r\nUser-Agent: ropewalk\/[\d.]+\r\nAccept: \*\/\*\r\n/);
    assert.match(head, /\r\n\r\n$/);
  });

  it("names the version that package.json has", () => {
    const { version } = JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8"));
    assert.equal(USER_AGENT, `ropewalk/${version}`);
  });

  it("says what its caller says in place of the defaults", () => {
    const scene = new Scene();
    scene.get(undefined, {
      headers: { host: "other", "user-agent": "me", accept: "text/plain", "x-knot": ["a", "b"] },
    });
    const lines = scene.accept().text().split("\r\n");
    assert.deepEqual(
      lines.filter((line) => !line.startsWith("Accept-Encoding")),
      ["GET / HTTP/1.1", "host: other", "user-agent: me", "accept: text/plain", "x-knot: a", "x-knot: b", "", ""],
    );
  });

  it("adds the query to that of the URL", () => {
    const scene = new Scene();
    scene.get("http://rope.example/?a=1", { query: { b: [2, 3], c: "d e&" } });
    assert.match(scene.accept().text(), /^GET \/\?a=1&b=2&b=3&c=d\+e%26 HTTP/);
  });

  it("sends JSON, forms and text with their types and lengths", () => {
    const bodies = [{ json: { a: 1 } }, { form: { a: 1, b: "é" } }, { body: "é" }, { body: new Uint8Array([65]) }];
    const sent = bodies.map((options) => {
      const scene = new Scene();
      scene.ask("POST", undefined, options);
      const [head = "", body] = scene.accept().text().split("\r\n\r\n");
      return [/^Content-Type: (.*)$/m.exec(head)?.[1], /^Content-Length: (.*)$/m.exec(head)?.[1], body];
    });
    assert.deepEqual(sent, [
      ["application/json", "7", '{"a":1}'],
      ["application/x-www-form-urlencoded", "12", "a=1&b=%C3%A9"],
      ["text/plain;charset=UTF-8", "2", "é"],
      [undefined, "1", "A"],
    ]);
  });

  it("takes one body only", () => {
    const scene = new Scene();
    scene.ask("POST", undefined, { json: 1, body: "1" });
    assert.match(String(scene.errors[0]?.message), /more than one body/);
  });

  it("logs in with Basic, by an option or the URL, which nobody gets to see", () => {
    const scene = new Scene();
    scene.get("http://al%20ice:s%C3%A9same@rope.example/");
    const head = scene.accept().text();
    assert.match(
      head,
      new RegExp(`\\r\\nAuthorization: Basic ${Buffer.from("al ice:sésame").toString("base64")}\\r\\n`),
    );
    assert.match(head, /\r\nHost: rope\.example\r\n/);
    scene.reactor.connections[0]?.abortConnection();
    scene.reactor.settle();
    assert.doesNotMatch(String(scene.errors[0]?.message), /same|ice/);
  });

  it("may be a Request", () => {
    const scene = new Scene();
    const request = new Request("http://rope.example/a", { method: "PUT", body: "hemp", headers: { "X-Knot": "b" } });
    scene.agent.request(request);
    assert.match(scene.accept().text(), /^PUT \/a HTTP\/1\.1\r\n[\s\S]*\r\nX-Knot: b\r\n[\s\S]*\r\n\r\nhemp$/);
  });

  it("that cannot be said fails, and its connection serves the next", () => {
    const scene = new Scene({ maxConnectionsPerHost: 1 });
    scene.agent.get("http://rope.example/").addErrback((error) => scene.outcomes.push(error as Error));
    const server = scene.accept();
    server.remote.write(answer());
    scene.ask("GET", undefined, { headers: [["Content-Length", "x"]] });
    scene.get();
    assert.match(String(scene.errors[0]?.message), /^Cannot GET "http:\/\/rope\.example\/" \(sending\): /);
    server.remote.write(answer("ok"));
    assert.equal(scene.responses.length, 1);
    assert.equal(scene.dialled.length, 1);
  });

  it("fails for what is no URL, or leads nowhere", () => {
    const scene = new Scene();
    for (const url of ["ropes", "ftp://rope.example/"]) scene.get(url);
    assert.deepEqual(
      scene.errors.map(({ name }) => name),
      ["TypeError", "TypeError"],
    );
    assert.deepEqual(scene.dialled, []);
  });
});

describe("an answer", () => {
  it("that came in one read is there at once, and its connection is free", async () => {
    const scene = new Scene();
    scene.get();
    const server = scene.accept();
    server.remote.write(answer("hemp", "203 So So", "X-Knot: a\r\n"));
    const [response] = scene.responses;
    assert.deepEqual([response?.status, response?.statusText, response?.ok], [203, "So So", true]);
    assert.equal(response?.headers.get("x-knot"), "a");
    assert.equal(response?.url, "http://rope.example/");
    assert.equal(await response?.text(), "hemp");
    scene.get();
    assert.equal(scene.dialled.length, 1);
  });

  it("is given when its head is there, and its body as it comes", async () => {
    const scene = new Scene();
    scene.get();
    const server = scene.accept();
    server.remote.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const reading = scene.responses[0]?.text();
    server.remote.write("2\r\nhe\r\n2\r\nm");
    server.remote.write("p\r\n0\r\n\r\n");
    assert.equal(await reading, "hemp");
  });

  it("to HEAD, and 204 and 304, have no body, whatever they say", () => {
    for (const [method, head] of [
      ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"],
      ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
      ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"],
    ] as const) {
      const scene = new Scene();
      scene.ask(method);
      scene.accept().remote.write(head);
      assert.equal(scene.responses[0]?.body, null);
      assert.equal(scene.agent.connections, 1);
    }
  });

  it("may end with its connection, as those of HTTP/1.0 do", async () => {
    const scene = new Scene();
    scene.get();
    const server = scene.accept();
    server.remote.write("HTTP/1.0 200 OK\r\n\r\nhe");
    server.remote.write("mp");
    server.remote.end();
    assert.equal(await scene.responses[0]?.text(), "hemp");
    scene.assertNothingLeft();
  });

  it("that says close is the last one of its connection", async () => {
    const scene = new Scene();
    scene.get();
    scene.accept().remote.write(answer("hemp", "200 OK", "Connection: close\r\n"));
    assert.equal(await scene.responses[0]?.text(), "hemp");
    assert.equal(scene.agent.connections, 0);
  });

  it("of a status that no standard knows is given all the same", () => {
    const scene = new Scene();
    scene.get();
    scene.accept().remote.write(answer("", "799 Knotty"));
    assert.equal(scene.responses[0]?.status, 799);
  });

  it("that nobody reads makes the server wait", async () => {
    const scene = new Scene();
    scene.get();
    const server = scene.accept();
    server.remote.write("HTTP/1.1 200 OK\r\nContent-Length: 655360\r\n\r\n");
    for (let part = 0; part < 10; part++) server.remote.write(new Uint8Array(65_536));
    assert.equal(server.unreadBytes, 9 * 65_536);
    const reading = scene.responses[0]?.bytes();
    scene.reactor.settle();
    assert.equal((await reading)?.length, 655_360);
    assert.equal(server.unreadBytes, 0);
  });

  it("is no more than may be kept, if it is asked for in one piece", async () => {
    for (const head of [answer("hempen"), "HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\nhempen"]) {
      const scene = new Scene({ defaults: { maxCollectedBytes: 5 } });
      scene.get();
      scene.accept().remote.write(head);
      await assert.rejects(async () => await scene.responses[0]?.text(), /more than 5 bytes/);
    }
  });

  it("that breaks off fails whoever reads it", async () => {
    const scene = new Scene();
    scene.get();
    const server = scene.accept();
    server.remote.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhemp");
    const reading = scene.responses[0]?.text();
    server.remote.reset();
    await assert.rejects(
      async () => await reading,
      (error: RequestError) => error.phase === "reading",
    );
    scene.assertNothingLeft();
  });

  it("that is no HTTP fails the request, and says so", () => {
    const scene = new Scene();
    scene.get();
    scene.accept().remote.write("220 smtp.example ESMTP\r\n");
    assert.match(String(scene.errors[0]?.message), /\(waiting\): Peer sent no valid HTTP\/1\.1: /);
    scene.assertNothingLeft();
  });

  it("that is followed by what nobody asked for ends its connection", async () => {
    const scene = new Scene();
    scene.get();
    const server = scene.accept();
    server.remote.write(`${answer("hemp")}HTTP/1.1 200 OK\r\n`);
    assert.equal(await scene.responses[0]?.text(), "hemp");
    scene.assertNothingLeft();
  });

  it("of 400 and more fails the request if it is to be checked", async () => {
    const scene = new Scene();
    scene.get(undefined, { check: true });
    scene.accept().remote.write(answer("lost", "404 Not Found"));
    const [error] = scene.errors as unknown as HttpError[];
    assert.ok(error instanceof HttpError);
    assert.deepEqual(
      [error.status, error.message],
      [404, 'Cannot GET "http://rope.example/": the server answered 404 Not Found'],
    );
  });

  it("may be announced", () => {
    const scene = new Scene();
    const seen: unknown[] = [];
    scene.get(undefined, { informed: (status, headers) => seen.push(status, headers.get("link")) });
    scene.accept().remote.write(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${answer("hemp")}`);
    assert.deepEqual(seen, [103, "</a.css>"]);
    assert.equal(scene.responses.length, 1);
  });
});

describe("a shared agent", () => {
  it("closes what is not used, so that a process can end", async () => {
    const reactor = new MemoryReactor();
    const got = get(reactor, "http://rope.example/");
    reactor.connects[0]?.accept().remote.write(answer("hemp"));
    assert.equal(await (await got).text(), "hemp");
    assert.equal(reactor.connections.length, 1);
    reactor.advance(500);
    assert.equal(reactor.connections.length, 0);
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  it("leaves those alone that go another way", async () => {
    const reactor = new MemoryReactor();
    get(reactor, "http://rope.example/", { socketPath: "/run/a.sock" });
    get(reactor, "http://rope.example/", { proxy: "http://proxy.example" });
    get(reactor, "http://rope.example/");
    assert.deepEqual(
      reactor.connects.map(({ target }) => target),
      ["unix:/run/a.sock", "proxy.example:80", "rope.example:80"],
    );
    reactor.connects[0]?.accept().remote.write(answer("hemp"));
    reactor.advance(0);
    assert.equal(reactor.connections.length, 0);
  });

  it("says who was not reached", async () => {
    const reactor = new MemoryReactor();
    const got = get(reactor, "http://rope.example/");
    reactor.connects[0]?.refuse();
    await assert.rejects(
      async () => await got,
      (error) => error instanceof RequestError && error.phase === "connecting" && error.cause instanceof ConnectError,
    );
    await turns();
  });
});
