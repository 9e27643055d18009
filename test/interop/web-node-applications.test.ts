/** Applications that were written for Node's own server, mounted unchanged: Express 5 and Fastify 5. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, get, request as nodeRequest } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, type TestContext, test } from "node:test";
import express from "express";
import fastify from "fastify";
import { type NodeListener, nodeApplication, serve as serveWeb } from "ropewalk/web";
import { reactor, serve, tcpPortOf } from "./support/guest.ts";
import { FILE_LIMIT_MS } from "./support/program.ts";

/** Where such an application answers. */
async function mounted(t: TestContext, listener: NodeListener): Promise<string> {
  const port = await serve(t, serveWeb(reactor, "tcp:0:interface=127.0.0.1", nodeApplication(listener)));
  return `http://127.0.0.1:${tcpPortOf(port)}`;
}

async function post(url: string, body: string, type: string): Promise<Response> {
  return await fetch(url, { method: "POST", body, headers: { "Content-Type": type } });
}

/** A long answer that is read slowly. */
async function* long(): AsyncGenerator<string> {
  for (let count = 0; count < 200; count++) yield "x".repeat(10_000);
}

describe("Express", { timeout: FILE_LIMIT_MS }, () => {
  function app(): express.Express {
    const application = express();
    application.set("etag", "strong").set("env", "test");
    application.use((_req, res, next) => {
      res.setHeader("X-Before", "1");
      next();
    });
    application.get("/hello/:name", (req, res) => {
      res
        .cookie("knot", "bow line")
        .send(`hello ${req.params["name"]} ${String(req.query["q"])} ${req.ip} ${req.protocol} ${req.hostname}`);
    });
    application.post("/json", express.json({ limit: "1kb" }), (req, res) => {
      res.status(201).json({ got: req.body as unknown });
    });
    application.post("/form", express.urlencoded({ extended: false }), (req, res) => {
      res.json(req.body);
    });
    application.post("/raw", (req, res) => {
      req.pipe(res.type("application/octet-stream"));
    });
    application.get("/long", async (_req, res) => {
      await pipeline(Readable.from(long()), res);
    });
    application.get("/redirect", (_req, res) => res.redirect(301, "/hello/x"));
    application.get("/throws", () => {
      throw new Error("knots");
    });
    application.get("/rejects", async () => {
      throw Object.assign(new Error("a teapot"), { status: 418, expose: true });
    });
    application.get("/twice", (_req, res) => {
      res.send("once");
      res.send("twice");
    });
    application.use("/static", express.static(import.meta.dirname, { index: false }));
    const inner = express();
    inner.get("/x", (req, res) => res.send(`${req.baseUrl} ${req.originalUrl} ${req.url}`));
    application.use("/inner", inner);
    application.use(
      (
        error: Error & { status?: number },
        _req: express.Request,
        res: express.Response,
        next: express.NextFunction,
      ) => {
        if (res.headersSent) next(error);
        else res.status(error.status ?? 500).send(`failed: ${error.message}`);
      },
    );
    return application;
  }

  test("routes, and tells who asks for what", async (t) => {
    const url = await mounted(t, app());
    const response = await fetch(`${url}/hello/ann?q=a%20b`);
    assert.equal(await response.text(), "hello ann a b 127.0.0.1 http 127.0.0.1");
    assert.deepEqual(
      ["x-powered-by", "x-before", "set-cookie", "content-type", "content-length"].map((name) =>
        response.headers.get(name),
      ),
      ["Express", "1", "knot=bow%20line; Path=/", "text/html; charset=utf-8", "38"],
    );
    assert.equal(await (await fetch(`${url}/inner/x?y`)).text(), "/inner /inner/x?y /x?y");
  });

  test("answers conditional requests and HEAD", async (t) => {
    const url = await mounted(t, app());
    const etag = (await fetch(`${url}/hello/ann`)).headers.get("etag") as string;
    // With a Cache-Control of its own, for fetch adds one that asks for everything anew.
    const again = await fetch(`${url}/hello/ann`, { headers: { "If-None-Match": etag, "Cache-Control": "max-age=0" } });
    assert.deepEqual([again.status, await again.text()], [304, ""]);
    const head = await fetch(`${url}/hello/ann`, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("etag"), await head.text()], [200, etag, ""]);
  });

  test("parses bodies, and refuses what is too long or none", async (t) => {
    const url = await mounted(t, app());
    const made = await post(`${url}/json`, '{"a":[1]}', "application/json");
    assert.deepEqual([made.status, await made.json()], [201, { got: { a: [1] } }]);
    assert.deepEqual(await (await post(`${url}/form`, "a=1&b=%20", "application/x-www-form-urlencoded")).json(), {
      a: "1",
      b: " ",
    });
    assert.equal((await post(`${url}/json`, JSON.stringify("x".repeat(2_000)), "application/json")).status, 413);
    assert.equal((await post(`${url}/json`, "{", "application/json")).status, 400);
  });

  test("streams both ways", async (t) => {
    const url = await mounted(t, app());
    const text = "knot".repeat(500_000);
    assert.equal(await (await post(`${url}/raw`, text, "text/plain")).text(), text);
    assert.equal((await (await fetch(`${url}/long`)).text()).length, 2_000_000);
  });

  test("serves files, with ranges", async (t) => {
    const url = `${await mounted(t, app())}/static/web-node-applications.test.js`;
    const whole = await (await fetch(url)).text();
    const part = await fetch(url, { headers: { Range: "bytes=0-9" } });
    assert.deepEqual([part.status, await part.text()], [206, whole.slice(0, 10)]);
  });

  test("redirects, and answers for what fails, whatever way", async (t) => {
    const url = await mounted(t, app());
    const redirect = await fetch(`${url}/redirect`, { redirect: "manual" });
    assert.deepEqual([redirect.status, redirect.headers.get("location")], [301, "/hello/x"]);
    const seen = async (path: string) => [(await fetch(url + path)).status, await (await fetch(url + path)).text()];
    assert.deepEqual(await seen("/throws"), [500, "failed: knots"]);
    assert.deepEqual(await seen("/rejects"), [418, "failed: a teapot"]);
    assert.deepEqual(await seen("/twice"), [200, "once"]);
    const none = await fetch(`${url}/none`);
    assert.deepEqual([none.status, (await none.text()).includes("Cannot GET /none")], [404, true]);
  });

  test("keeps the connection between requests", async (t) => {
    const url = await mounted(t, app());
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const ports = new Set<number | undefined>();
    for (const path of ["/hello/a", "/long", "/throws", "/none", "/hello/b"]) {
      const [response] = await once(get(url + path, { agent }), "response");
      ports.add(response.socket.localPort);
      for await (const _ of response);
    }
    assert.equal(ports.size, 1);
  });

  test("hears that the client has gone", async (t) => {
    const application = express();
    const gone = new Promise<string>((resolve) => {
      application.get("/", (req, res) => {
        // A client that has only said all that it will say may still listen: whoever writes to one that does not, hears of it.
        const timer = setInterval(() => res.write("a"), 5);
        req.on("close", () => {
          clearInterval(timer);
          resolve(`gone, ended: ${res.writableEnded}`);
        });
      });
    });
    const asking = nodeRequest(await mounted(t, application)).on("error", () => undefined);
    asking.on("response", () => asking.destroy());
    asking.end();
    assert.equal(await gone, "gone, ended: false");
  });
});

