import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, mock, test } from "node:test";
import { CancelledError } from "../core/deferred/errors.ts";
import { nodeFiles as files } from "./files.ts";

const home = mkdtempSync(join(tmpdir(), "ropewalk-files-"));
after(() => rmSync(home, { recursive: true }));
let number = 0;

describe("files", () => {
  test("are written and read, as bytes and as text", async () => {
    const path = fresh();
    await files.write(path, "grüß");
    assert.equal(await files.readText(path), "grüß");
    await files.write(path, new Uint8Array([1, 2, 255]));
    assert.deepEqual([...(await files.read(path))], [1, 2, 255]);
  });

  test("get longer by appending, and come into being by it", async () => {
    const path = fresh();
    await files.append(path, "one ");
    await files.append(path, new TextEncoder().encode("two"));
    assert.equal(await files.readText(path), "one two");
  });

  test("are synced with the directory that names them, through a link too", async () => {
    const path = fresh();
    const link = fresh();
    await files.write(path, "x");
    symlinkSync(path, link);
    const handle = await open(path);
    const synced: number[] = [];
    const { sync } = Object.getPrototypeOf(handle);
    await handle.close();
    mock.method(Object.getPrototypeOf(handle), "sync", async function (this: FileHandle) {
      synced.push((await this.stat()).ino);
      await sync.call(this);
    });
    try {
      await files.sync(link);
    } finally {
      mock.restoreAll();
    }
    assert.deepEqual(synced, [statSync(path).ino, statSync(dirname(path)).ino]);
  });

  test("say what they are", async () => {
    const path = fresh();
    writeFileSync(path, "12345");
    chmodSync(path, 0o640);
    const status = await files.stat(path);
    assert.equal(status.kind, "file");
    assert.equal(status.size, 5);
    assert.equal(status.mode, 0o640);
    assert.equal(status.modifiedMs, statSync(path).mtimeMs);
    assert.equal((await files.stat(home)).kind, "directory");
    assert.equal((await files.stat("/dev/null")).kind, "other");
  });

  test("are listed by name, renamed and removed with all that is in them", async () => {
    const directory = fresh();
    await files.makeDirectory(join(directory, "deep", "deeper"));
    await files.makeDirectory(join(directory, "deep"));
    for (const name of ["b", "a", "c"]) await files.write(join(directory, name), name);
    assert.deepEqual(await files.list(directory), ["a", "b", "c", "deep"]);
    await files.rename(join(directory, "a"), join(directory, "z"));
    assert.equal(await files.readText(join(directory, "z")), "a");
    await files.remove(directory);
    await files.remove(directory);
    await assert.rejects(async () => files.list(directory), { code: "ENOENT" });
  });

  for (const name of ["read", "readText", "stat", "list"] as const) {
    test(`fail with the system's error: ${name} of what is not there`, async () => {
      await assert.rejects(async () => files[name]("/nonexistent/file"), { code: "ENOENT" });
    });
  }

  test("are not read on when nobody wants them", async () => {
    const path = fresh();
    await files.write(path, "x");
    const reading = files.read(path);
    reading.cancel();
    await assert.rejects(async () => reading, CancelledError);
  });

  test("are made with the mode that is asked for", async () => {
    for (const atomic of [false, true]) {
      const path = fresh();
      await files.write(path, "secret", { mode: 0o600, atomic });
      assert.equal(statSync(path).mode & 0o777, 0o600);
    }
  });
});

describe("an atomic write", () => {
  test("replaces the file by another one, which readers of the old do not see", async () => {
    const path = fresh();
    await files.write(path, "old");
    const before = statSync(path).ino;
    await files.write(path, "new", { atomic: true });
    assert.equal(readFileSync(path, "utf8"), "new");
    assert.notEqual(statSync(path).ino, before);
    assert.deepEqual(leftovers(path), []);
  });

  test("makes a file that was not there", async () => {
    const path = fresh();
    await files.write(path, "new", { atomic: true });
    assert.equal(readFileSync(path, "utf8"), "new");
  });

  test("keeps the permissions of the file that it replaces", async () => {
    const path = fresh();
    writeFileSync(path, "old");
    chmodSync(path, 0o640);
    await files.write(path, "new", { atomic: true });
    assert.equal(statSync(path).mode & 0o777, 0o640);
  });

  test("replaces what a link points at, not the link", async () => {
    const path = fresh();
    const link = fresh();
    writeFileSync(path, "old");
    symlinkSync(path, link);
    await files.write(link, "new", { atomic: true });
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(readFileSync(path, "utf8"), "new");
  });

  test("leaves the old file and nothing else when it is cancelled", async () => {
    const path = fresh();
    await files.write(path, "old");
    const writing = files.write(path, new Uint8Array(50_000_000), { atomic: true });
    writing.cancel();
    await assert.rejects(async () => writing, CancelledError);
    // The work ends in the background: the last thing that it does is to remove what it began.
    while (leftovers(path).length > 0) await new Promise((resolve) => setImmediate(resolve));
    await files.write(path, "newer", { atomic: true });
    assert.equal(readFileSync(path, "utf8"), "newer");
    assert.deepEqual(leftovers(path), []);
  });

  test("removes what it began when it fails", async () => {
    const directory = fresh();
    await files.makeDirectory(join(directory, "taken"));
    await assert.rejects(async () => files.write(join(directory, "taken"), "x", { atomic: true }), { code: "EISDIR" });
    assert.deepEqual(await files.list(directory), ["taken"]);
  });

  test("fails as the system does where there is no directory", async () => {
    await assert.rejects(async () => files.write("/nonexistent/x", "x", { atomic: true }), { code: "ENOENT" });
  });

  test("fails as the system does where a file stands for a directory", async () => {
    const path = fresh();
    await files.write(path, "x");
    await assert.rejects(async () => files.write(join(path, "y"), "x", { atomic: true }), { code: "ENOTDIR" });
  });
});

function fresh(): string {
  return join(home, `file-${number++}`);
}

function leftovers(path: string): string[] {
  return readdirSync(home).filter((name) => join(home, name).startsWith(`${path}.`));
}
