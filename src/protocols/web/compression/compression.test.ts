import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as zlib from "node:zlib";
import { brotliDecompressSync, createBrotliDecompress, createGunzip, gunzipSync } from "node:zlib";
import fc from "fast-check";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { succeed } from "../../../core/deferred/succeed.ts";
import type { Protocol } from "../../../core/protocol.ts";
import { MemoryReactor, MemoryTransport } from "../../../testing/index.ts";
import type { BodyInit } from "../message/body.ts";
import { Request } from "../message/request.ts";
import { Response, type ResponseInit } from "../message/response.ts";
import { webServer } from "../server/server.ts";
import type { Answer, Responder } from "../server/site.ts";
import { type CompressionCoding, Compressor } from "./compressor.ts";
import { isCompressible } from "./eligible.ts";
import { type CompressOptions, compress } from "./server.ts";

const LONG = "hemp and sisal ".repeat(200);

async function ask(
  body: BodyInit | Responder,
  init: ResponseInit = {},
  {
    accept = "gzip",
    method = "GET",
    ...options
  }: CompressOptions & { accept?: string | undefined; method?: string } = {},
): Promise<Answer> {
  const responder = typeof body === "function" ? body : () => new Response(body, init);
  const headers: Record<string, string> = accept === "" ? {} : { "Accept-Encoding": accept };
  return await compress(options, responder)(new Request("http://rope.example/", { method, headers }));
}

async function bytesOf(answer: Answer): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

