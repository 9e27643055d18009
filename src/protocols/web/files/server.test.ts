import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Protocol } from "../../../core/protocol.ts";
import { MemoryReactor, MemoryTransport } from "../../../testing/index.ts";
import { HttpError } from "../message/http-error.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { webServer } from "../server/server.ts";
import type { Answer } from "../server/site.ts";
import { type StaticFilesOptions, staticFiles } from "./server.ts";

/** A folder in memory, old enough for its tags to be strong. */
class Site {
  readonly reactor = new MemoryReactor({ network: true });
  readonly options: StaticFilesOptions;

  constructor(options: StaticFilesOptions = {}) {
    this.options = options;
    for (const [path, text] of Object.entries(CONTENT)) this.put(path, text);
    this.reactor.advance(10_000);
  }

  put(path: string, data: string | Uint8Array): void {
    this.reactor.files.makeDirectory(`/site/${path}/..`);
    this.reactor.files.write(`/site/${path}`, data);
  }

  /** What the responder gives; an HttpError as the answer that it becomes. */
  async ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
    const responder = staticFiles(this.reactor, "/site", this.options);
    try {
      return await responder(new Request(`http://rope.example${path}`, { method, headers }));
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return new Response(error.message, { status: error.status, headers: error.headers });
    }
  }

  async status(path: string, headers?: Record<string, string>, method?: string): Promise<number> {
    return (await this.ask(path, headers, method)).status;
  }

  async text(path: string, headers?: Record<string, string>): Promise<string> {
    return await (await this.ask(path, headers)).text();
  }

  /** A connection to a real server of it. */
  dial(): MemoryTransport {
    const transport = new MemoryTransport({ clock: this.reactor });
    const factory = webServer(this.reactor, staticFiles(this.reactor, "/site", this.options));
    transport.attach(factory.buildProtocol(transport.peer) as Protocol);
    return transport;
  }
}

