import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ByteQueue } from "./byte-queue.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { takeBytes } from "./take-bytes.ts";

describe("ByteQueue", () => {
  test("gives chunks in order, and bytes put back before them", () => {
    const queue = new ByteQueue();
    for (const chunk of [[1, 2], [], [3], [4, 5]]) queue.push(Uint8Array.from(chunk));
    assert.ok(queue.ready());
    queue.at = 1;
    queue.unshift(Uint8Array.of(9));
    queue.unshift(new Uint8Array(0));
    queue.push(Uint8Array.of(6));
    assert.deepEqual([...queue.takeAll()], [9, 2, 3, 4, 5, 6]);
    assert.ok(!queue.ready());
  });

  test("puts bytes back where a chunk is used up", () => {
    const queue = new ByteQueue();
    queue.push(Uint8Array.of(1));
    queue.push(Uint8Array.of(2));
    assert.ok(queue.ready());
    queue.at = 1;
    queue.unshift(Uint8Array.of(9));
    assert.deepEqual([...queue.takeAll(Uint8Array.of(8))], [8, 9, 2]);
  });

  test("gives one chunk as it came, without a copy", () => {
    const queue = new ByteQueue();
    const chunk = Uint8Array.of(1, 2);
    queue.push(chunk);
    assert.equal(queue.takeAll(), chunk);
    assert.equal(queue.takeAll().length, 0);
  });

  test("lets go of a chunk that was read", () => {
    const queue = new ByteQueue();
    queue.push(new Uint8Array(1_000));
    queue.at = 1_000;
    assert.ok(!queue.ready());
    assert.equal(queue.chunk.length, 0);
  });
});

describe("takeBytes", () => {
  test("gives what a plain list of bytes gives, whatever the cuts", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), fc.array(fc.nat(300)), (chunks, counts) => {
        const queue = new ByteQueue();
        const partial = new GrowingBytes();
        const all: number[] = [];
        let at = 0;
        for (const count of counts) {
          let taken = takeBytes(queue, partial, count);
          for (let chunk = chunks.shift(); taken === undefined && chunk !== undefined; chunk = chunks.shift()) {
            queue.push(chunk);
            all.push(...chunk);
            taken = takeBytes(queue, partial, count);
          }
          if (taken === undefined) return;
          assert.deepEqual([...taken], all.slice(at, at + count));
          at += count;
        }
      }),
    );
  });

  test("makes no room for what is only announced", () => {
    const queue = new ByteQueue();
    const partial = new GrowingBytes();
    queue.push(new Uint8Array(10));
    assert.equal(takeBytes(queue, partial, 1_000_000), undefined);
    assert.ok(partial.bytes.length < 100);
  });

  test("makes room for no more than was announced", () => {
    const queue = new ByteQueue();
    const partial = new GrowingBytes();
    for (let at = 0; at < 99; at += 1) {
      queue.push(Uint8Array.of(at));
      assert.equal(takeBytes(queue, partial, 100), undefined);
    }
    queue.push(Uint8Array.of(99));
    assert.equal(takeBytes(queue, partial, 100)?.buffer.byteLength, 100);
  });
});

describe("GrowingBytes", () => {
  test("keeps a little room when cleared, and lets go of much", () => {
    const bytes = new GrowingBytes();
    bytes.append(new Uint8Array(10), 0, 10);
    bytes.clear();
    assert.equal(bytes.bytes.length, 64);
    bytes.append(new Uint8Array(1_000), 0, 1_000);
    bytes.clear();
    assert.equal(bytes.bytes.length, 0);
  });

  test("a byte at a time is copied a bounded number of times", () => {
    const bytes = new GrowingBytes();
    let rooms = 0;
    for (let at = 0; at < 100_000; at += 1) {
      const before = bytes.bytes;
      bytes.append(Uint8Array.of(at), 0, 1);
      if (bytes.bytes !== before) rooms += 1;
    }
    assert.ok(rooms < 20);
    assert.equal(bytes.take().length, 100_000);
  });
});
