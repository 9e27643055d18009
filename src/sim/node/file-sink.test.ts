import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { patterned } from "../../testing/conformance/world.ts";
import { FileSink } from "./file-sink.ts";

describe("FileSink", () => {
  test("writes small and large pieces in their order", (t) => {
    const path = join(folderOf(t), "x");
    const sink = new FileSink(path);
    const data = patterned(400_000);
    let at = 0;
    for (let size = 1; at < data.length; size = (size * 7) % 150_001) {
      sink.write(data.subarray(at, at + size));
      at += size;
    }
    sink.close();
    assert.ok(readFileSync(path).equals(data));
  });

  test("holds back no more than 64 KiB", (t) => {
    const path = join(folderOf(t), "x");
    const sink = new FileSink(path);
    for (let i = 0; i < 1_000; i += 1) {
      sink.write(new Uint8Array(1_000));
      assert.ok(statSync(path).size >= (i + 1) * 1_000 - 65_536);
    }
    sink.close();
    assert.equal(statSync(path).size, 1_000_000);
  });

  test("keeps what it was given, whatever becomes of it", (t) => {
    const path = join(folderOf(t), "x");
    const sink = new FileSink(path);
    const piece = Uint8Array.of(1, 2, 3);
    sink.write(piece);
    piece.fill(9);
    sink.close();
    assert.deepEqual([...readFileSync(path)], [1, 2, 3]);
  });

  test("replaces a file that was there", (t) => {
    const path = join(folderOf(t), "x");
    writeFileSync(path, "what was there");
    new FileSink(path).close();
    assert.equal(readFileSync(path, "utf8"), "");
  });

  test("says at once that a file cannot be opened", (t) => {
    const path = join(folderOf(t), "no", "x");
    assert.throws(() => new FileSink(path), { message: /^Cannot write ".*\/no\/x": ENOENT/ });
  });

  test("says at the end that a disk was full", { skip: !existsSync("/dev/full") }, () => {
    const sink = new FileSink("/dev/full");
    for (let i = 0; i < 3; i += 1) sink.write(new Uint8Array(65_536));
    assert.throws(() => sink.close(), { message: /^Cannot write all of "\/dev\/full": ENOSPC/ });
  });
});

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
