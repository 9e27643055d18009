/** Static files and compression with clients that nobody here wrote: curl and wget. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { get as httpGet } from "node:http";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { compress, Response, type StaticFilesOptions, serve as serveWeb, staticFiles } from "ropewalk/web";
import { reactor, serve, tcpPortOf } from "./support/guest.ts";
import { freePort, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks } from "./support/program.ts";
import { nginxOf, startWeb } from "./support/web-app.ts";

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

describe("nginx", { skip: lacks("nginx"), timeout: FILE_LIMIT_MS }, () => {
  test("answers the same requests for the same folder with the same status, place, type and bytes", async (t) => {
    const { url, folder } = await served(t);
    const port = await freePort();
    chmodSync(dirname(folder), 0o755);
    const types = "types { text/html html; } default_type application/octet-stream; charset utf-8;";
    await nginxOf(t, `server { listen 127.0.0.1:${port}; ${types} root ${folder}; }`);
    const date = "Sun, 09 Sep 2001 01:46:40 GMT";
    const fields: readonly Record<string, string>[] = [
      {},
      ...[
        "0-",
        "0-0",
        "100-199",
        "-1",
        "-9000",
        "-9001",
        "8999-",
        "9000-",
        "-0",
        "0-8999",
        "0-99999",
        "2-1",
        "x",
        "",
        "-",
      ].map((range) => ({ Range: `bytes=${range}` })),
      { Range: "lines=0-1" },
      { "If-Modified-Since": date },
      { "If-Modified-Since": "Sun, 09 Sep 2001 01:46:39 GMT" },
      { "If-Unmodified-Since": date },
      { "If-Unmodified-Since": "Sun, 09 Sep 2001 01:46:39 GMT" },
      { "If-None-Match": "*" },
      { "If-None-Match": '"other"', "If-Modified-Since": date },
      { "If-Match": '"other"' },
      { "If-Match": "*" },
      { Range: "bytes=0-9", "If-Range": date },
      { Range: "bytes=0-9", "If-Range": "Sun, 09 Sep 2001 01:46:39 GMT" },
      { Range: "bytes=0-9", "If-Range": '"other"' },
      { Range: "bytes=9000-", "If-Modified-Since": date },
    ];
    for (const path of [
      "/page.html",
      "/docs",
      "/docs/",
      "/none",
      "/page.html/",
      "/docs/none",
      "/%70age.html",
      "/%00",
    ]) {
      for (const headers of fields) {
        const [ours, theirs] = [
          await answer(url + path, headers),
          await answer(`http://127.0.0.1:${port}${path}`, headers),
        ];
        const asked = `${path} ${JSON.stringify(headers)}`;
        // What is malformed may be ignored or refused (RFC 9110 §14.2).
        const isMalformed = /^bytes=(?:2-1|x|-)$/.test(headers["Range"] ?? "") && theirs.status === 416;
        // A name with a zero in it nginx takes for no HTTP at all.
        if (path === "/%00") assert.deepEqual([ours.status, theirs.status], [404, 400], asked);
        else if (isMalformed) assert.equal(ours.status, 200, asked);
        else assert.deepEqual(ours, theirs, asked);
      }
    }
  });
});

interface Seen {
  readonly status: number | undefined;
  readonly fields: readonly (string | undefined)[];
  readonly body: string | undefined;
}

/** What can be compared: the texts of errors, and where a redirection says that this host is, are each server's own. */
function answer(url: string, headers: Record<string, string>): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const request = httpGet(url, { headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (data: Buffer) => parts.push(data));
      response.on("end", () => {
        const { statusCode: status = 0, headers: told } = response;
        const isFile = status === 200 || status === 206;
        const location = told.location?.replace(/^http:\/\/[^/]+/, "");
        const type = isFile ? told["content-type"] : undefined;
        const length = isFile ? told["content-length"] : undefined;
        const fields = [type, length, told["content-range"], location, isFile ? told["last-modified"] : undefined];
        resolve({ status, fields, body: isFile ? Buffer.concat(parts).toString("latin1") : undefined });
      });
    });
    request.on("error", reject);
  });
}

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