const CONTENT = {
  "index.html": "<p>home",
  "a.txt": "0123456789",
  "empty.txt": "",
  "gr\u00fc\u00dfe & co.txt": "hello",
  ".secret": "secret",
  ".well-known/security.txt": "mailto:",
  ".git/config": "git",
  "docs/index.html": "<p>docs",
  "docs/.hidden/x": "x",
  "plain/one.txt": "1",
  "plain/.two": "2",
  "plain/sub/x": "x",
  "app.js": "plain()",
  "app.js.br": "BROTLI",
  "app.js.gz": "GZIP",
};

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("a file", () => {
  it("is served with its type, its length and its validators", async () => {
    const answer = await new Site().ask("/a.txt");
    assert.equal(answer.status, 200);
    assert.deepEqual(
      [...answer.headers].map(([name]) => name),
      ["accept-ranges", "content-length", "content-type", "etag", "last-modified", "x-content-type-options"],
    );
    assert.equal(answer.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(answer.headers.get("content-length"), "10");
    assert.equal(answer.headers.get("last-modified"), "Tue, 01 Jan 2030 00:00:00 GMT");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.match(answer.headers.get("etag") ?? "", /^"[\da-f]+-[\da-f]+"$/);
    assert.equal(await answer.text(), "0123456789");
  });

  it("may have any name that can be decoded, and no bytes at all", async () => {
    const site = new Site();
    assert.equal(await site.text("/gr%C3%BC%C3%9Fe%20%26%20co.txt"), "hello");
    assert.equal(await site.text("/empty.txt"), "");
    assert.equal(await site.status("/empty.txt"), 200);
  });

  it("has the type that its server says, then the usual one, and else is bytes", async () => {
    const site = new Site({ types: { rope: "text/x-rope", txt: "text/plain" } });
    site.put("A.ROPE", "");
    for (const name of ["x.svg", "x.json", "x.html", "x.zzz", "x", "constructor"]) site.put(name, "");
    const typeOf = async (path: string) => (await site.ask(path)).headers.get("content-type");
    assert.equal(await typeOf("/A.ROPE"), "text/x-rope");
    assert.equal(await typeOf("/a.txt"), "text/plain");
    assert.equal(await typeOf("/x.svg"), "image/svg+xml");
    assert.equal(await typeOf("/x.json"), "application/json");
    assert.equal(await typeOf("/x.html"), "text/html; charset=utf-8");
    for (const name of ["/x.zzz", "/x", "/constructor"]) assert.equal(await typeOf(name), "application/octet-stream");
  });

  it("is cached as its server says, by path if need be", async () => {
    const cacheControl = (path: string) => (path === "/a.txt" ? "max-age=60" : undefined);
    const site = new Site({ cacheControl });
    assert.equal((await site.ask("/a.txt")).headers.get("cache-control"), "max-age=60");
    assert.equal((await site.ask("/app.js")).headers.get("cache-control"), null);
    const all = new Site({ cacheControl: "no-cache" });
    assert.equal((await all.ask("/app.js")).headers.get("cache-control"), "no-cache");
  });

  it("has a weak tag as long as another change could hide behind it", async () => {
    const site = new Site();
    site.put("a.txt", "new");
    assert.match((await site.ask("/a.txt")).headers.get("etag") ?? "", /^W\//);
  });

  it("is not served to other methods", async () => {
    const site = new Site();
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACES"]) {
      const answer = await site.ask("/a.txt", {}, method);
      assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "GET, HEAD"]);
    }
  });

  it("is closed again, whatever the answer was", async () => {
    const site = new Site({ precompressed: ["br", "gzip"], listing: true });
    site.put("large.bin", new Uint8Array(200_000));
    for (const [path, headers, method] of [
      ["/a.txt"],
      ["/a.txt", {}, "HEAD"],
      ["/a.txt", { "If-None-Match": "*" }],
      ["/a.txt", { "If-Match": '"x"' }],
      ["/a.txt", { Range: "bytes=99-" }],
      ["/a.txt", { Range: "bytes=0-0,9-9" }],
      ["/app.js", { "Accept-Encoding": "br" }],
      ["/app.js", { "Accept-Encoding": "br", Range: "bytes=0-0" }],
      ["/a.txt", { "Accept-Encoding": "br, gzip" }],
      ["/large.bin"],
      ["/docs"],
      ["/docs/"],
      ["/plain/"],
      ["/a.txt/"],
      ["/none"],
    ] as const) {
      const answer = await site.ask(path, headers, method);
      await answer.arrayBuffer();
      assert.equal(site.reactor.files.openFiles, 0, `${path} ${JSON.stringify(headers)}`);
    }
  });
});

describe("conditions on a file", () => {
  it("give 304 without a body for the state that the client has, with what 200 would say of it", async () => {
    const site = new Site({ cacheControl: "no-cache", precompressed: ["br"] });
    const whole = await site.ask("/a.txt");
    for (const headers of [
      { "If-None-Match": whole.headers.get("etag") ?? "" },
      { "If-Modified-Since": whole.headers.get("last-modified") ?? "" },
    ]) {
      const answer = await site.ask("/a.txt", headers);
      assert.equal(answer.status, 304);
      for (const name of ["etag", "last-modified", "cache-control", "vary"]) {
        assert.equal(answer.headers.get(name), whole.headers.get(name));
      }
      assert.equal(answer.headers.get("content-length"), null);
      assert.equal(await answer.text(), "");
    }
  });

  it("give 412 for another state, before any range is looked at", async () => {
    assert.equal(await new Site().status("/a.txt", { "If-Match": '"x"', Range: "bytes=99-" }), 412);
  });

  it("give the whole file to who has parts of another state", async () => {
    const site = new Site();
    const tag = (await site.ask("/a.txt")).headers.get("etag") ?? "";
    assert.equal(await site.text("/a.txt", { Range: "bytes=0-1", "If-Range": tag }), "01");
    assert.equal(await site.text("/a.txt", { Range: "bytes=0-1", "If-Range": '"x"' }), "0123456789");
    site.put("a.txt", "abcdefghij");
    assert.equal(await site.text("/a.txt", { Range: "bytes=0-1", "If-Range": tag }), "abcdefghij");
  });
});

