import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import * as zlib from "node:zlib";
import { Scene, turns } from "../client.fixture.test.ts";
import { codingsOf } from "./decoder.ts";

const TEXT = "hemp and sisal, ".repeat(2_000);

/** An answer whose body comes in one read, or in many. */
async function told(coding: string, body: Uint8Array, partBytes: number, options = {}): Promise<string> {
  const scene = new Scene({ defaults: options });
  scene.get();
  const server = scene.accept();
  server.remote.write(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`);
  const reading = scene.responses[0]?.text() ?? assert.fail("there is no answer");
  // It may fail while the rest is sent.
  reading.catch(() => undefined);
  for (let at = 0; at < body.length; at += partBytes) {
    server.remote.write(body.subarray(at, at + partBytes));
    if (at % (partBytes * 64) === 0) await turns();
  }
  return await reading;
}

async function toldAtOnce(coding: string, body: Uint8Array, options = {}): Promise<string> {
  const scene = new Scene({ defaults: options });
  scene.get();
  const head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`);
  scene.accept().remote.write(Buffer.concat([head, body]));
  return (await scene.responses[0]?.text()) ?? assert.fail("there is no answer");
}

const CODED: Readonly<Record<string, Uint8Array>> = {
  gzip: zlib.gzipSync(TEXT),
  "x-gzip": zlib.gzipSync(TEXT),
  deflate: zlib.deflateSync(TEXT),
  br: zlib.brotliCompressSync(TEXT),
  "gzip, br": zlib.brotliCompressSync(zlib.gzipSync(TEXT)),
  identity: Buffer.from(TEXT),
};

describe("a compressed answer", () => {
  for (const [coding, body] of Object.entries(CODED)) {
    it(`in ${coding} is read as it was before, at once, in parts and byte by byte`, async () => {
      assert.equal(await toldAtOnce(coding, body), TEXT);
      assert.equal(await told(coding, body, 100), TEXT);
      if (body.length < 1_000) assert.equal(await told(coding, body, 1), TEXT);
    });
  }

  it("in the deflate that some servers send, without zlib's head, is read as well", async () => {
    const bare = zlib.deflateRawSync(TEXT);
    assert.equal(await toldAtOnce("deflate", bare), TEXT);
    assert.equal(await told("deflate", bare, 100), TEXT);
  });

  it("has no fields any more that speak of how it was sent", async () => {
    const scene = new Scene();
    scene.get();
    const body = zlib.gzipSync("hemp");
    const server = scene.accept();
    assert.match(server.text(), /\r\nAccept-Encoding: gzip, deflate, br/);
    server.remote.write(
      `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nX-Knot: a\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    server.remote.write(body);
    assert.deepEqual([...(scene.responses[0]?.headers ?? [])], [["x-knot", "a"]]);
  });

  it("is left alone if that is wanted, or nobody knows its coding", async () => {
    const body = zlib.gzipSync("hemp");
    const scene = new Scene({ defaults: { decompress: false } });
    scene.get();
    const server = scene.accept();
    assert.match(server.text(), /\r\nAccept-Encoding: identity\r\n/);
    server.remote.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`);
    server.remote.write(body);
    assert.deepEqual(await scene.responses[0]?.bytes(), new Uint8Array(body));
    assert.equal(await toldAtOnce("knots", Buffer.from("hemp")), "hemp");
    assert.equal(codingsOf("gzip, gzip, gzip"), undefined);
  });

  it("that is damaged or cut off fails whoever reads it", async () => {
    const body = zlib.gzipSync(TEXT);
    for (const broken of [body.subarray(0, -9), Buffer.from("no gzip at all")]) {
      await assert.rejects(toldAtOnce("gzip", broken), /Cannot decode the body: /);
      await assert.rejects(told("gzip", broken, 50), /Cannot decode the body: /);
    }
  });

  it("without a byte is an empty one", async () => {
    const scene = new Scene();
    scene.get();
    scene
      .accept()
      .remote.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert.equal(await scene.responses[0]?.text(), "");
  });

  it("that becomes far more than it was is refused, unless that is allowed", async () => {
    const bomb = zlib.gzipSync(new Uint8Array(16_000_000));
    await assert.rejects(
      told("gzip", bomb, 1_000),
      /Cannot decode the body: .*which no text does; allow it with maxExpansion/,
    );
    assert.equal((await told("gzip", bomb, 1_000, { maxExpansion: 2_000 })).length, 16_000_000);
  });

  it("is no more than may be kept, whatever it was on its way", async () => {
    const bomb = zlib.gzipSync(new Uint8Array(1_000_000));
    for (const reading of [
      toldAtOnce,
      (coding: string, body: Uint8Array, options: object) => told(coding, body, 100, options),
    ]) {
      await assert.rejects(reading("gzip", bomb, { maxCollectedBytes: 100_000 }), /more than 100000 bytes/);
    }
  });

  it("that nobody reads makes the server wait", async () => {
    const scene = new Scene();
    scene.get();
    const server = scene.accept();
    const body = zlib.gzipSync(randomBytes(2_000_000), { level: 0 });
    server.remote.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`);
    const reader = scene.responses[0]?.body?.getReader();
    const first = reader?.read();
    for (let at = 0; at < body.length; at += 50_000) {
      server.remote.write(body.subarray(at, at + 50_000));
      await turns();
    }
    assert.ok((await first) !== undefined);
    await turns();
    assert.ok(server.unreadBytes > 1_000_000);
  });
});