describe("Fastify", { timeout: FILE_LIMIT_MS }, () => {
  async function app(): Promise<NodeListener> {
    const application = fastify({ bodyLimit: 1_000 });
    application.addHook("onSend", async (_request, reply) => {
      reply.header("x-hook", "1");
    });
    application.get("/hello/:name", async (request) => ({
      hello: request.params,
      query: request.query,
      ip: request.ip,
      host: request.hostname,
    }));
    application.post(
      "/json",
      { schema: { body: { type: "object", required: ["a"], properties: { a: { type: "number" } } } } },
      async (request, reply) => reply.code(201).send(request.body),
    );
    application.get("/long", async (_request, reply) => reply.type("text/plain").send(Readable.from(long())));
    application.get("/throws", async () => {
      throw Object.assign(new Error("a teapot"), { statusCode: 418 });
    });
    application.get("/raw", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(202, { "X-Raw": "1" }).end("raw");
    });
    await application.ready();
    return application.routing as NodeListener;
  }

  test("routes, validates and serialises", async (t) => {
    const url = await mounted(t, await app());
    const response = await fetch(`${url}/hello/ann?q=1`);
    assert.equal(response.headers.get("x-hook"), "1");
    assert.deepEqual(await response.json(), {
      hello: { name: "ann" },
      query: { q: "1" },
      ip: "127.0.0.1",
      host: "127.0.0.1",
    });
    const made = await post(`${url}/json`, '{"a":1}', "application/json");
    assert.deepEqual([made.status, await made.json()], [201, { a: 1 }]);
    for (const [body, status] of [
      ['{"a":"b"}', 400],
      ["{", 400],
      [JSON.stringify({ a: "x".repeat(2_000) }), 413],
    ] as const)
      assert.equal((await post(`${url}/json`, body, "application/json")).status, status);
  });

  test("streams, fails and takes over", async (t) => {
    const url = await mounted(t, await app());
    assert.equal((await (await fetch(`${url}/long`)).text()).length, 2_000_000);
    const failed = await fetch(`${url}/throws`);
    assert.deepEqual([failed.status, ((await failed.json()) as { message: string }).message], [418, "a teapot"]);
    const raw = await fetch(`${url}/raw`);
    assert.deepEqual([raw.status, raw.headers.get("x-raw"), await raw.text()], [202, "1", "raw"]);
    assert.equal((await fetch(`${url}/none`)).status, 404);
    assert.equal(await (await fetch(`${url}/hello/x`, { method: "HEAD" })).text(), "");
  });
});