describe("ranges of a file", () => {
  it("come as 206 with their place", async () => {
    const answer = await new Site().ask("/a.txt", { Range: "bytes=2-4" });
    assert.equal(answer.status, 206);
    assert.equal(answer.headers.get("content-range"), "bytes 2-4/10");
    assert.equal(answer.headers.get("content-length"), "3");
    assert.equal(await answer.text(), "234");
  });

  it("come as multipart if they are several", async () => {
    const site = new Site();
    site.put("b.txt", "x".repeat(1_000));
    const answer = await site.ask("/b.txt", { Range: "bytes=0-0, -2" });
    assert.equal(answer.status, 206);
    const boundary = /^multipart\/byteranges; boundary=([\da-f]{32})$/.exec(
      answer.headers.get("content-type") ?? "",
    )?.[1];
    assert.ok(boundary !== undefined);
    assert.equal(answer.headers.get("content-range"), null);
    const head = "Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes";
    const text = await answer.text();
    assert.equal(
      text,
      `--${boundary}\r\n${head} 0-0/1000\r\n\r\nx\r\n--${boundary}\r\n${head} 998-999/1000\r\n\r\nxx\r\n--${boundary}--\r\n`,
    );
    assert.equal(answer.headers.get("content-length"), String(text.length));
  });

  it("are 416 with the length if there is nothing of them", async () => {
    const answer = await new Site().ask("/a.txt", { Range: "bytes=10-" });
    assert.equal(answer.status, 416);
    assert.equal(answer.headers.get("content-range"), "bytes */10");
  });

  it("are no matter if they are malformed, or if the method is not GET", async () => {
    const site = new Site();
    assert.equal(await site.text("/a.txt", { Range: "bytes=4-2" }), "0123456789");
    const head = await site.ask("/a.txt", { Range: "bytes=2-4" }, "HEAD");
    assert.deepEqual([head.status, head.headers.get("content-length")], [200, "10"]);
  });
});

