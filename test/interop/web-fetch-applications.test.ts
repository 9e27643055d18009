/** Applications that were written for the Fetch standard, mounted unchanged: Hono 4 and h3 2. */
import assert from "node:assert/strict";
import { request as nodeRequest } from "node:http";
import { after, before, describe, type TestContext, test } from "node:test";
import { getQuery, H3, HTTPError, readBody } from "h3";
import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { stream, streamSSE } from "hono/streaming";
import { type Application, platformRequests, readEvents, serve as serveWeb, useLightGlobals } from "ropewalk/web";
import { reactor, serve, tcpPortOf } from "./support/guest.ts";
import { FILE_LIMIT_MS } from "./support/program.ts";

/** Where an application answers. */
async function mounted(t: TestContext, application: Application): Promise<string> {
  return `http://127.0.0.1:${tcpPortOf(await serve(t, serveWeb(reactor, "tcp:0:interface=127.0.0.1", application)))}`;
}

function hono(): Hono {
  const app = new Hono();
  app.get("/hello/:name", (c) => c.text(`hello ${c.req.param("name")} ${c.req.query("q")} ${c.req.header("x-a")}`));
  app.post("/json", async (c) => c.json({ got: await c.req.json() }, 201));
  app.post("/form", async (c) => {
    const { name, file } = await c.req.parseBody();
    return c.text(`${String(name)} ${file instanceof File ? `${file.name} ${await file.text()}` : ""}`);
  });
  app.post("/limited", bodyLimit({ maxSize: 10, onError: (c) => c.text("too long", 413) }), async (c) =>
    c.text(await c.req.text()),
  );
  app.use("/private/*", basicAuth({ username: "ann", password: "bowline" }));
  app.get("/private/page", (c) => c.text("come in"));
  app.use("/open/*", cors({ origin: "http://rope.example", allowMethods: ["PUT"] }));
  app.put("/open/page", (c) => c.text("put"));
  app.get("/etag", etag(), (c) => c.text("tagged"));
  app.get("/safe", secureHeaders(), (c) => c.html("<p>safe"));
  app.get("/small", compress({ threshold: 0 }), (c) => c.text("knot ".repeat(1_000)));
  app.get("/stream", (c) =>
    stream(c, async (out) => {
      for (let count = 0; count < 50; count++) await out.write("x".repeat(10_000));
    }),
  );
  app.get("/events", (c) =>
    streamSSE(c, async (out) => {
      for (const id of ["1", "2"]) await out.writeSSE({ id, event: "knot", data: `a\n${id}` });
    }),
  );
  app.get("/cookies", (c) => {
    c.header("Set-Cookie", "a=1");
    c.header("Set-Cookie", "b=2", { append: true });
    return c.redirect("/hello/x", 307);
  });
  app.get("/throws", () => {
    throw new Error("knots");
  });
  app.onError((error, c) =>
    error instanceof HTTPException ? error.getResponse() : c.text(`failed: ${error.message}`, 500),
  );
  app.post("/echo", (c) => new Response(c.req.raw.body, { headers: { "X-Type": c.req.header("content-type") ?? "" } }));
  app.get("/nothing", (c) => c.body(null, 204));
  return app;
}