describe("an answer", () => {
  it("is sent in the coding that the client likes best", async () => {
    for (const [accept, coding, unpack] of [
      ["gzip", "gzip", gunzipSync],
      ["br;q=0.9, gzip;q=0.5", "br", brotliDecompressSync],
      ["gzip, br", "br", brotliDecompressSync],
      ["*", "br", brotliDecompressSync],
    ] as const) {
      const answer = await ask(LONG, {}, { accept });
      assert.equal(answer.headers.get("content-encoding"), coding);
      const bytes = await bytesOf(answer);
      assert.ok(bytes.length < LONG.length / 4);
      assert.equal(unpack(bytes).toString(), LONG);
    }
  });

  it("is sent as it is to who does not want it otherwise, with a word to caches", async () => {
    for (const accept of ["", "identity", "gzip;q=0, br;q=0", "compress", "identity, gzip;q=0.5"]) {
      const answer = await ask(LONG, {}, { accept });
      assert.equal(answer.headers.get("content-encoding"), null, accept);
      assert.equal(answer.headers.get("vary"), "Accept-Encoding");
      assert.equal(await answer.text(), LONG);
    }
  });

  it("keeps its status and its fields, but for those that the coding makes untrue", async () => {
    const headers = { ETag: '"a"', "Accept-Ranges": "bytes", "Content-Length": "3000", "Set-Cookie": ["a=1", "b=2"] };
    const answer = await ask(LONG, {
      status: 404,
      statusText: "Gone Fishing",
      headers: { ...headers, Vary: "Cookie" },
    });
    assert.deepEqual([answer.status, answer.statusText], [404, "Gone Fishing"]);
    assert.equal(answer.headers.get("etag"), 'W/"a"');
    assert.equal(answer.headers.get("vary"), "Cookie, Accept-Encoding");
    assert.equal(answer.headers.get("accept-ranges"), null);
    assert.equal(answer.headers.get("content-length"), null);
    assert.deepEqual(answer.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.equal((await ask(LONG, { headers: { ETag: 'W/"a"' } })).headers.get("etag"), 'W/"a"');
  });

  it("says what it varies by only once", async () => {
    for (const vary of ["Accept-Encoding", "accept-encoding, Cookie", "*"]) {
      assert.equal((await ask(LONG, { headers: { Vary: vary } })).headers.get("vary"), vary);
    }
  });

  it("is left alone below the threshold, whether its length is known before or after", async () => {
    const short = "x".repeat(1_023);
    for (const body of [short, new TextEncoder().encode(short)]) {
      const answer = await ask(body, { headers: { "Content-Type": "text/plain" } });
      assert.deepEqual([answer.headers.get("content-encoding"), await answer.text()], [null, short]);
    }
    const parts = async function* () {
      yield short;
    };
    const init = { headers: { "Content-Type": "text/plain", "Content-Length": "1023" } };
    assert.equal((await ask(parts(), init)).headers.get("content-encoding"), null);
    assert.equal((await ask(`${short}x`)).headers.get("content-encoding"), "gzip");
    assert.equal((await ask("rope ".repeat(50), {}, { minBytes: 10 })).headers.get("content-encoding"), "gzip");
  });

  it("is left alone where it would grow", async () => {
    const init = { headers: { "Content-Type": "text/plain", ETag: '"a"' } };
    const answer = await ask(noise(1_100), init);
    assert.deepEqual([answer.headers.get("content-encoding"), answer.headers.get("etag")], [null, '"a"']);
    assert.equal(answer.headers.get("vary"), "Accept-Encoding");
  });

  it("is left alone if it may not be changed, or is what it is already", async () => {
    for (const [status, headers] of [
      [200, { "Content-Encoding": "br" }],
      [200, { "Cache-Control": "public, no-transform" }],
      [200, { "Cache-Control": "No-Transform" }],
      [206, { "Content-Range": "bytes 0-2999/3000" }],
      [200, { "Content-Digest": "sha-256=:AAAA:" }],
      [200, { "Content-Type": "image/png" }],
      [200, { "Content-Type": "application/octet-stream" }],
    ] as const) {
      const init = { status, headers: { "Content-Type": "text/plain", ...headers } };
      const before = new Response(LONG, init);
      const answer = await ask(() => before);
      assert.equal(answer, before, JSON.stringify(headers));
      assert.equal(answer.headers.get("vary"), null);
    }
    const transforming = { headers: { "Cache-Control": "max-age=1, x-no-transformer" } };
    assert.equal((await ask(LONG, transforming)).headers.get("content-encoding"), "gzip");
  });

  it("is left alone if its server says that it has a secret", async () => {
    const filter = (request: Request, answer: Answer) => request.path !== "/" || !answer.headers.has("set-cookie");
    const answer = await ask(LONG, { headers: { "Set-Cookie": "session=1" } }, { filter });
    assert.equal(answer.headers.get("content-encoding"), null);
    assert.equal((await ask(LONG, {}, { filter })).headers.get("content-encoding"), "gzip");
  });

  it("without a body stays without one; 304 says what it varies by", async () => {
    for (const status of [204, 304]) {
      const answer = await ask(null, { status, headers: { ETag: '"a"' } });
      assert.deepEqual([answer.status, answer.body, answer.headers.get("content-encoding")], [status, null, null]);
      assert.equal(answer.headers.get("vary"), status === 304 ? "Accept-Encoding" : null);
    }
    const empty = await ask(null, { headers: { "Content-Type": "text/plain" } });
    assert.deepEqual([empty.headers.get("content-encoding"), await empty.text()], [null, ""]);
  });

  it("may be the platform's own, be late, or fail", async () => {
    for (const responder of [
      () => new globalThis.Response(LONG),
      async () => new globalThis.Response(LONG),
      () => succeed(new Response(LONG)),
    ] as readonly Responder[]) {
      assert.equal(gunzipSync(await bytesOf(await ask(responder))).toString(), LONG);
      assert.equal(await (await ask(responder, {}, { accept: "" })).text(), LONG);
    }
    const failing = () => Promise.reject(new Error("no rope left"));
    await assert.rejects(async () => await ask(failing), /no rope left/);
  });

  it("by a Deferred can still be cancelled", async () => {
    const reasons: unknown[] = [];
    const responder = compress({}, () => new Deferred<Answer>(() => reasons.push("cancelled")));
    const answer = responder(new Request("http://rope.example/")) as Deferred<Answer>;
    answer.addErrback(() => {});
    answer.cancel();
    assert.deepEqual(reasons, ["cancelled"]);
  });

  it("in a coding that nobody knows is a mistake", () => {
    const codings = ["deflate"] as unknown as readonly CompressionCoding[];
    assert.throws(() => compress({ codings }, () => new Response("")), /^RangeError: Cannot compress by "deflate"/);
  });
});

describe("a body in parts", () => {
  it("comes part for part: each can be unpacked before the next one is there", async () => {
    for (const [accept, unpacker] of [
      ["gzip", createGunzip()],
      ["br", createBrotliDecompress()],
    ] as const) {
      const heard: string[] = [];
      unpacker.on("data", (data: Buffer) => heard.push(data.toString()));
      const waiting: ((part: string | undefined) => void)[] = [];
      const events = async function* () {
        for (;;) {
          const part = await new Promise<string | undefined>((resolve) => waiting.push(resolve));
          if (part === undefined) return;
          yield part;
        }
      };
      const init = { headers: { "Content-Type": "text/event-stream" } };
      const answer = await ask(events(), init, { accept });
      assert.equal(answer.headers.get("content-encoding"), accept);
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
      for (const event of ["data: one\n\n", "data: two\n\n"]) {
        const reading = reader.read();
        await turns();
        waiting.shift()?.(event);
        unpacker.write((await reading).value);
        await turns();
        assert.equal(heard.join(""), event);
        heard.length = 0;
      }
      const last = reader.read();
      await turns();
      waiting.shift()?.(undefined);
      assert.ok(((await last).value?.length ?? 0) > 0);
      assert.equal((await reader.read()).done, true);
    }
  });

  it("is the same after unpacking, whatever its parts are", async () => {
    const part = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat(Array(50).fill(bytes)));
    const coding = fc.constantFrom("gzip", "br");
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), coding, async (parts, accept) => {
        const body = (async function* () {
          yield* parts;
        })();
        const answer = await ask(body, { headers: { "Content-Type": "text/plain" } }, { accept });
        const unpack = accept === "gzip" ? gunzipSync : brotliDecompressSync;
        assert.ok(unpack(await bytesOf(answer)).equals(Buffer.concat(parts)));
      }),
      { numRuns: 60 },
    );
  });

  it("takes parts that are larger than any buffer on the way", async () => {
    const large = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * at * 31 + (at >> 7)) & 0xff));
    for (const coding of ["gzip", "br"] as const) {
      const compressor = new Compressor(coding);
      const made = [await compressor.write(large), await compressor.write(large), await compressor.end()];
      const unpack = coding === "gzip" ? gunzipSync : brotliDecompressSync;
      assert.ok(unpack(Buffer.concat(made)).equals(Buffer.concat([large, large])));
      compressor.close();
    }
  });

  it("fails as what it is made of does", async () => {
    const body = (async function* () {
      yield LONG;
      throw new Error("the strand broke");
    })();
    const answer = await ask(body, { headers: { "Content-Type": "text/plain" } });
    await assert.rejects(bytesOf(answer), /the strand broke/);
  });

  it("tells what it is made of when nobody wants it any more, begun or not", async () => {
    for (const begins of [false, true]) {
      let ended = 0;
      const body: AsyncIterable<string> = {
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: false, value: LONG }),
          return: async () => {
            ended += 1;
            return { done: true, value: undefined };
          },
        }),
      };
      const answer = await ask(body, { headers: { "Content-Type": "text/plain" } });
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
      if (begins) await reader.read();
      await reader.cancel();
      assert.equal(ended, 1);
    }
  });
});

