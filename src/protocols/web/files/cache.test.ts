import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Deferred } from "../../../core/deferred/deferred.ts";
import type { FileStatus } from "../../../core/files.ts";
import { NodeReactor } from "../../../reactor/node-reactor.ts";
import { MemoryReactor } from "../../../testing/index.ts";
import { Request } from "../message/request.ts";
import type { Response } from "../message/response.ts";
import type { Responder } from "../server/site.ts";
import { type StaticFilesOptions, staticFiles } from "./server.ts";

// What staticFiles keeps in memory, and that nobody can tell.

/** A folder whose files have rested, and that counts what is done with it. */
class Site {
  readonly reactor = new MemoryReactor();
  readonly files: Responder;
  opens = 0;
  stats = 0;

  constructor(options: StaticFilesOptions = {}) {
    const { files } = this.reactor;
    files.makeDirectory("/site");
    this.put("a.txt", "first");
    const [open, stat] = [files.open.bind(files), files.stat.bind(files)];
    files.open = (path) => {
      this.opens += 1;
      return open(path);
    };
    files.stat = (path) => {
      this.stats += 1;
      return stat(path);
    };
    this.files = staticFiles(this.reactor, "/site", options);
  }

  put(name: string, text: string): void {
    this.reactor.files.write(`/site/${name}`, text);
    this.reactor.advance(5_000);
  }

  async text(path = "/a.txt", headers: Record<string, string> = {}): Promise<string> {
    return await (await this.files(new Request(`http://rope.example${path}`, { headers }))).text();
  }
}