for (const [name, mount, isLight] of [
  ["Hono", hono, false],
  ["Hono with the platform's own requests", () => platformRequests(hono()), false],
  ["Hono with our classes in the place of the platform's", hono, true],
] as const) {
  describe(name, { timeout: FILE_LIMIT_MS }, () => {
    let light: Disposable | undefined;
    before(() => {
      if (isLight) light = useLightGlobals();
    });
    after(() => light?.[Symbol.dispose]());

    test("routes, and answers HEAD and what it does not know", async (t) => {
      const url = await mounted(t, mount());
      assert.equal(
        await (await fetch(`${url}/hello/ann?q=a%20b`, { headers: { "X-A": "1" } })).text(),
        "hello ann a b 1",
      );
      const head = await fetch(`${url}/hello/ann`, { method: "HEAD" });
      assert.deepEqual([head.status, await head.text()], [200, ""]);
      assert.equal((await fetch(`${url}/none`)).status, 404);
      assert.equal((await fetch(`${url}/nothing`)).status, 204);
    });

    test("reads JSON and forms", async (t) => {
      const url = await mounted(t, mount());
      const made = await fetch(`${url}/json`, { method: "POST", body: '{"a":1}' });
      assert.deepEqual([made.status, await made.json()], [201, { got: { a: 1 } }]);
      const form = new FormData();
      form.append("name", "ann");
      form.append("file", new Blob(["bowline"]), "knot.txt");
      assert.equal(await (await fetch(`${url}/form`, { method: "POST", body: form })).text(), "ann knot.txt bowline");
      const failed = await fetch(`${url}/json`, { method: "POST", body: "{" });
      assert.equal(failed.status, 500);
    });

    test("limits bodies, announced or not", async (t) => {
      const url = await mounted(t, mount());
      const post = async (body: string | ReadableStream) => {
        const response = await fetch(`${url}/limited`, { method: "POST", body, duplex: "half" } as RequestInit);
        return [response.status, await response.text()];
      };
      assert.deepEqual(await post("1234567890"), [200, "1234567890"]);
      assert.deepEqual(await post("12345678901"), [413, "too long"]);
      const stream = (text: string) => new Blob([text]).stream();
      if (mount === hono && !isLight) {
        // It makes a Request of the one that it got: that says what to do, and loses nothing in silence.
        const [status, text] = await post(stream("1234567890"));
        assert.deepEqual([status, /platformRequests\(\)/.test(String(text))], [500, true]);
      } else {
        assert.deepEqual(await post(stream("1234567890")), [200, "1234567890"]);
        assert.deepEqual(await post(stream("12345678901")), [413, "too long"]);
      }
    });

    test("asks for a password, and answers other origins", async (t) => {
      const url = await mounted(t, mount());
      const denied = await fetch(`${url}/private/page`);
      assert.deepEqual([denied.status, denied.headers.get("www-authenticate")], [401, 'Basic realm="Secure Area"']);
      const headers = { Authorization: `Basic ${btoa("ann:bowline")}` };
      assert.equal(await (await fetch(`${url}/private/page`, { headers })).text(), "come in");
      const asked = await preflight(`${url}/open/page`);
      assert.deepEqual(asked, [204, "http://rope.example", "PUT"]);
    });

    test("tags, secures and compresses", async (t) => {
      const url = await mounted(t, mount());
      const tag = (await fetch(`${url}/etag`)).headers.get("etag") as string;
      assert.equal((await fetch(`${url}/etag`, { headers: { "If-None-Match": tag } })).status, 304);
      const safe = await fetch(`${url}/safe`);
      assert.deepEqual([safe.headers.get("x-content-type-options"), await safe.text()], ["nosniff", "<p>safe"]);
      const small = await fetch(`${url}/small`, { headers: { "Accept-Encoding": "gzip" } });
      assert.deepEqual([small.headers.get("content-encoding"), (await small.text()).length], ["gzip", 5_000]);
    });

    test("streams, sends events, echoes a body, sets cookies and redirects", async (t) => {
      const url = await mounted(t, mount());
      assert.equal((await (await fetch(`${url}/stream`)).text()).length, 500_000);
      const heard: unknown[] = [];
      for await (const event of readEvents(await fetch(`${url}/events`))) heard.push(event);
      assert.deepEqual(
        heard,
        ["1", "2"].map((id) => ({ event: "knot", data: `a\n${id}`, id })),
      );
      const text = "knot".repeat(100_000);
      const echo = await fetch(`${url}/echo`, { method: "POST", body: text, headers: { "Content-Type": "t/x" } });
      assert.deepEqual([echo.headers.get("x-type"), (await echo.text()) === text], ["t/x", true]);
      const cookies = await fetch(`${url}/cookies`, { redirect: "manual" });
      assert.deepEqual([cookies.status, cookies.headers.getSetCookie()], [307, ["a=1", "b=2"]]);
    });

    test("answers for what fails", async (t) => {
      const failed = await fetch(`${await mounted(t, mount())}/throws`);
      assert.deepEqual([failed.status, await failed.text()], [500, "failed: knots"]);
    });
  });
}

describe("h3", { timeout: FILE_LIMIT_MS }, () => {
  function app(): H3 {
    return new H3()
      .get("/hello/:name", (event) => ({ hello: event.context.params?.["name"], query: getQuery(event) }))
      .post("/json", async (event) => {
        event.res.status = 201;
        event.res.headers.set("x-a", "1");
        return await readBody(event);
      })
      .get("/stream", () => new Blob(["x".repeat(300_000)]).stream())
      .get("/throws", () => {
        throw new HTTPError({ status: 418, message: "a teapot" });
      })
      .get("/text", (event) => `${event.req.method} ${event.url.pathname}`);
  }

  for (const [name, mount] of [
    ["as it is", app],
    ["with the platform's own requests", () => platformRequests(app())],
  ] as const) {
    test(`routes, reads, streams and fails, ${name}`, async (t) => {
      const url = await mounted(t, mount());
      assert.deepEqual(await (await fetch(`${url}/hello/ann?q=1`)).json(), { hello: "ann", query: { q: "1" } });
      const made = await fetch(`${url}/json`, {
        method: "POST",
        body: '{"a":1}',
        headers: { "Content-Type": "application/json" },
      });
      assert.deepEqual([made.status, made.headers.get("x-a"), await made.json()], [201, "1", { a: 1 }]);
      assert.equal((await (await fetch(`${url}/stream`)).text()).length, 300_000);
      assert.equal(await (await fetch(`${url}/text`)).text(), "GET /text");
      const failed = await fetch(`${url}/throws`);
      assert.deepEqual([failed.status, ((await failed.json()) as { message: string }).message], [418, "a teapot"]);
      assert.equal((await fetch(`${url}/none`)).status, 404);
    });
  }
});

/** What a browser asks before a PUT from another origin; fetch would not let us. */
async function preflight(url: string): Promise<unknown[]> {
  const headers = { Origin: "http://rope.example", "Access-Control-Request-Method": "PUT" };
  return await new Promise((resolve, reject) => {
    nodeRequest(url, { method: "OPTIONS", headers }, (response) => {
      response.resume();
      const allowed = ["access-control-allow-origin", "access-control-allow-methods"].map(
        (name) => response.headers[name],
      );
      resolve([response.statusCode, ...allowed]);
    })
      .on("error", reject)
      .end();
  });
}
