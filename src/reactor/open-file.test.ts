import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { CancelledError } from "../core/deferred/errors.ts";
import { nodeFiles as files } from "./files.ts";

// What every reactor's open files promise is in testing/conformance/open-files.ts.

const home = mkdtempSync(join(tmpdir(), "ropewalk-open-"));
after(() => rmSync(home, { recursive: true }));
const onLinux = { skip: process.platform === "linux" ? false : "counts descriptors in /proc" };

describe("open files of the system", () => {
  test("tell links from what they point at", async () => {
    writeFileSync(join(home, "target"), "12345");
    symlinkSync(join(home, "target"), join(home, "link"));
    symlinkSync(join(home, "nowhere"), join(home, "dangling"));
    assert.equal((await files.stat(join(home, "link"))).kind, "file");
    assert.equal((await files.stat(join(home, "link"), { followLinks: false })).kind, "link");
    assert.equal((await files.stat(join(home, "dangling"), { followLinks: false })).kind, "link");
    assert.equal(await files.realPath(join(home, "link")), await files.realPath(join(home, "target")));
    await assert.rejects(async () => files.open(join(home, "link"), { followLinks: false }), { code: "ELOOP" });
    await assert.rejects(async () => files.create(join(home, "dangling"), { exclusive: true }), { code: "EEXIST" });
    await using file = await files.open(join(home, "link"));
    assert.equal((await file.read(0, 9)).length, 5);
  });

  test("never wait for the other end of a pipe", async () => {
    const path = join(home, "pipe");
    execFileSync("mkfifo", [path]);
    await using file = await files.open(path);
    assert.equal((await file.status()).kind, "other");
  });

  test("give their descriptors back: closed, cancelled or failed", onLinux, async () => {
    const path = join(home, "descriptors");
    writeFileSync(path, "x");
    const before = openTo(home);
    const file = await files.open(path);
    assert.equal(openTo(home).length, before.length + 1);
    await file.close();
    await file.close();
    for (const opening of [files.open(path), files.create(join(home, "new"))]) {
      opening.cancel();
      await assert.rejects(async () => opening, CancelledError);
    }
    await assert.rejects(async () => files.open(join(home, "none")), { code: "ENOENT" });
    const reading = await files.open(path);
    const read = reading.read(0, 1);
    read.cancel();
    await assert.rejects(async () => read, CancelledError);
    await reading.close();
    // The cancelled ones are opened and closed in the background.
    while (openTo(home).length > before.length) await files.stat(home);
    assert.deepEqual(openTo(home), before);
  });

  test("fail with what the system says of a write, and of a close", onLinux, async () => {
    const full = await files.create("/dev/full");
    await assert.rejects(async () => full.write("x"), { code: "ENOSPC" });
    await assert.rejects(async () => full.write("y"), { code: "ENOSPC" });
    await full.close();
    const read = await files.open(join(home, "descriptors"));
    await read.close();
    await assert.rejects(async () => read.read(0, 1), { code: "EBADF" });
  });

  test("take writes of any size", async () => {
    const path = join(home, "large");
    const data = Buffer.alloc(5_000_000, "rope");
    await using file = await files.create(path);
    file.write("");
    file.write(data);
    await file.sync();
    assert.ok(readFileSync(path).equals(data));
  });
});

function openTo(folder: string): string[] {
  const names: string[] = [];
  for (const name of readdirSync("/proc/self/fd")) {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`);
      if (target.startsWith(folder)) names.push(target);
    } catch {
      // The descriptor that listed the folder is gone.
    }
  }
  return names.sort();
}