describe("a folder", () => {
  it("shows its index", async () => {
    const site = new Site();
    assert.equal(await site.text("/"), "<p>home");
    assert.equal(await site.text("/docs/"), "<p>docs");
    assert.equal((await site.ask("/docs/")).headers.get("content-type"), "text/html; charset=utf-8");
  });

  it("shows the first index that there is, and no folder for one", async () => {
    const site = new Site({ index: ["sub", "nothing", "one.txt", "index.html"] });
    assert.equal(await site.text("/plain/"), "1");
  });

  it("is asked for with a slash: who forgot it is sent there, with the query", async () => {
    const answer = await new Site().ask("/docs?q=1&r=//x");
    assert.equal(answer.status, 301);
    assert.equal(answer.headers.get("location"), "/docs/?q=1&r=//x");
  });

  it("never sends anybody to another site", async () => {
    const site = new Site();
    site.put("evil.example/index.html", "");
    site.put("\\evil.example/index.html", "");
    for (const path of [
      "//evil.example",
      "/%2fevil.example",
      "/%5cevil.example",
      "/\\evil.example",
      "/.//evil.example",
    ]) {
      assert.equal((await site.ask(path)).headers.get("location"), null, path);
    }
  });

  it("is nothing without an index, unless it is to be listed", async () => {
    const site = new Site();
    assert.equal(await site.status("/plain/"), 404);
    assert.equal(await site.status("/plain"), 301);
  });

  it("is listed without hidden names, folders first", async () => {
    const answer = await new Site({ listing: true }).ask("/plain/");
    assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(answer.headers.get("content-security-policy"), "default-src 'none'; style-src 'unsafe-inline'");
    const links = [...(await answer.text()).matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
    assert.deepEqual(links, ["../", "./sub/", "./one.txt"]);
  });

  it("is listed so that no name becomes markup or a scheme, and every link leads to its file", async () => {
    const site = new Site({ listing: true });
    const names = ["<b>&\"'.txt", "javascript:alert(1)", "a?b#c", "100%", "gr\u00fc\u00dfe"];
    for (const name of names) site.put(`odd/${name}`, name);
    const page = await site.text("/odd/");
    assert.ok(!page.includes("<b>"));
    const links = [...page.matchAll(/href="(\.\/[^"]*)"/g)].map(([, link]) => link as string);
    assert.equal(links.length, names.length);
    const found: string[] = [];
    for (const link of links) found.push(await site.text(new URL(link, "http://rope.example/odd/").pathname));
    assert.deepEqual(found.sort(), names.sort());
  });

  it("is listed up to 2 000 names, and says how many there are more", async () => {
    const site = new Site({ listing: true });
    for (let count = 0; count < 2_003; count += 1) site.put(`many/${count}`, "");
    const page = await site.text("/many/");
    assert.equal(page.match(/href="\.\//g)?.length, 2_000);
    assert.match(page, />and 3 more</);
    assert.doesNotMatch(await site.text("/plain/"), / more</);
  });

  it("is listed at the root without a way up", async () => {
    const site = new Site({ listing: true, index: [] });
    assert.ok(!(await site.text("/")).includes("../"));
  });
});

describe("names", () => {
  it("that begin with a dot are not there, but for .well-known", async () => {
    const site = new Site();
    for (const path of ["/.secret", "/.git/config", "/.git", "/docs/.hidden/x", "/%2esecret", "/%2Egit/config"]) {
      assert.equal(await site.status(path), 404, path);
    }
    assert.equal(await site.text("/.well-known/security.txt"), "mailto:");
    assert.equal(await new Site({ dotfiles: true }).text("/.git/config"), "git");
  });

  it("never lead out of the folder", async () => {
    const site = new Site();
    site.put("../passwd", "root");
    for (const path of [
      "/../passwd",
      "/%2e%2e/passwd",
      "/..%2fpasswd",
      "/docs/..%2f..%2fpasswd",
      "/..%5cpasswd",
      "/%252e%252e/passwd",
      "/%252e%252e%252fpasswd",
      "/..%00/passwd",
      "/%c0%ae%c0%ae/passwd",
      "//passwd",
      "/./%2e%2e/passwd",
      "/docs/../../passwd",
    ]) {
      assert.equal(await site.status(path), 404, path);
    }
  });

  it("stand behind the place where the folder is mounted", async () => {
    const site = new Site({ at: "/static/" });
    assert.equal(await site.text("/static/a.txt"), "0123456789");
    assert.equal(await site.text("/static/"), "<p>home");
    assert.equal((await site.ask("/static/docs")).headers.get("location"), "/static/docs/");
    for (const path of ["/a.txt", "/static", "/statica.txt"]) assert.equal(await site.status(path), 404);
  });

  it("at a place without slashes around it are a mistake", () => {
    for (const at of ["static/", "/static", ""]) assert.throws(() => new Site({ at }).dial(), RangeError);
  });

  it("that nothing stands for, and other methods, are somebody else's if there is one", async () => {
    const site = new Site({ otherwise: (request) => new Response(`${request.method} ${request.path}`) });
    assert.equal(await site.text("/a.txt"), "0123456789");
    assert.equal(await site.text("/none"), "GET /none");
    assert.equal(await site.text("/.git/config"), "GET /.git/config");
    assert.equal(await (await site.ask("/a.txt", {}, "POST")).text(), "POST /a.txt");
  });
});

describe("a file that lies there compressed", () => {
  const precompressed = ["br", "zstd", "gzip"] as const;

  it("is sent so to who likes it best so", async () => {
    const site = new Site({ precompressed });
    for (const [accepted, body, coding] of [
      ["gzip, br", "BROTLI", "br"],
      ["gzip, br;q=0.5", "GZIP", "gzip"],
      ["zstd, gzip;q=0.5", "GZIP", "gzip"],
      ["zstd", "plain()", null],
      ["br;q=0", "plain()", null],
      ["identity, br;q=0.5", "plain()", null],
    ] as const) {
      const answer = await site.ask("/app.js", { "Accept-Encoding": accepted });
      assert.equal(answer.headers.get("content-encoding"), coding, accepted);
      assert.equal(answer.headers.get("vary"), "Accept-Encoding");
      assert.equal(answer.headers.get("content-type"), "text/javascript; charset=utf-8");
      assert.equal(await answer.text(), body);
    }
  });

  it("has a tag for each coding, and ranges of what is sent", async () => {
    const site = new Site({ precompressed });
    const tags = new Set<string | null>();
    for (const accepted of ["br", "gzip", "identity"]) {
      tags.add((await site.ask("/app.js", { "Accept-Encoding": accepted })).headers.get("etag"));
    }
    assert.equal(tags.size, 3);
    assert.equal(await site.text("/app.js", { "Accept-Encoding": "br", Range: "bytes=2-3" }), "OT");
    const part = await site.ask("/app.js", { "Accept-Encoding": "br", Range: "bytes=2-3" });
    assert.equal(part.headers.get("content-encoding"), "br");
  });

  it("varies even where there is only the plain one, and not at all unless it was asked for", async () => {
    const headers = { "Accept-Encoding": "br" };
    assert.equal((await new Site({ precompressed }).ask("/a.txt", headers)).headers.get("vary"), "Accept-Encoding");
    const plain = await new Site().ask("/app.js", headers);
    assert.deepEqual([plain.headers.get("vary"), await plain.text()], [null, "plain()"]);
  });

  it("is not found by a folder of that name", async () => {
    const site = new Site({ precompressed: ["zstd"] });
    site.put("app.js.zst/x", "");
    assert.equal(await site.text("/app.js", { "Accept-Encoding": "zstd" }), "plain()");
    assert.equal(site.reactor.files.openFiles, 0);
  });
});

describe("on the wire", () => {
  it("a small file follows its head, with the length that it has", async () => {
    const connection = new Site().dial();
    connection.remote.write("GET /a.txt HTTP/1.1\r\nHost: rope.example\r\n\r\n");
    await turns();
    assert.match(connection.text(), /^HTTP\/1.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n0123456789$/);
  });

  it("HEAD has the head of GET, and no body; the connection goes on", async () => {
    const connection = new Site().dial();
    connection.remote.write("HEAD /a.txt HTTP/1.1\r\nHost: rope.example\r\n\r\n");
    await turns();
    const head = connection.text();
    assert.match(head, /\r\nContent-Length: 10\r\n(?:[^\r]+\r\n)*\r\n$/);
    connection.remote.write("GET /a.txt HTTP/1.1\r\nHost: rope.example\r\n\r\n");
    await turns();
    assert.equal(connection.text(), `${head}${head}0123456789`);
  });

  it("a large file is read no faster than the client takes it", async () => {
    const site = new Site();
    site.put("large.bin", new Uint8Array(5_000_000));
    const connection = site.dial();
    connection.remote.stopTaking();
    connection.remote.write("GET /large.bin HTTP/1.1\r\nHost: rope.example\r\n\r\n");
    await turns();
    assert.equal(site.reactor.files.openFiles, 1);
    // One read waits, as it was handed to the connection whole.
    assert.ok(connection.remote.untakenBytes < 600_000, String(connection.remote.untakenBytes));
    connection.remote.startTaking();
    await turns();
    assert.ok(connection.text().length > 5_000_000);
    assert.equal(site.reactor.files.openFiles, 0);
  });

  it("a client that goes in the middle leaves no file open", async () => {
    const site = new Site();
    site.put("large.bin", new Uint8Array(5_000_000));
    const connection = site.dial();
    connection.remote.stopTaking();
    connection.remote.write("GET /large.bin HTTP/1.1\r\nHost: rope.example\r\n\r\n");
    await turns();
    connection.remote.reset();
    await turns();
    assert.equal(site.reactor.files.openFiles, 0);
  });

  it("an answer that somebody drops unread leaves no file open when its request is over", async () => {
    const site = new Site();
    site.put("large.bin", new Uint8Array(5_000_000));
    const files = staticFiles(site.reactor, "/site");
    const transport = new MemoryTransport({ clock: site.reactor });
    const factory = webServer(site.reactor, async (request) => {
      await files(request);
      return new Response("something else");
    });
    transport.attach(factory.buildProtocol(transport.peer) as Protocol);
    transport.remote.write("GET /large.bin HTTP/1.1\r\nHost: rope.example\r\n\r\n");
    await turns();
    assert.match(transport.text(), /something else$/);
    assert.equal(site.reactor.files.openFiles, 0);
  });
});
