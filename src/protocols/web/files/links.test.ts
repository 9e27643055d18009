import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Deferred } from "../../../core/deferred/deferred.ts";
import { NodeReactor } from "../../../reactor/node-reactor.ts";
import { HttpError } from "../message/http-error.ts";
import { Request } from "../message/request.ts";
import type { Answer } from "../server/site.ts";
import { type StaticFilesOptions, staticFiles } from "./server.ts";

// What only the files of a real system can show: links, pipes, permissions, descriptors, and changes under way.

const home = mkdtempSync(join(tmpdir(), "ropewalk-static-"));
after(() => rmSync(home, { recursive: true }));
const root = join(home, "site");
mkdirSync(join(root, "folder"), { recursive: true });
mkdirSync(join(home, "site-private"));
writeFileSync(join(home, "secret.txt"), "secret");
writeFileSync(join(home, "site-private", "secret.txt"), "secret");
writeFileSync(join(root, "a.txt"), "inside");
writeFileSync(join(root, "folder", "b.txt"), "deep");
symlinkSync(join(home, "secret.txt"), join(root, "escape.txt"));
symlinkSync("../secret.txt", join(root, "relative.txt"));
symlinkSync("escape.txt", join(root, "chain.txt"));
symlinkSync(home, join(root, "up"));
symlinkSync("/", join(root, "slash"));
symlinkSync(join(home, "site-private"), join(root, "neighbour"));
symlinkSync("a.txt", join(root, "within.txt"));
symlinkSync("folder", join(root, "alias"));
symlinkSync("nowhere", join(root, "dangling"));
symlinkSync("loop", join(root, "loop"));
symlinkSync(root, join(home, "current"));
const onLinux = { skip: process.platform === "linux" ? false : "counts descriptors in /proc" };

async function ask(path: string, options: StaticFilesOptions = {}, folder = root): Promise<Answer> {
  return await staticFiles(new NodeReactor(), folder, options)(new Request(`http://rope.example${path}`));
}

async function outcome(path: string, options: StaticFilesOptions = {}, folder = root): Promise<string | number> {
  try {
    return await (await ask(path, options, folder)).text();
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
}

describe("links", () => {
  it("lead nowhere that is outside of the folder", async () => {
    for (const path of [
      "/escape.txt",
      "/relative.txt",
      "/chain.txt",
      "/up/secret.txt",
      "/slash/etc/passwd",
      "/neighbour/secret.txt",
      "/neighbour/",
      "/up/",
      "/up",
      "/dangling",
      "/loop",
      "/loop/x",
    ]) {
      assert.equal(await outcome(path, { listing: true }), 404, path);
    }
  });

  it("lead to what is inside", async () => {
    assert.equal(await outcome("/within.txt"), "inside");
    assert.equal(await outcome("/alias/b.txt"), "deep");
    assert.equal(await outcome("/up/site/a.txt"), "inside");
  });

  it("lead anywhere if that is asked for", async () => {
    assert.equal(await outcome("/escape.txt", { links: "anywhere" }), "secret");
    assert.equal(await outcome("/up/secret.txt", { links: "anywhere" }), "secret");
    assert.equal(await outcome("/dangling", { links: "anywhere" }), 404);
  });

  it("are listed where they can be followed, and only there", async () => {
    const names = async (options: StaticFilesOptions) =>
      [...String(await outcome("/", { listing: true, ...options })).matchAll(/href="\.\/([^"]*)"/g)].map(
        ([, name]) => name,
      );
    assert.deepEqual(await names({}), ["alias/", "folder/", "a.txt", "within.txt"]);
    assert.ok((await names({ links: "anywhere" })).includes("escape.txt"));
  });

  it("may be the folder itself, and lead elsewhere later", async () => {
    mkdirSync(join(home, "release-2"));
    writeFileSync(join(home, "release-2", "a.txt"), "second");
    assert.equal(await outcome("/a.txt", {}, join(home, "current")), "inside");
    symlinkSync(join(home, "release-2"), join(home, "next"));
    renameSync(join(home, "next"), join(home, "current"));
    assert.equal(await outcome("/a.txt", {}, join(home, "current")), "second");
  });
});