describe("zstd", () => {
  const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: (bytes: Uint8Array) => Buffer };

  it("is one of the codings where Node has it", { skip: zstdDecompressSync === undefined }, async () => {
    for (const body of [LONG, streamed()]) {
      const answer = await ask(body, { headers: { "Content-Type": "text/plain" } }, { accept: "zstd" });
      assert.equal(answer.headers.get("content-encoding"), "zstd");
      assert.equal(zstdDecompressSync?.(await bytesOf(answer)).toString(), LONG);
    }
  });

  it("is none where Node has it not", { skip: zstdDecompressSync !== undefined }, async () => {
    assert.equal((await ask(LONG, {}, { accept: "zstd" })).headers.get("content-encoding"), null);
    assert.throws(() => compress({ codings: ["zstd"] }, () => new Response("")), RangeError);
    assert.throws(() => new Compressor("zstd"), TypeError);
  });
});

describe("HEAD", () => {
  it("has the fields of GET, and no length that would be wrong", async () => {
    for (const body of [LONG, streamed()]) {
      const init = { headers: { "Content-Type": "text/plain", "Content-Length": String(LONG.length), ETag: '"a"' } };
      const answer = await ask(body, init, { method: "HEAD" });
      assert.deepEqual(
        ["content-encoding", "content-length", "etag", "vary"].map((name) => answer.headers.get(name)),
        ["gzip", null, 'W/"a"', "Accept-Encoding"],
      );
    }
  });

  it("is answered on the wire without a body, and the connection goes on", async () => {
    const reactor = new MemoryReactor();
    const transport = new MemoryTransport({ clock: reactor });
    const factory = webServer(
      reactor,
      compress({}, () => new Response(LONG)),
    );
    transport.attach(factory.buildProtocol(transport.peer) as Protocol);
    const head = "HTTP/1.1\r\nHost: rope.example\r\nAccept-Encoding: gzip\r\n\r\n";
    transport.remote.write(`HEAD / ${head}GET / ${head}`);
    await turns();
    const [first = "", second = "", body = ""] = transport.text().split("\r\n\r\n");
    assert.match(first, /^HTTP\/1.1 200 OK\r\n[\s\S]*Content-Encoding: gzip/);
    assert.ok(!first.includes("Content-Length"));
    assert.match(second, /^HTTP\/1.1 200 OK\r\n[\s\S]*Content-Encoding: gzip[\s\S]*Content-Length: \d+/);
    assert.ok(body.length > 0);
  });
});

describe("types", () => {
  it("are compressed if they are text in some way", () => {
    for (const type of [
      "text/html",
      "TEXT/CSS;charset=utf-8",
      "text/event-stream",
      "application/json; charset=utf-8",
      "application/ld+json",
      "application/javascript",
      "application/atom+xml",
      "application/manifest+json",
      "application/wasm",
      "application/x-ndjson",
      "image/svg+xml",
      "font/ttf",
    ]) {
      assert.ok(isCompressible(type), type);
    }
    for (const type of [
      null,
      "",
      "image/png",
      "video/mp4",
      "font/woff2",
      "application/zip",
      "application/pdf",
      "text",
      "x",
    ]) {
      assert.ok(!isCompressible(type), String(type));
    }
  });
});

async function* streamed(): AsyncGenerator<string> {
  yield LONG;
}

/** Bytes in which nothing repeats. */
function noise(size: number): Uint8Array {
  let state = 1;
  return new Uint8Array(size).map(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
}
