import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { joinBytes } from "../../../wire/join-bytes.ts";
import type { BodyInit } from "./body.ts";
import { IncomingBody } from "./incoming-body.ts";
import { Request } from "./request.ts";
import { Response } from "./response.ts";

const bytes = new TextEncoder().encode("héllo");

function form(): FormData {
  const data = new FormData();
  data.append("knot", "bowline");
  data.append("file", new Blob(["hemp"]), "rope.txt");
  return data;
}

/** Of each kind that the platform knows as well. */
const kinds: readonly [name: string, make: () => Exclude<BodyInit, AsyncIterable<unknown>> | ReadableStream][] = [
  ["text", () => "héllo"],
  ["no text", () => ""],
  ["bytes", () => bytes],
  ["part of a buffer", () => bytes.subarray(1, 3)],
  ["a buffer", () => bytes.slice().buffer],
  ["another view", () => new DataView(bytes.slice().buffer, 1) as unknown as Uint8Array],
  ["a blob", () => new Blob(["héllo"], { type: "text/rope" })],
  ["parameters", () => new URLSearchParams({ knot: "bow line" })],
  ["a stream", () => new Blob(["héllo"]).stream()],
  ["nothing", () => null],
];

describe("a body made of", () => {
  for (const [name, make] of kinds) {
    it(`${name} is what the platform makes of it`, async () => {
      const theirs = (): globalThis.Response => new globalThis.Response(make() as string);
      const ours = (): Response => new Response(make());
      assert.equal(ours().headers.get("content-type"), theirs().headers.get("content-type"));
      assert.equal(await ours().text(), await theirs().text());
      assert.deepEqual(Buffer.from(await ours().bytes()), Buffer.from(await theirs().arrayBuffer()));
      assert.deepEqual(await ours().arrayBuffer(), await theirs().arrayBuffer());
      const [our, their] = [await ours().blob(), await theirs().blob()];
      assert.deepEqual([our.type, await our.text()], [their.type, await their.text()]);
      assert.equal(ours().body === null, theirs().body === null);
    });

    it(`${name} is the same twice when it is cloned, before and after a look at its stream`, async () => {
      for (const look of [false, true]) {
        const first = new Response(make());
        if (look) assert.equal(typeof first.body, "object");
        const second = first.clone();
        assert.equal(await second.text(), await first.text());
        assert.equal(second.headers.get("content-type"), first.headers.get("content-type"));
      }
    });
  }

  it("a form is a multipart one, and is read back", async () => {
    const response = new Response(form());
    assert.match(response.headers.get("content-type") ?? "", /^multipart\/form-data; boundary=/);
    const data = await response.formData();
    assert.equal(data.get("knot"), "bowline");
    assert.equal(await (data.get("file") as File).text(), "hemp");
  });

  it("an async iterable has its parts, of bytes and of text", async () => {
    async function* parts(): AsyncGenerator<Uint8Array | string> {
      yield "hé";
      yield new TextEncoder().encode("llo");
    }
    assert.equal(await new Response(parts()).text(), "héllo");
    const read: string[] = [];
    for await (const part of new Response(parts()).body as ReadableStream<Uint8Array>)
      read.push(Buffer.from(part).toString());
    assert.deepEqual(read, ["hé", "llo"]);
    assert.equal(new Response(parts()).headers.get("content-type"), null);
  });

  it("something else is its text, as the platform has it", async () => {
    assert.equal(
      await new Response(7 as unknown as string).text(),
      await new globalThis.Response(7 as unknown as string).text(),
    );
  });

  it("parts that are neither bytes nor text fails", async () => {
    async function* parts(): AsyncGenerator<string> {
      yield 7 as unknown as string;
    }
    await assert.rejects(new Response(parts()).text(), /Cannot send a part of a body that is number/);
  });
});

describe("a body", () => {
  it("is read once", async () => {
    const response = new Response("hello");
    assert.equal(response.bodyUsed, false);
    await response.text();
    assert.equal(response.bodyUsed, true);
    await assert.rejects(response.text(), TypeError);
    assert.throws(() => response.clone(), TypeError);
    const locked = new Response("hello");
    locked.body?.getReader();
    await assert.rejects(locked.text(), TypeError);
  });

  it("that is none can be read as often as anybody likes", async () => {
    const response = new Response(null);
    assert.equal(await response.text(), "");
    assert.equal(await response.text(), "");
    assert.equal(response.bodyUsed, false);
  });

  it("loses a byte order mark as text, and is JSON", async () => {
    assert.equal(await new Response(new TextEncoder().encode("\u{feff}hello")).text(), "hello");
    assert.deepEqual(await new Response('{"knots":3}').json(), { knots: 3 });
    await assert.rejects(new Response("{").json(), SyntaxError);
  });

  it("tells an iterable when its stream is cancelled, begun or not", async () => {
    for (const isBegun of [false, true]) {
      let isEnded = false;
      const parts = {
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: false as const, value: "x" }),
          return: async () => {
            isEnded = true;
            return { done: true as const, value: undefined };
          },
        }),
      };
      const reader = (new Response(parts).body as ReadableStream).getReader();
      if (isBegun) await reader.read();
      await reader.cancel();
      assert.equal(isEnded, true);
    }
  });
});

