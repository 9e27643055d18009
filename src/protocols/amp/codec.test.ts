import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { feedThreeWays } from "../../testing/feed-three-ways.ts";
import { BoxDecoder, decodeBoxes, encodeBox } from "./codec.ts";
import { LocalAmpError, RemoteAmpError } from "./errors.ts";
import type { Box } from "./events.ts";

const LIMITS = { maxKeys: 3, maxBoxBytes: 70_000 };

/** Boxes as rows of texts, and the error that ended them. */
class Reader {
  readonly seen: unknown[] = [];
  readonly decoder: BoxDecoder = new BoxDecoder(LIMITS);
  isBroken = false;
  receive(data: Uint8Array): void {
    if (this.isBroken) return;
    this.decoder.push(data);
    for (let box = this.decoder.next(); box !== undefined; box = this.decoder.next()) {
      this.seen.push(box instanceof RemoteAmpError ? [box.problem, box.message] : rows(box));
      this.isBroken = box instanceof RemoteAmpError;
      if (this.isBroken) return;
    }
  }
}

function rows(box: Box): string[] {
  return [...box].map(([key, value]) => `${key}=${value.length > 20 ? value.length : latin1(value)}`);
}

function read(bytes: Uint8Array | string): unknown[] {
  return feedThreeWays(
    () => new Reader(),
    typeof bytes === "string" ? Uint8Array.from(bytes, (c) => c.charCodeAt(0)) : bytes,
    ({ seen }) => seen,
  );
}

describe("BoxDecoder", () => {
  test("reads boxes, one after the other, with bytes to spare", () => {
    const sum = "\0\u0004_ask\0\u00011\0\u0008_command\0\u0003Sum\0\0";
    assert.deepEqual(read(`${sum}\0\u0001a\0\0\0\0\0\u0001b\0\u0005ab`), [["_ask=1", "_command=Sum"], ["a="]]);
  });

  test("takes a value of 65 535 bytes and a key of 255", () => {
    const box = new Map([["k".repeat(255), new Uint8Array(65_535)]]);
    assert.deepEqual(read(encodeBox(box)), [[`${"k".repeat(255)}=65535`]]);
  });

  test("gives an empty box for an empty box", () => {
    assert.deepEqual(read("\0\0\0\0"), [[], []]);
  });

  test("lets the later one of two equal keys hold", () => {
    assert.deepEqual(read("\0\u0001a\0\u00011\0\u0001a\0\u00012\0\0"), [["a=2"]]);
  });

  test("keeps keys that are no ASCII apart, byte for byte", () => {
    assert.deepEqual(read("\0\u0001\u00e9\0\u00011\0\u0001\u00ff\0\u00012\0\0"), [["\u00e9=1", "\u00ff=2"]]);
  });

  test("refuses a key of more than 255 bytes, as an HTTP request would begin with", () => {
    assert.deepEqual(read("GET / HTTP/1.1\r\n"), [
      ["key length", "Peer sent a key of 18245 bytes, 255 allowed; is it AMP at all"],
    ]);
  });

  test("refuses one key more than allowed, after the boxes before it", () => {
    const pair = "\0\u0001a\0\u00011";
    assert.deepEqual(read(`${pair}\0\0${pair.repeat(4)}\0\0`), [
      ["a=1"],
      ["key count", "Peer sent a box of more than 3 keys"],
    ]);
  });

  test("refuses a box that grows too large before it keeps the value that does it", () => {
    const reader = new Reader();
    reader.receive(encodeBox(new Map([["a", new Uint8Array(65_535)]])).subarray(0, -2));
    reader.receive(Uint8Array.from([0, 1, 98, 0x20, 0]));
    assert.deepEqual(reader.seen, [["box size", "Peer sent a box of more than 70000 bytes"]]);
  });

  test("stays broken", () => {
    const decoder = new BoxDecoder(LIMITS);
    decoder.push(Uint8Array.from([255, 255]));
    const error = decoder.next();
    decoder.push(Uint8Array.from([0, 0]));
    assert.ok(error instanceof RemoteAmpError);
    assert.equal(decoder.next(), error);
  });

  test("holds no more of a chunk than the values in it while it waits for the rest of the box", () => {
    const decoder = new BoxDecoder(LIMITS);
    const slab = new Uint8Array(60_000);
    slab.set([0, 1, 97, 0, 1, 7, 0, 1, 98, 0, 2, 8]);
    decoder.push(slab.subarray(0, 12));
    assert.equal(decoder.next(), undefined);
    decoder.push(Uint8Array.from([9, 0, 0]));
    const box = decoder.next() as Box;
    assert.deepEqual(rows(box), ["a=\u0007", "b=\u0008\u0009"]);
    for (const value of box.values()) assert.ok(value.buffer.byteLength <= 64);
  });

  test("hands over the bytes behind a box", () => {
    const decoder = new BoxDecoder(LIMITS);
    decoder.push(Uint8Array.from([0, 1, 97, 0, 0, 0, 0, 7, 8]));
    decoder.push(Uint8Array.from([9]));
    decoder.next();
    assert.deepEqual([...decoder.takeRest()], [7, 8, 9]);
  });

  test("reads what encodeBox writes, whatever the boxes and the cuts", () => {
    const key = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)), minLength: 1 });
    const box = fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 300 })), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(box, { maxLength: 4 }), (boxes) => {
        const maps = boxes.map((pairs) => new Map(pairs));
        const wire = maps.flatMap((each) => [...encodeBox(each)]);
        const sorted = maps.map((each) => rows(new Map([...each].sort(([a], [b]) => (a < b ? -1 : 1)))));
        assert.deepEqual(read(Uint8Array.from(wire)), sorted);
      }),
      { numRuns: 60 },
    );
  });
});

describe("encodeBox", () => {
  test("sorts the keys by their bytes", () => {
    const box = new Map(["b", "_ask", "Z", "\u00e9"].map((key) => [key, new Uint8Array(0)]));
    assert.deepEqual([...(decodeBoxes(encodeBox(box))[0]?.keys() ?? [])], ["Z", "_ask", "b", "\u00e9"]);
  });

  test("refuses keys and values whose length cannot be said", () => {
    const box = (key: string, length: number) => () => encodeBox(new Map([[key, new Uint8Array(length)]]));
    assert.throws(box("", 0), LocalAmpError);
    assert.throws(box("k".repeat(256), 0), LocalAmpError);
    assert.throws(box("\u0100", 0), LocalAmpError);
    assert.throws(box("k", 65_536), /Cannot send a value of 65536 bytes: 65535 allowed/);
  });
});

describe("decodeBoxes", () => {
  test("wants whole boxes and nothing else", () => {
    assert.deepEqual(decodeBoxes(new Uint8Array(0)), []);
    assert.throws(() => decodeBoxes(Uint8Array.from([0, 1, 97])), /the last box is cut off/);
    assert.throws(() => decodeBoxes(Uint8Array.from([1, 1])), /a key of 257 bytes/);
  });
});

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
