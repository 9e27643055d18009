/** The web server with clients that nobody here wrote: curl, wget, Python's, Node's and Twisted's. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Agent, type IncomingMessage, request as nodeRequest } from "node:http";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { serve as serveWeb } from "ropewalk/web";
import { reactor, serve } from "./support/guest.ts";
import { peerScript, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, PYTHON } from "./support/program.ts";
import { servedApp, startWeb, type Told, watchedApp, webApp } from "./support/web-app.ts";

describe("curl", { skip: lacks("curl"), timeout: FILE_LIMIT_MS }, () => {
  for (const [option, version] of [
    ["--http1.0", "1.0"],
    ["--http1.1", "1.1"],
  ] as const) {
    test(`${option} gets a page, and a streamed one to its end`, async (t) => {
      const url = await servedApp(t);
      const page: Told = JSON.parse(await curl(t, [option, `${url}/echo?rope=hemp`]));
      assert.deepEqual([page.method, page.url, page.version], ["GET", `${url}/echo?rope=hemp`, version]);
      assert.equal((await curl(t, [option, `${url}/parts?count=300&bytes=1000`])).length, 300_000);
    });
  }

  test("gets three pages over one connection", async (t) => {
    const { port, host } = await watchedApp(t);
    const pages = ["hello", "nothing", "parts?count=2", "hello"].map((path) => `http://127.0.0.1:${port}/${path}`);
    assert.equal(await curl(t, pages), "hello\n0000\n1111\nhello\n");
    assert.equal(host.count, 1);
  });

  test("--http1.0 with Connection: keep-alive gets two pages over one connection", async (t) => {
    const { port, host } = await watchedApp(t);
    const page = `http://127.0.0.1:${port}/hello`;
    assert.equal(await curl(t, ["--http1.0", "-H", "Connection: keep-alive", page, page]), "hello\nhello\n");
    assert.equal(host.count, 1);
  });

  test("-I gets the length and nothing else, and the connection goes on", async (t) => {
    const { port, host } = await watchedApp(t);
    const page = `http://127.0.0.1:${port}/known?bytes=1000`;
    const heads = await curl(t, ["-I", page, page]);
    assert.equal(heads.match(/^Content-Length: 1000\r$/gm)?.length, 2);
    assert.equal(host.count, 1);
  });

  test("-d posts a form", async (t) => {
    const url = await servedApp(t);
    const page: Told = JSON.parse(await curl(t, ["-d", "rope=hemp&length=7", `${url}/echo`]));
    assert.equal(page.headers["content-type"], "application/x-www-form-urlencoded");
    assert.deepEqual([page.method, page.body], ["POST", "rope=hemp&length=7"]);
  });

  test("-F posts a multipart form", async (t) => {
    const url = await servedApp(t);
    const page: Told = JSON.parse(await curl(t, ["-F", "rope=hemp", `${url}/echo`]));
    assert.match(page.body, /name="rope"\r\n\r\nhemp\r\n/);
  });

  test("-T - uploads a stream of 3 MB in chunks", async (t) => {
    const url = await servedApp(t);
    const data = randomBytes(3_000_000);
    const program = startWeb(t, "curl", [...QUIET, "-T", "-", `${url}/upload`]);
    program.write(data);
    program.endInput();
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
    assert.equal(program.out.text, digestLine(data));
  });

  test("an upload of a file waits for 100 Continue, and then comes whole", async (t) => {
    const url = await servedApp(t);
    const { file, data } = randomFile(t, 2_000_000);
    const args = ["-v", "--expect100-timeout", "60", "-H", "Expect: 100-continue", "--data-binary", `@${file}`];
    const program = startWeb(t, "curl", [...QUIET, ...args, `${url}/upload`]);
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
    assert.match(program.err.text, /< HTTP\/1\.1 100 Continue[\s\S]*< HTTP\/1\.1 200 OK/);
    assert.equal(program.out.text, digestLine(data));
  });

  test("an upload that is refused is never sent if curl asked first", async (t) => {
    const url = await servedApp(t);
    const { file } = randomFile(t, 2_000_000);
    const args = ["-w", " %{http_code} %{size_upload}", "--expect100-timeout", "60", "-H", "Expect: 100-continue"];
    assert.equal(await curl(t, [...args, "--data-binary", `@${file}`, `${url}/refuse`]), "Too much rope\n 413 0");
  });

  test("an upload that is refused in its middle is told so", async (t) => {
    const url = await servedApp(t);
    const { file } = randomFile(t, 20_000_000);
    const args = ["-H", "Expect:", "-w", " %{http_code}", "--data-binary", `@${file}`, `${url}/refuse`];
    assert.equal(await curl(t, args), "Too much rope\n 413");
  });

  test("hears of 103 Early Hints before its page", async (t) => {
    const url = await servedApp(t);
    const page = await curl(t, ["-i", `${url}/hints`]);
    assert.match(page, /^HTTP\/1\.1 103 [\s\S]*link: <\/style\.css>[\s\S]*HTTP\/1\.1 200 OK[\s\S]*after the hints\n$/i);
  });

  test("notices that a page was broken off", async (t) => {
    const url = await servedApp(t);
    const program = startWeb(t, "curl", [...QUIET, `${url}/breaks`]);
    assert.match(String((await program.finished()).code), /^(18|56)$/);
  });

  test("--unix-socket gets a page", async (t) => {
    const path = join(temporaryFolder(t), "web.sock");
    await serve(t, serveWeb(reactor, `unix:${path}`, webApp));
    assert.equal(await curl(t, ["--unix-socket", path, "http://rope/hello"]), "hello\n");
  });

  test("downloads 64 MB as slowly as it wants to, and we hold no more than a little of it", async (t) => {
    const { port, host } = await watchedApp(t);
    const url = `http://127.0.0.1:${port}/parts?count=1000&bytes=65536`;
    const program = startWeb(t, "curl", [...QUIET, "--limit-rate", "500k", "-o", "/dev/null", url]);
    const { transport } = await host.next();
    while (transport.bufferedBytes === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    for (let look = 0; look < 20; look++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      assert.ok(transport.bufferedBytes <= 262_144, `${transport.bufferedBytes} bytes wait`);
    }
    program.kill("SIGKILL");
    await transport.whenClosed();
  });
});

describe("wget", { skip: lacks("wget"), timeout: FILE_LIMIT_MS }, () => {
  test("gets pages over one connection, and follows a redirection", async (t) => {
    const { port, host } = await watchedApp(t);
    const url = `http://127.0.0.1:${port}`;
    assert.equal(await wget(t, [`${url}/moved`, `${url}/parts?count=2`]), "hello\n0000\n1111\n");
    assert.equal(host.count, 1);
  });

  test("--post-file uploads a file", async (t) => {
    const url = await servedApp(t);
    const { file, data } = randomFile(t, 1_000_000);
    assert.equal(await wget(t, [`--post-file=${file}`, `${url}/upload`]), digestLine(data));
  });

  test("knows 404 when it sees it", async (t) => {
    const url = await servedApp(t);
    assert.equal((await startWeb(t, "wget", ["-qO-", `${url}/elsewhere`]).finished()).code, 8);
  });
});

describe("Python", { skip: lacks(PYTHON), timeout: FILE_LIMIT_MS }, () => {
  test("http.client and urllib get, post, stream both ways, and keep their connection", async (t) => {
    const { port } = await watchedApp(t);
    assert.equal(await python(t, "web_client.py", port), "all is well\n");
  });

  test("Twisted's web.client Agent gets, posts and streams from a pool of one connection", async (t) => {
    const { port, host } = await watchedApp(t);
    assert.equal(await python(t, "twisted_web_client.py", port), "all is well\n");
    assert.equal(host.count, 1);
  });
});

describe("Node", { timeout: FILE_LIMIT_MS }, () => {
  test("http.request uploads in chunks with trailers, and its connection goes on", async (t) => {
    const { port, host } = await watchedApp(t);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const data = randomBytes(500_000);
    for (let round = 0; round < 3; round++) {
      const request = nodeRequest({ host: "127.0.0.1", port, agent, path: "/upload", method: "POST" });
      request.setHeader("Trailer", "Checksum");
      for (let at = 0; at < data.length; at += 100_000) request.write(data.subarray(at, at + 100_000));
      request.addTrailers({ Checksum: "7" });
      request.end();
      assert.equal(await textOf(request), digestLine(data));
    }
    assert.equal(host.count, 1);
  });

  test("http.request waits for 100 Continue", async (t) => {
    const url = await servedApp(t);
    const headers = { Expect: "100-continue", "Content-Length": 4 };
    const request = nodeRequest(`${url}/upload`, { method: "PUT", headers, agent: false });
    request.flushHeaders();
    request.on("continue", () => request.end("rope"));
    assert.equal(await textOf(request), digestLine(Buffer.from("rope")));
  });

  test("fetch posts a stream and reads one", async (t) => {
    const { port } = await watchedApp(t);
    const body = new Blob([randomBytes(300_000)]);
    const data = new Uint8Array(await body.arrayBuffer());
    const init = { method: "POST", body: body.stream(), duplex: "half" } as const;
    const answer = await fetch(`http://127.0.0.1:${port}/upload`, init);
    assert.deepEqual([answer.status, await answer.text()], [200, digestLine(data)]);
    const streamed = await fetch(`http://127.0.0.1:${port}/parts?count=100`);
    assert.equal((await streamed.text()).length, 500);
  });

  test("fifty fetches at once get each its own page", async (t) => {
    const { port } = await watchedApp(t);
    const pages = Array.from({ length: 50 }, async (_, n) => {
      const answer = await fetch(`http://127.0.0.1:${port}/echo?n=${n}`, { method: "POST", body: `rope ${n}` });
      const { url, body } = (await answer.json()) as Told;
      assert.deepEqual([url.endsWith(`?n=${n}`), body], [true, `rope ${n}`]);
    });
    await Promise.all(pages);
  });
});

async function curl(t: TestContext, args: readonly string[]): Promise<string> {
  const program = startWeb(t, "curl", [...QUIET, ...args]);
  assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
  return program.out.text;
}

async function wget(t: TestContext, args: readonly string[]): Promise<string> {
  const program = startWeb(t, "wget", ["-qO-", "--no-config", ...args]);
  assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
  return program.out.text;
}

async function python(t: TestContext, script: string, port: number): Promise<string> {
  const program = startWeb(t, PYTHON, [peerScript(script), String(port)]);
  assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
  return program.out.text;
}

async function textOf(request: ReturnType<typeof nodeRequest>): Promise<string> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on("response", resolve).on("error", reject);
  });
  let text = "";
  for await (const part of answer.setEncoding("latin1")) text += part;
  return text;
}

function randomFile(t: TestContext, bytes: number): { readonly file: string; readonly data: Uint8Array } {
  const file = join(temporaryFolder(t), "upload");
  const data = randomBytes(bytes);
  writeFileSync(file, data);
  return { file, data };
}

function digestLine(data: Uint8Array): string {
  return `${data.length} ${createHash("sha256").update(data).digest("hex")}\n`;
}

/** No configuration, no progress, but errors. */
const QUIET = ["-q", "-sS"];
