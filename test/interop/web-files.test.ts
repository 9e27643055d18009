/** Static files and compression with clients that nobody here wrote: curl and wget. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { compress, Response, type StaticFilesOptions, serve as serveWeb, staticFiles } from "ropewalk/web";
import { reactor, serve, tcpPortOf } from "./support/guest.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks } from "./support/program.ts";
import { startWeb } from "./support/web-app.ts";

const LARGE = randomBytes(1_500_000);
const PAGE = "<p>hemp and sisal\n".repeat(500);

describe("curl", { skip: lacks("curl"), timeout: FILE_LIMIT_MS }, () => {
  test("gets files of all sizes, byte for byte", async (t) => {
    const { url, folder } = await served(t);
    for (const bytes of [0, 1, 2_048, 2_049, 65_536, 65_537, 1_048_576]) {
      writeFileSync(join(folder, "some.bin"), LARGE.subarray(0, bytes));
      const got = join(folder, "got");
      await curl(t, ["-o", got, `${url}/some.bin`]);
      assert.ok(readFileSync(got).equals(LARGE.subarray(0, bytes)), `${bytes} bytes`);
    }
  });

  test("-I tells the same as a GET does", async (t) => {
    const { url } = await served(t);
    for (const path of ["large.bin", "page.html"]) {
      const [asked, got] = [
        await curl(t, ["-I", `${url}/${path}`]),
        await curl(t, ["-D", "-", "-o", "/dev/null", `${url}/${path}`]),
      ];
      assert.equal(withoutDate(asked), withoutDate(got));
    }
  });

  test("-r gets one range, or several in parts", async (t) => {
    const { url, folder } = await served(t);
    const got = join(folder, "got");
    for (const [range, start, end] of [
      ["0-0", 0, 1],
      ["1000-200000", 1_000, 200_001],
      ["-5", 1_499_995, 1_500_000],
      ["1499999-", 1_499_999, 1_500_000],
    ] as const) {
      await curl(t, ["-r", range, "-o", got, `${url}/large.bin`]);
      assert.ok(readFileSync(got).equals(LARGE.subarray(start, end)), range);
    }
    const parts = await curl(t, ["-r", "3-7,-4", `${url}/page.html`]);
    assert.match(
      parts,
      /^--\w{32}\r\n.*\r\n.*bytes 3-7\/9000\r\n\r\nhemp \r\n--\w{32}\r\n.*\r\n.*8996-8999\/9000\r\n\r\nsal\n\r\n--\w{32}--\r\n$/,
    );
    assert.equal(await status(t, ["-r", "1500000-", `${url}/large.bin`]), "416");
  });

  test("-C - goes on with a download that was broken off", async (t) => {
    const { url, folder } = await served(t);
    const got = join(folder, "got");
    await curl(t, ["-o", got, `${url}/large.bin`]);
    truncateSync(got, 700_000);
    await curl(t, ["-C", "-", "-o", got, `${url}/large.bin`]);
    assert.ok(readFileSync(got).equals(LARGE));
  });

  test("asks again only for what has changed, by tag and by date", async (t) => {
    const { url, folder } = await served(t);
    const [tag, got] = [join(folder, "tag"), join(folder, "got")];
    const byTag = ["--etag-save", tag, "--etag-compare", tag, `${url}/page.html`];
    writeFileSync(tag, "");
    assert.equal(await status(t, byTag), "200");
    assert.equal(await status(t, byTag), "304");
    await curl(t, ["-R", "-o", got, `${url}/page.html`]);
    assert.equal(await status(t, ["-z", got, `${url}/page.html`]), "304");
    writeFileSync(join(folder, "page.html"), "another page");
    assert.equal(await status(t, byTag), "200");
    assert.equal(await status(t, ["-z", got, `${url}/page.html`]), "200");
  });

  test("--path-as-is gets nothing from outside of the folder", async (t) => {
    const { url } = await served(t);
    for (const path of ["../secret", "%2e%2e/secret", "..%2fsecret", "..%5csecret", "a/../../secret", "/../secret"]) {
      assert.equal(await status(t, ["--path-as-is", `${url}/${path}`]), "404", path);
    }
  });

  test("-L follows the redirection of a folder to its index", async (t) => {
    const { url } = await served(t);
    assert.equal(await curl(t, ["-L", `${url}/docs?q=1`]), "<p>docs");
  });

  test("--compressed unpacks what lies there packed, and what is packed on the way", async (t) => {
    const { url, folder } = await served(t, { precompressed: ["br", "gzip"] });
    writeFileSync(join(folder, "page.html.br"), brotliCompressSync(PAGE));
    writeFileSync(join(folder, "page.html.gz"), gzipSync(PAGE));
    const port = await serve(
      t,
      serveWeb(
        reactor,
        "tcp:0:interface=127.0.0.1",
        compress({}, () => new Response(PAGE)),
      ),
    );
    for (const page of [`${url}/page.html`, `http://127.0.0.1:${tcpPortOf(port)}/`]) {
      for (const accepted of ["br", "gzip"]) {
        const words = ["--compressed", "-H", `Accept-Encoding: ${accepted}`, page];
        assert.equal(await curl(t, words), PAGE);
        assert.match(
          await curl(t, ["-D", "-", "-o", "/dev/null", ...words]),
          new RegExp(`Content-Encoding: ${accepted}\r`),
        );
      }
      assert.equal(await curl(t, [page]), PAGE);
    }
  });

  test("sees a download fail whose file changes meanwhile", async (t) => {
    const { url, folder } = await served(t);
    const size = 20_000_000;
    writeFileSync(join(folder, "huge.bin"), Buffer.alloc(size));
    const program = startWeb(t, "curl", [...QUIET, "--limit-rate", "1M", "-o", join(folder, "got"), `${url}/huge.bin`]);
    await reached(join(folder, "got"));
    truncateSync(join(folder, "huge.bin"), 1_000);
    // 18: fewer bytes than were announced; 56: reset while it was receiving.
    assert.ok([18, 56].includes((await program.finished()).code ?? 0));
  });
});

describe("wget", { skip: lacks("wget"), timeout: FILE_LIMIT_MS }, () => {
  test("-c goes on with a download that was broken off", async (t) => {
    const { url, folder } = await served(t);
    const got = join(folder, "got");
    writeFileSync(got, LARGE.subarray(0, 900_000));
    await wget(t, ["-c", "-O", got, `${url}/large.bin`]);
    assert.ok(readFileSync(got).equals(LARGE));
  });

  test("-N leaves alone what has not changed", async (t) => {
    const { url, folder } = await served(t);
    const into = join(folder, "into");
    const words = ["-N", "-P", into, `${url}/page.html`];
    assert.match(await wget(t, words), /\[9000\/9000\]/);
    assert.doesNotMatch(await wget(t, words), /\[9000\/9000\]/);
    assert.equal(readFileSync(join(into, "page.html"), "utf8"), PAGE);
  });

  test("-r finds each file by the listings", async (t) => {
    const { url, folder } = await served(t, { listing: true, index: [] });
    mkdirSync(join(folder, "odd"));
    const names = ["a b.txt", "100%.txt", "q?.txt", "gr\u00fc\u00dfe.txt", "<i>.txt"];
    for (const name of names) writeFileSync(join(folder, "odd", name), name);
    const into = join(folder, "into");
    await wget(t, ["-r", "-np", "-nH", "--restrict-file-names=nocontrol", "-P", into, `${url}/odd/`]);
    for (const name of names) assert.equal(readFileSync(join(into, "odd", name), "utf8"), name);
  });
});

/** A folder with some files, and where it is served. */
async function served(t: TestContext, options?: StaticFilesOptions): Promise<{ url: string; folder: string }> {
  const home = temporaryFolder(t);
  const folder = join(home, "site");
  mkdirSync(join(folder, "docs"), { recursive: true });
  writeFileSync(join(home, "secret"), "secret");
  writeFileSync(join(folder, "docs", "index.html"), "<p>docs");
  for (const [name, data] of [
    ["large.bin", LARGE],
    ["page.html", PAGE],
  ] as const) {
    writeFileSync(join(folder, name), data);
    // Since long ago, so that its tag is strong.
    utimesSync(join(folder, name), 1_000_000_000, 1_000_000_000);
  }
  const port = await serve(t, serveWeb(reactor, "tcp:0:interface=127.0.0.1", staticFiles(reactor, folder, options)));
  return { url: `http://127.0.0.1:${tcpPortOf(port)}`, folder };
}

async function curl(t: TestContext, args: readonly string[]): Promise<string> {
  const program = startWeb(t, "curl", [...QUIET, ...args]);
  assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
  return program.out.text;
}

function status(t: TestContext, args: readonly string[]): Promise<string> {
  return curl(t, ["-o", "/dev/null", "-w", "%{http_code}", ...args]);
}

/** What it said of what it did. */
async function wget(t: TestContext, args: readonly string[]): Promise<string> {
  const program = startWeb(t, "wget", ["-nv", "--no-config", ...args], { env: { LC_ALL: "C.UTF-8" } });
  assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
  return program.err.text;
}

/** Waits until there is something in a file. */
async function reached(path: string): Promise<void> {
  for (;;) {
    try {
      if (readFileSync(path).length > 0) return;
    } catch {
      // Not made yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function withoutDate(head: string): string {
  return head.replace(/^Date: .*\r\n/m, "");
}

const QUIET = ["-sS", "--max-time", "60"];
