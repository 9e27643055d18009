import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lengthOf, multipartPieces, type Pieces } from "./byte-ranges.ts";
import { FileBody, type FileState, type ReadableFile } from "./file-body.ts";

/** A file in memory that can change under whoever reads it, and gives no more than some bytes at a time. */
class FakeFile implements ReadableFile {
  readonly path = "/rope.bin";
  readonly reads: [offset: number, bytes: number][] = [];
  bytes: Uint8Array;
  modifiedMs = 1;
  closed = 0;
  mostBytes = Number.POSITIVE_INFINITY;

  constructor(size: number) {
    this.bytes = Uint8Array.from({ length: size }, (_, at) => at % 251);
  }

  get state(): FileState {
    return { size: this.bytes.length, modifiedMs: this.modifiedMs };
  }

  async read(offset: number, maxBytes: number): Promise<Uint8Array> {
    this.reads.push([offset, maxBytes]);
    return this.bytes.slice(offset, offset + Math.min(maxBytes, this.mostBytes));
  }

  async status(): Promise<FileState> {
    return this.state;
  }

  close(): void {
    this.closed += 1;
  }
}

async function all(body: FileBody): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

function whole(size: number): Pieces {
  return [{ start: 0, end: size }];
}

describe("a body out of a file", () => {
  it("is the file, read a quarter of a megabyte at a time, and closes it once", async () => {
    const file = new FakeFile(600_000);
    const sent = await all(new FileBody(file, file.state, whole(600_000)));
    assert.ok(Buffer.from(file.bytes).equals(sent));
    assert.deepEqual(file.reads, [
      [0, 262_144],
      [262_144, 262_144],
      [524_288, 75_712],
    ]);
    assert.equal(file.closed, 1);
  });

  it("goes on where the system gave less than it was asked for", async () => {
    const file = new FakeFile(1_000);
    file.mostBytes = 300;
    const sent = await all(new FileBody(file, file.state, [{ start: 100, end: 900 }]));
    assert.ok(Buffer.from(file.bytes.subarray(100, 900)).equals(sent));
  });

  it("has several ranges with what stands between them, and the length that was said", async () => {
    const file = new FakeFile(1_000);
    const ranges = [
      { start: 0, end: 3 },
      { start: 995, end: 1_000 },
    ];
    const pieces = multipartPieces(ranges, 1_000, "text/plain", "XYZ");
    const sent = await all(new FileBody(file, file.state, pieces));
    assert.equal(sent.length, lengthOf(pieces));
    assert.equal(
      Buffer.from(sent).toString("latin1"),
      [
        "--XYZ\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-2/1000\r\n\r\n\x00\x01\x02\r\n",
        "--XYZ\r\nContent-Type: text/plain\r\nContent-Range: bytes 995-999/1000\r\n\r\n",
        `${String.fromCharCode(...file.bytes.subarray(995))}\r\n--XYZ--\r\n`,
      ].join(""),
    );
  });

  it("reads nothing before it is asked", () => {
    const file = new FakeFile(10);
    new FileBody(file, file.state, whole(10));
    assert.deepEqual(file.reads, []);
  });

  it("closes the file when nobody wants it any more, begun or not", async () => {
    for (const begins of [false, true]) {
      const file = new FakeFile(600_000);
      const body = new FileBody(file, file.state, whole(600_000));
      if (begins) await body.next();
      await body.return();
      await body.return();
      assert.equal(file.closed, 1);
      assert.deepEqual(await body.next(), { done: true, value: undefined });
    }
  });

  for (const [what, change] of [
    ["cut short", (file: FakeFile) => (file.bytes = file.bytes.slice(0, 300_000))],
    ["added to", (file: FakeFile) => (file.bytes = Buffer.concat([file.bytes, Buffer.alloc(1)]))],
    ["written anew in place", (file: FakeFile) => (file.modifiedMs += 1)],
  ] as const) {
    it(`fails before its end if the file was ${what}, and closes it`, async () => {
      const file = new FakeFile(600_000);
      const body = new FileBody(file, file.state, whole(600_000));
      let sent = (await body.next()).value?.length ?? 0;
      change(file);
      await assert.rejects(async () => {
        for (let next = await body.next(); next.done !== true; next = await body.next()) sent += next.value.length;
      }, /^Error: Cannot send the rest of "\/rope.bin": it was changed while it was sent$/);
      assert.ok(sent < 600_000);
      assert.equal(file.closed, 1);
    });
  }

  it("fails as the disk does, and closes the file", async () => {
    const file = new FakeFile(10);
    file.read = () => Promise.reject(new Error("EIO"));
    await assert.rejects(all(new FileBody(file, file.state, whole(10))), /EIO/);
    assert.equal(file.closed, 1);
  });
});
