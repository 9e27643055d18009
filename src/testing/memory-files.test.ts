import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryFiles } from "./memory-files.ts";

// What every reactor's files promise is in conformance/files.ts.

describe("MemoryFiles", () => {
  test("shows all paths, directories with a slash", async () => {
    const files = new MemoryFiles(() => 0);
    await files.makeDirectory("etc/ssl");
    await files.write("/etc/motd", "hello");
    assert.deepEqual(files.paths(), ["/etc/", "/etc/motd", "/etc/ssl/"]);
    await files.remove("/");
    assert.deepEqual(files.paths(), []);
    assert.equal((await files.stat("/")).kind, "directory");
  });

  test("takes paths as a system does", async () => {
    const files = new MemoryFiles(() => 0);
    await files.write("//a/../b/./../c", "x");
    assert.deepEqual(files.paths(), ["/c"]);
    assert.equal(await files.readText("c"), "x");
  });

  test("keeps its own copy, and gives copies", async () => {
    const files = new MemoryFiles(() => 0);
    const data = Uint8Array.of(1, 2);
    await files.write("/a", data);
    data[0] = 9;
    (await files.read("/a"))[1] = 9;
    assert.deepEqual([...(await files.read("/a"))], [1, 2]);
  });

  test("stamps what is written with the time, and keeps the permissions of what was there", async () => {
    let time = 10;
    const files = new MemoryFiles(() => time);
    await files.write("/a", "", { mode: 0o600 });
    time = 20;
    await files.write("/a", "new", { mode: 0o644 });
    assert.deepEqual(await files.stat("/a"), { kind: "file", size: 3, mode: 0o600, modifiedMs: 20 });
    await files.append("/b", "");
    assert.equal((await files.stat("/b")).mode, 0o644);
  });

  test("refuses to rename onto what cannot be replaced", async () => {
    const files = new MemoryFiles(() => 0);
    await files.makeDirectory("/full/x");
    await files.makeDirectory("/empty");
    await files.write("/file", "");
    const codeOf = async (from: string, to: string) => {
      try {
        await files.rename(from, to);
        return undefined;
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
    };
    assert.equal(await codeOf("/file", "/empty"), "EISDIR");
    assert.equal(await codeOf("/empty", "/file"), "ENOTDIR");
    assert.equal(await codeOf("/empty", "/full"), "ENOTEMPTY");
    assert.equal(await codeOf("/file", "/none/x"), "ENOENT");
    assert.equal(await codeOf("/file", "/file"), undefined);
    assert.equal(await codeOf("/full", "/empty"), undefined);
    assert.deepEqual(files.paths(), ["/empty/", "/empty/x/", "/file"]);
  });
});
