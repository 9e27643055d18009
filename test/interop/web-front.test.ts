/** The web server behind haproxy and nginx, under ab and wrk, and with Chromium. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, type TestContext, test } from "node:test";
import { Deferred } from "ropewalk";
import { type Answer, type Request, Response } from "ropewalk/web";
import { freePort, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks } from "./support/program.ts";
import { haproxyOf, nginxOf, startWeb, type Told, watchedApp, webApp } from "./support/web-app.ts";

const FRONTS = {
  haproxy: (t: TestContext, front: number, backend: number) =>
    haproxyOf(t, `listen front\n bind 127.0.0.1:${front}\n http-reuse always\n server ours 127.0.0.1:${backend}\n`),
  nginx: (t: TestContext, front: number, backend: number) =>
    nginxOf(
      t,
      `upstream ours { server 127.0.0.1:${backend}; keepalive 4; } server { listen 127.0.0.1:${front}; location / {
        proxy_pass http://ours; proxy_http_version 1.1; proxy_set_header Connection "";
        proxy_request_buffering off; proxy_buffering off; client_max_body_size 0; } }`,
    ),
};

for (const name of ["haproxy", "nginx"] as const) {
  describe(`behind ${name}`, { skip: lacks(name), timeout: FILE_LIMIT_MS }, () => {
    const proxied = async (t: TestContext) => {
      const { port, host } = await watchedApp(t);
      const front = await freePort();
      await FRONTS[name](t, front, port);
      return { url: `http://127.0.0.1:${front}`, host };
    };

    test("pages of every framing come over connections that are used again", async (t) => {
      const { url, host } = await proxied(t);
      for (let round = 0; round < 5; round++) {
        assert.equal(await (await fetch(`${url}/hello`)).text(), "hello\n");
        assert.equal((await (await fetch(`${url}/parts?count=100&bytes=100`)).text()).length, 10_000);
        assert.equal((await fetch(`${url}/nothing`)).status, 204);
        const head = await fetch(`${url}/known?bytes=500`, { method: "HEAD" });
        assert.deepEqual([head.headers.get("content-length"), await head.text()], ["500", ""]);
        const echo = (await (await fetch(`${url}/echo`, { method: "PUT", body: `rope ${round}` })).json()) as Told;
        assert.deepEqual([echo.method, echo.version, echo.body], ["PUT", "1.1", `rope ${round}`]);
      }
      // A front may still hold the first when the next request comes: then it makes a second, and no more.
      assert.ok(host.count <= 2, `25 requests took ${host.count} connections`);
    });

    test("an upload in chunks comes whole", async (t) => {
      const { url } = await proxied(t);
      const data = randomBytes(2_000_000);
      const init = { method: "POST", body: new Blob([data]).stream(), duplex: "half" } as const;
      const answer = await fetch(`${url}/upload`, init);
      assert.equal(await answer.text(), `${data.length} ${createHash("sha256").update(data).digest("hex")}\n`);
    });

    test("an answer that breaks off is broken off in front, too", async (t) => {
      const { url } = await proxied(t);
      await assert.rejects(async () => await (await fetch(`${url}/breaks`)).text());
      assert.equal(await (await fetch(`${url}/hello`)).text(), "hello\n");
    });

    test("forty requests at once get each their own answer", async (t) => {
      const { url } = await proxied(t);
      const pages = Array.from({ length: 40 }, async (_, n) => {
        const answer = await fetch(`${url}/echo`, { method: "POST", body: `rope ${n}` });
        assert.equal(((await answer.json()) as Told).body, `rope ${n}`);
      });
      await Promise.all(pages);
    });
  });
}

describe("ab", { skip: lacks("ab"), timeout: FILE_LIMIT_MS }, () => {
  for (const [flags, version] of [
    [["-k"], "with keep-alive"],
    [[], "with a connection for each request"],
  ] as const) {
    test(`2 000 requests ${version}, none failed`, async (t) => {
      const { port, host } = await watchedApp(t);
      const program = startWeb(t, "ab", [...flags, "-n", "2000", "-c", "8", `http://127.0.0.1:${port}/hello`]);
      assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
      const figures = program.out.text;
      assert.match(figures, /Complete requests: +2000\n/);
      assert.match(figures, /Failed requests: +0\n/);
      assert.doesNotMatch(figures, /Non-2xx|Write errors: +[1-9]/);
      if (flags.length > 0) assert.match(figures, /Keep-Alive requests: +2000\n/);
      // It opens connections ahead, which the last requests may leave unused.
      assert.ok(flags.length > 0 ? host.count <= 8 : host.count >= 2_000, `${host.count} connections`);
    });
  }
});

describe("wrk", { skip: lacks("wrk"), timeout: FILE_LIMIT_MS }, () => {
  for (const path of ["hello", "parts?count=5", "known?bytes=100000"]) {
    test(`a second of /${path} without an error`, async (t) => {
      const { port } = await watchedApp(t);
      const program = startWeb(t, "wrk", ["-t1", "-c16", "-d1s", `http://127.0.0.1:${port}/${path}`]);
      assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
      assert.match(program.out.text, /\d{2,} requests in/);
      assert.doesNotMatch(program.out.text, /Non-2xx|Socket errors/);
    });
  }
});

describe("Chromium", { skip: lacks("chromium"), timeout: 2 * FILE_LIMIT_MS }, () => {
  test("posts a form, reads a stream as it comes, and reports what it saw", async (t) => {
    const site = new BrowserSite();
    const { port } = await watchedApp(t, (request) => site.answer(request));
    const profile = `--user-data-dir=${temporaryFolder(t)}`;
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"];
    const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
    startWeb(t, "chromium", [...flags, ...quiet, profile, `http://127.0.0.1:${port}/`]);
    const report = JSON.parse(await site.reported) as Record<string, unknown>;
    assert.equal(site.form, "rope=hemp+%26+jute&length=7");
    assert.deepEqual(report, { status: 200, parts: "first,second", upload: site.uploaded });
  });
});

/** A page with a form that sends itself; the page after that reads a stream, whose second part waits for its request. */
class BrowserSite {
  form = "";
  uploaded = "";
  readonly reported: Deferred<string> = new Deferred();
  readonly #firstRead: Deferred<void> = new Deferred();

