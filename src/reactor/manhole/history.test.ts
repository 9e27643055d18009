import assert from "node:assert/strict";
import { chmodSync, chownSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryFolder } from "../pair.fixture.test.ts";
import { History } from "./history.ts";

const folder = temporaryFolder();

describe("History", () => {
  test("has the newest first, and an entry that is entered again once", () => {
    const history = new History();
    for (const entry of ["one", "two", "two"]) history.add(entry);
    assert.deepEqual(history.entries, ["two", "one"]);
  });

  test("keeps a thousand", () => {
    const history = new History();
    for (let n = 0; n < 1_500; n += 1) history.add(String(n));
    assert.deepEqual([history.entries.length, history.entries[0], history.entries.at(-1)], [1_000, "1499", "500"]);
  });

  test("outlives the process in its file, entries of several lines too", () => {
    const path = join(folder, "kept");
    const history = new History(path);
    history.add("one");
    history.add("f(\n  2)");
    assert.deepEqual(new History(path).entries, ["f(\n  2)", "one"]);
  });

  test("is for its owner only, whatever the umask and whatever its file allowed before", (t) => {
    const former = process.umask(0);
    t.after(() => process.umask(former));
    const [fresh, old] = [join(folder, "fresh"), join(folder, "old")];
    new History(fresh).add("secret");
    writeFileSync(old, "");
    chmodSync(old, 0o644);
    new History(old);
    assert.deepEqual([permissions(fresh), permissions(old)], [0o600, 0o600]);
  });

  test("passes over lines that are none of its own", () => {
    const path = join(folder, "mixed");
    writeFileSync(path, '"one"\n{"two":2}\nthree\n\n"four"');
    assert.deepEqual(new History(path).entries, ["four", "one"]);
  });

  test("writes a file that has grown long anew", () => {
    const path = join(folder, "long");
    writeFileSync(path, Array.from({ length: 5_000 }, (_, n) => `"${n}"\n`).join(""));
    assert.equal(new History(path).entries[0], "4999");
    assert.equal(readFileSync(path, "utf8").split("\n").length, 1_001);
  });

  test("follows no link, and takes no folder for a file", () => {
    const link = join(folder, "link");
    symlinkSync(join(folder, "elsewhere"), link);
    assert.throws(() => new History(link), { code: "ELOOP" });
    assert.throws(() => new History(folder), { code: "EISDIR" });
  });

  test("refuses somebody else's file", { skip: process.geteuid?.() !== 0 && "only root can give files away" }, () => {
    const path = join(folder, "theirs");
    writeFileSync(path, "");
    chownSync(path, 65_534, 65_534);
    assert.throws(() => new History(path), /it belongs to user 65534, and this process is user 0/);
  });
});

function permissions(path: string): number {
  return statSync(path).mode & 0o777;
}
