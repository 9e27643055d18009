import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "./deferred/deferred.ts";
import { CancelledError } from "./deferred/errors.ts";
import type { FileStatus } from "./files.ts";
import { type FileCalls, OpenedFile } from "./opened-file.ts";

// What every reactor's open files promise is in testing/conformance/open-files.ts; here is what takes a slow disk to see.

describe("an OpenedFile", () => {
  test("is closed only when what was called before is done", async () => {
    const disk = new SlowDisk();
    const file = new OpenedFile("/a", disk);
    const read = file.read(0, 1);
    const closed = file.close();
    assert.deepEqual(disk.calls, ["read 0 1"]);
    disk.finish(Uint8Array.of(7));
    assert.deepEqual([...(await read)], [7]);
    assert.deepEqual(disk.calls, ["close"]);
    disk.finish();
    await closed;
  });

  test("is closed once, and all who asked are told", async () => {
    const disk = new SlowDisk();
    const file = new OpenedFile("/a", disk);
    const closed = [file.close(), file.close()];
    assert.deepEqual(disk.calls, ["close"]);
    disk.finish();
    await Promise.all(closed);
    await file.close();
    assert.deepEqual(disk.calls, []);
  });

  test("tells those who wait for the end that it failed, and counts as closed", async () => {
    const disk = new SlowDisk();
    const file = new OpenedFile("/a", disk);
    const [closed, dropped] = [file.close(), file.close()];
    dropped.addErrback(() => {});
    dropped.cancel();
    disk.fail(new Error("EIO"));
    await assert.rejects(async () => closed, /EIO/);
    await file.close();
  });

  test("is closed whoever cancels the waiting for it", async () => {
    const disk = new SlowDisk();
    const file = new OpenedFile("/a", disk);
    const closed = file.close();
    closed.cancel();
    await assert.rejects(async () => closed, CancelledError);
    assert.deepEqual(disk.calls, ["close"]);
    disk.finish();
    await file.close();
  });

  test("fails all that is called after close", async () => {
    const disk = new SlowDisk();
    const file = new OpenedFile("/a", disk);
    file.close();
    for (const call of [() => file.read(0, 1), () => file.status(), () => file.write("x"), () => file.sync()]) {
      await assert.rejects(async () => call(), { code: "EBADF", path: "/a" });
    }
  });

  test("waits for a call that was cancelled, and drops what comes of it", async () => {
    const disk = new SlowDisk();
    const file = new OpenedFile("/a", disk);
    for (const end of [() => disk.finish(Uint8Array.of(1)), () => disk.fail(new Error("EIO"))]) {
      const read = file.read(0, 1);
      read.cancel();
      await assert.rejects(async () => read, CancelledError);
      disk.calls.length = 0;
      end();
    }
    const last = file.read(0, 1);
    last.cancel();
    await assert.rejects(async () => last, CancelledError);
    disk.calls.length = 0;
    file.close();
    assert.deepEqual(disk.calls, []);
    disk.finish(Uint8Array.of(1));
    assert.deepEqual(disk.calls, ["close"]);
  });

  test("writes one after the other, syncs where it was asked to, and closes after all of it", async () => {
    const disk = new SlowDisk();
    const file = new OpenedFile("/a", disk);
    const done = [file.write("one"), file.sync(), file.write("two"), file.close()];
    for (const call of ["append one", "sync", "append two", "close"]) {
      await turns();
      assert.deepEqual(disk.calls.splice(0), [call]);
      disk.finish();
    }
    await Promise.all(done);
  });

  test("writes what was given even if nobody waits for it: no hole comes before what follows", async () => {
    const disk = new SlowDisk();
    const file = new OpenedFile("/a", disk);
    const first = file.write("one");
    const second = file.write("two");
    const third = file.write("three");
    second.cancel();
    await assert.rejects(async () => second, CancelledError);
    const seen: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      await turns();
      seen.push(...disk.calls.splice(0));
      disk.finish();
    }
    await Promise.all([first, third]);
    assert.deepEqual(seen, ["append one", "append two", "append three"]);
  });

  test("writes nothing more after a write that failed", async () => {
    const disk = new SlowDisk();
    const file = new OpenedFile("/a", disk);
    const full = new Error("ENOSPC");
    const [first, second] = [file.write("one"), file.write("two")];
    await turns();
    disk.fail(full);
    for (const write of [first, second, file.write("three"), file.sync()]) {
      await assert.rejects(async () => write, full);
    }
    assert.deepEqual(disk.calls, ["append one"]);
  });

  test("refuses at once what is no range", () => {
    const file = new OpenedFile("/a", new SlowDisk());
    for (const [offset, count] of [
      [-1, 1],
      [0.5, 1],
      [Number.NaN, 1],
      [0, 0],
      [0, -1],
      [0, 1.5],
      [0, Number.POSITIVE_INFINITY],
    ] as const) {
      assert.throws(() => file.read(offset, count), RangeError);
    }
  });

  test("is closed where the block ends that it was opened for", async () => {
    const disk = new SlowDisk();
    const block = (async () => {
      await using file = new OpenedFile("/a", disk);
      return file.path;
    })();
    await turns();
    assert.deepEqual(disk.calls, ["close"]);
    disk.finish();
    assert.equal(await block, "/a");
  });
});

/** Does nothing until the test says how the oldest call ended. */
class SlowDisk implements FileCalls {
  readonly calls: string[] = [];
  readonly #underWay: Deferred<never>[] = [];

  status(): Deferred<FileStatus> {
    return this.#begin("status");
  }

  read(offset: number, maxBytes: number): Deferred<Uint8Array> {
    return this.#begin(`read ${offset} ${maxBytes}`);
  }

  append(data: Uint8Array): Deferred<void> {
    return this.#begin(`append ${new TextDecoder().decode(data)}`);
  }

  sync(): Deferred<void> {
    return this.#begin("sync");
  }

  close(): Deferred<void> {
    return this.#begin("close");
  }

  finish(value?: unknown): void {
    this.calls.length = 0;
    this.#underWay.shift()?.callback(value as never);
  }

  fail(error: Error): void {
    this.#underWay.shift()?.errback(error);
  }

  #begin(call: string): Deferred<never> {
    this.calls.push(call);
    const deferred = new Deferred<never>();
    this.#underWay.push(deferred);
    return deferred;
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await undefined;
}