describe("a body on its way", () => {
  class Told {
    readonly verbs: string[] = [];
    bodyWanted(): void {
      this.verbs.push("wanted");
    }
    pauseBody(): void {
      this.verbs.push("pause");
    }
    resumeBody(): void {
      this.verbs.push("resume");
    }
    cancelBody(): void {
      this.verbs.push("cancel");
    }
  }

  it("asks once, and gives what came and what comes", async () => {
    const told = new Told();
    const body = new IncomingBody(told, -1, 100);
    body.push(bytes);
    assert.deepEqual(await body.read(), bytes);
    const next = body.read();
    body.push(bytes);
    assert.deepEqual(await next, bytes);
    body.end();
    assert.equal(await body.read(), undefined);
    assert.deepEqual(told.verbs, ["wanted"]);
  });

  it("has its supplier wait when much is held, and go on when it is read", async () => {
    const told = new Told();
    const body = new IncomingBody(told, -1, 1_000_000);
    for (let part = 0; part < 3; part++) body.push(new Uint8Array(30_000));
    assert.deepEqual(told.verbs, ["pause"]);
    await body.read();
    await body.read();
    assert.deepEqual(told.verbs, ["pause", "wanted", "resume"]);
  });

  it("goes on when all of it is wanted", async () => {
    const told = new Told();
    const body = new IncomingBody(told, -1, 1_000_000);
    body.push(new Uint8Array(70_000));
    const all = body.collect();
    assert.deepEqual(told.verbs, ["pause", "wanted", "resume"]);
    body.push(new Uint8Array(70_000));
    body.end();
    assert.equal((await all).length, 140_000);
  });

  it("is not kept beyond its limit: what was announced, what came before, what comes", async () => {
    for (const [announced, before, after] of [
      [101, 0, 0],
      [-1, 101, 0],
      [-1, 0, 101],
    ] as const) {
      const told = new Told();
      const body = new IncomingBody(told, announced, 100);
      if (before > 0) body.push(new Uint8Array(before));
      const all = body.collect();
      if (after > 0) body.push(new Uint8Array(after));
      await assert.rejects(all, { name: "HttpError", status: 413 });
      assert.deepEqual(told.verbs, ["wanted", "cancel"]);
    }
    const whole = new IncomingBody(new Told(), -1, 100);
    whole.push(new Uint8Array(101));
    whole.end();
    await assert.rejects(whole.collect(), { status: 413 });
  });

  it("fails for whoever reads it, now or later", async () => {
    const now = new IncomingBody(new Told(), -1, 100);
    const reading = now.read();
    now.fail(new Error("gone"));
    await assert.rejects(reading, /gone/);
    await assert.rejects(now.read(), /gone/);
    await assert.rejects(now.collect(), /gone/);
    now.fail(new Error("again"));
    await assert.rejects(now.read(), /gone/);
  });

  it("ends for whoever reads it when it is cancelled, and takes nothing any more", async () => {
    const told = new Told();
    const body = new IncomingBody(told, -1, 100);
    const reading = body.read();
    body.cancel();
    body.cancel();
    body.push(bytes);
    body.end();
    assert.equal(await reading, undefined);
    assert.equal(await body.read(), undefined);
    assert.deepEqual(told.verbs, ["wanted", "cancel"]);
    assert.equal(body.isSettled, true);
  });

  it("joins crumbs, and keeps the order of parts of all sizes", async () => {
    const sizes = [1, 1, 3, 1_500, 1_023, 2, 1, 2_000, 5];
    const whole = Uint8Array.from({ length: sizes.reduce((sum, size) => sum + size, 0) }, (_, at) => at % 251);
    const filled = (): IncomingBody => {
      const body = new IncomingBody(new Told(), -1, 1_000_000);
      let at = 0;
      for (const size of sizes) {
        body.push(whole.subarray(at, at + size));
        at += size;
      }
      return body;
    };
    const collected = filled();
    collected.end();
    assert.deepEqual(await collected.collect(), whole);
    const read = filled();
    const parts: Uint8Array[] = [];
    read.end();
    for await (const part of read) parts.push(part);
    assert.deepEqual(joinBytes(parts), whole);
    assert.equal(parts.length, 7);
  });

  it("weighs no more for coming a byte at a time", async () => {
    const body = new IncomingBody(new Told(), -1, 1_000_000);
    for (let at = 0; at < 60_000; at++) body.push(new Uint8Array(1));
    body.end();
    let parts = 0;
    for await (const part of body) parts += part.length > 0 ? 1 : 0;
    assert.ok(parts < 100, `${parts} parts`);
  });

  it("gives nothing of what it held when it failed", async () => {
    const body = new IncomingBody(new Told(), -1, 100);
    for (let at = 0; at < 5; at++) body.push(bytes);
    body.fail(new Error("gone"));
    await assert.rejects(body.read(), /gone/);
  });

  it("is cancelled by a loop that ends early", async () => {
    const told = new Told();
    const body = new IncomingBody(told, -1, 100);
    body.push(bytes);
    for await (const part of body) {
      assert.deepEqual(part, bytes);
      break;
    }
    assert.deepEqual(told.verbs, ["wanted", "cancel"]);
  });

  it("keeps its limit behind a stream that nobody has read", async () => {
    const body = new IncomingBody(new Told(), 101, 100);
    const head = { method: "POST", headers: new Map(), bodyBytes: 101 };
    const request = new Request({ head, body } as never);
    assert.ok(request.body instanceof ReadableStream);
    await assert.rejects(request.text(), { status: 413 });
  });
});