describe("what is no file", () => {
  it("is not there, and is not waited for", async () => {
    execFileSync("mkfifo", [join(root, "pipe")]);
    assert.equal(await outcome("/pipe"), 404);
    assert.ok(!String(await outcome("/", { listing: true })).includes("pipe"));
    symlinkSync("/dev/zero", join(root, "zero"));
    assert.equal(await outcome("/zero", { links: "anywhere" }), 404);
  });

  it("is not there if the whole folder is not", async () => {
    assert.equal(await outcome("/a.txt", {}, join(home, "nowhere")), 404);
    assert.equal(await outcome("/", { listing: true }, join(home, "nowhere")), 404);
  });

  it("is not there if its name is longer than names can be", async () => {
    assert.equal(await outcome(`/${"x".repeat(300)}`), 404);
  });

  it("may not be read if the system says so", {
    skip: process.getuid?.() === 0 ? "root may read it" : false,
  }, async () => {
    writeFileSync(join(root, "locked.txt"), "x");
    chmodSync(join(root, "locked.txt"), 0);
    assert.equal(await outcome("/locked.txt"), 403);
  });
});

describe("a file that changes while it is sent", () => {
  for (const [what, change] of [
    ["is cut short", (path: string) => truncateSync(path, 300_000)],
    ["grows", (path: string) => appendFileSync(path, "x")],
    ["is written anew", (path: string) => utimesSync(path, 1, 1)],
  ] as const) {
    it(`breaks its answer off if it ${what}`, onLinux, async () => {
      const path = join(root, "large.bin");
      writeFileSync(path, Buffer.alloc(1_000_000));
      const answer = await ask("/large.bin");
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
      let bytes = (await reader.read()).value?.length ?? 0;
      change(path);
      await assert.rejects(async () => {
        for (let next = await reader.read(); !next.done; next = await reader.read()) bytes += next.value.length;
      }, /it was changed while it was sent/);
      assert.ok(bytes < 1_000_000);
      await closed();
    });
  }

  it("is sent as it was if another one took its name", onLinux, async () => {
    const path = join(root, "large.bin");
    writeFileSync(path, Buffer.alloc(1_000_000, "a"));
    const answer = await ask("/large.bin");
    writeFileSync(`${path}.new`, "b");
    renameSync(`${path}.new`, path);
    assert.equal(await answer.text(), "a".repeat(1_000_000));
    await closed();
  });
});

describe("descriptors", () => {
  it("are given back by a request that is given up, whenever that is", onLinux, async () => {
    writeFileSync(join(root, "large.bin"), Buffer.alloc(1_000_000));
    const files = staticFiles(new NodeReactor(), root, { precompressed: ["br"] });
    for (const path of ["/large.bin", "/a.txt", "/folder/", "/escape.txt"]) {
      for (let wait = 0; wait < 12; wait += 1) {
        const headers = { "Accept-Encoding": "br" };
        const answering = files(new Request(`http://rope.example${path}`, { headers })) as Deferred<Answer>;
        const dropped = answering.then(
          (answer) => answer.body?.cancel(),
          () => undefined,
        );
        for (let turn = 0; turn < wait; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        answering.cancel();
        await dropped;
      }
    }
    await closed();
  });
});

/** Calls that were under way end in the background, and so does closing. */
async function closed(): Promise<void> {
  for (let tries = 0; tries < 1_000 && openBelow(root).length > 0; tries += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(openBelow(root), []);
}

function openBelow(folder: string): string[] {
  const names: string[] = [];
  for (const name of readdirSync("/proc/self/fd")) {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`);
      if (target.startsWith(folder)) names.push(target);
    } catch {
      // The descriptor that listed the folder is gone.
    }
  }
  return names;
}