describe("a small file that was sent lately", () => {
  it("is not opened again, with conditions and ranges as before", async () => {
    const site = new Site();
    assert.equal(await site.text(), "first");
    assert.equal(site.opens, 1);
    assert.equal(await site.text(), "first");
    assert.equal(await site.text("/a.txt", { Range: "bytes=1-2" }), "ir");
    assert.equal(await site.text("/a.txt", { Range: "bytes=0-0,-1" }), "first");
    const tag = (await site.files(new Request("http://rope.example/a.txt"))).headers.get("etag") ?? "";
    const same = await site.files(new Request("http://rope.example/a.txt", { headers: { "If-None-Match": tag } }));
    assert.equal(same.status, 304);
    assert.equal((await site.files(new Request("http://rope.example/a.txt", { method: "HEAD" }))).status, 200);
    assert.equal(site.opens, 1);
  });

  it("is everybody's own: who changes the bytes of an answer changes no other", async () => {
    const site = new Site();
    for (let count = 0; count < 3; count += 1) {
      const answer = (await site.files(new Request("http://rope.example/a.txt"))) as Response;
      const bytes = await answer.bytes();
      assert.equal(new TextDecoder().decode(bytes), "first");
      bytes.fill(0);
    }
  });

  it("is what is on the disk, after each change", async () => {
    const site = new Site();
    await site.text();
    site.reactor.files.write("/site/a.txt", "other");
    assert.equal(await site.text(), "other");
    assert.equal(await site.text(), "other");
    site.reactor.files.remove("/site/a.txt");
    await assert.rejects(site.text(), { status: 404 });
    site.put("a.txt", "again");
    assert.equal(await site.text(), "again");
  });

  it("is not kept before it has rested: a change within the same tick could not be seen", async () => {
    const site = new Site();
    site.reactor.files.write("/site/a.txt", "one");
    assert.equal(await site.text(), "one");
    site.reactor.files.write("/site/a.txt", "two");
    assert.equal(await site.text(), "two");
    assert.equal(site.opens, 2);
  });

  it("makes way where another index, or another coding, comes to be", async () => {
    const site = new Site({ index: ["index.html", "a.txt"], precompressed: ["br", "gzip"] });
    const accepting = { "Accept-Encoding": "gzip, br" };
    assert.equal(await site.text("/", accepting), "first");
    site.put("index.html", "<p>index");
    assert.equal(await site.text("/", accepting), "<p>index");
    assert.equal(await site.text("/a.txt", accepting), "first");
    site.put("a.txt.gz", "GZIP");
    assert.equal(await site.text("/a.txt", accepting), "GZIP");
    site.put("a.txt.br", "BROTLI");
    assert.equal(await site.text("/a.txt", accepting), "BROTLI");
    assert.equal(await site.text("/a.txt", { "Accept-Encoding": "gzip" }), "GZIP");
    assert.equal(await site.text("/a.txt"), "first");
    const before = site.opens;
    for (const headers of [accepting, { "Accept-Encoding": "gzip" }, undefined]) await site.text("/a.txt", headers);
    assert.equal(site.opens, before);
    site.reactor.files.remove("/site/a.txt");
    await assert.rejects(site.text("/a.txt", accepting), { status: 404 });
  });

  it("is looked at once for all who ask at the same time, and again for those who come meanwhile", async () => {
    const site = new Site();
    await site.text();
    const looks: Deferred<FileStatus>[] = [];
    const { files } = site.reactor;
    const status = await files.stat("/site/a.txt");
    files.stat = () => {
      const look = new Deferred<FileStatus>();
      looks.push(look);
      return look;
    };
    const first = site.text();
    await turns();
    assert.equal(looks.length, 1);
    const others = Array.from({ length: 50 }, () => site.text());
    await turns();
    assert.equal(looks.length, 1);
    looks[0]?.callback(status);
    assert.equal(await first, "first");
    assert.equal(looks.length, 2);
    looks[1]?.callback(status);
    assert.deepEqual(new Set(await Promise.all(others)), new Set(["first"]));
    assert.equal(looks.length, 2);
  });

  it("is opened anew where the look at it fails", async () => {
    const site = new Site();
    await site.text();
    const error = Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
    site.reactor.files.stat = () => {
      const failed = new Deferred<FileStatus>();
      failed.errback(error);
      return failed;
    };
    assert.equal(await site.text(), "first");
    assert.equal(site.opens, 2);
  });

  it("is not kept if there is no room, or if it is large", async () => {
    const none = new Site({ cacheBytes: 0 });
    for (let count = 0; count < 2; count += 1) assert.equal(await none.text(), "first");
    assert.equal(none.opens, 2);
    const site = new Site();
    site.put("large.txt", "x".repeat(65_537));
    for (let count = 0; count < 2; count += 1) assert.equal((await site.text("/large.txt")).length, 65_537);
    assert.equal(site.opens, 2);
    assert.equal(site.reactor.files.openFiles, 0);
  });
});

describe("a small file behind a link", () => {
  it("is the one that the link leads to now", async () => {
    const home = mkdtempSync(join(tmpdir(), "ropewalk-cache-"));
    try {
      for (const name of ["one", "two"]) {
        mkdirSync(join(home, name));
        writeFileSync(join(home, name, "a.txt"), name);
        utimesSync(join(home, name, "a.txt"), 1, 1);
      }
      symlinkSync(join(home, "one"), join(home, "current"));
      const reactor = new NodeReactor();
      // Only the time in which a folder's place is trusted has to pass.
      let nowMs = 0;
      const impatient = new Proxy(reactor, {
        get: (target, name) => {
          if (name === "now") return () => nowMs;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      const files = staticFiles(impatient, join(home, "current"));
      const text = async () => await (await files(new Request("http://rope.example/a.txt"))).text();
      assert.equal(await text(), "one");
      assert.equal(await text(), "one");
      symlinkSync(join(home, "two"), join(home, "next"));
      renameSync(join(home, "next"), join(home, "current"));
      nowMs = 1_001;
      assert.equal(await text(), "two");
      writeFileSync(join(home, "secret.txt"), "secret");
      utimesSync(join(home, "secret.txt"), 1, 1);
      rmSync(join(home, "two", "a.txt"));
      symlinkSync(join(home, "secret.txt"), join(home, "two", "a.txt"));
      await assert.rejects(text(), { status: 404 });
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