  async answer(request: Request): Promise<Answer> {
    switch (request.path) {
      case "/":
        return html(
          `<form method="post" action="/form"><input name="rope" value="hemp &amp; jute"><input name="length" value="7"></form>
           <script>document.forms[0].submit()</script>`,
        );
      case "/form":
        this.form = await request.text();
        return html(`<script>(${READER})()</script>`);
      case "/stream":
        return new Response(this.#parts());
      case "/first":
        this.#firstRead.callback();
        return new Response(null, { status: 204 });
      case "/report":
        this.reported.callback(await request.text());
        return new Response(null, { status: 204 });
      default: {
        const answer = await webApp(request);
        if (request.path === "/upload") this.uploaded = await answer.clone().text();
        return answer;
      }
    }
  }

  async *#parts(): AsyncGenerator<string> {
    yield "first";
    await this.#firstRead;
    yield "second";
  }
}

/** Runs in the browser. */
const READER = `async () => {
  const answer = await fetch("/stream");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const parts = [(await reader.read()).value];
  await fetch("/first");
  parts.push((await reader.read()).value);
  const bytes = new Uint8Array(3_000_000).fill(7);
  const upload = await (await fetch("/upload", { method: "PUT", body: bytes })).text();
  await fetch("/report", { method: "POST", body: JSON.stringify({ status: answer.status, parts: parts.join(), upload }) });
}`;

function html(body: string): Response {
  return new Response(`<!doctype html><title>rope</title>${body}`, { headers: { "Content-Type": "text/html" } });
}
