import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryFolder } from "../pair.fixture.test.ts";
import { checkManholePath, whyNotToEnter } from "./socket-guard.ts";

const folder = temporaryFolder();
const NOBODY = 65_534;
const asRoot = { skip: process.geteuid?.() !== 0 && "only root can give files away" };

describe("where a manhole may be", () => {
  test("in a folder that nobody else may write to, told without links", () => {
    const link = join(folder, "link");
    symlinkSync(folder, link);
    assert.equal(checkManholePath(join(link, "m")), join(realpathSync(folder), "m"));
  });

  test("in a folder where names stay with their owners", () => {
    const shared = made("shared", 0o1777);
    assert.equal(checkManholePath(join(shared, "m")), join(realpathSync(shared), "m"));
  });

  for (const [mode, name] of [
    [0o777, "anybody"],
    [0o770, "its group"],
  ] as const) {
    test(`not in one that ${name} may write to`, () => {
      const path = join(made(`open-${mode.toString(8)}`, mode), "m");
      assert.throws(
        () => checkManholePath(path),
        /its folder has mode 07\d0?7?.*others could put another socket there/,
      );
    });
  }

  test("not in somebody else's folder, and not over somebody else's file", asRoot, () => {
    const theirs = made("theirs", 0o700);
    chownSync(theirs, NOBODY, NOBODY);
    assert.throws(() => checkManholePath(join(theirs, "m")), /its folder belongs to user 65534/);
    const file = join(folder, "file");
    writeFileSync(file, "");
    chownSync(file, NOBODY, NOBODY);
    assert.throws(() => checkManholePath(file), /it belongs to user 65534, and this process is user 0/);
  });

  for (const [path, why] of [
    ["", /the path is empty/],
    ["\0name", /an abstract name has no mode/],
    ["tcp:2000", /not opened to a network/],
    ["unix:manhole", /want the path of a socket/],
    ["nowhere/at/all", /there is no folder "nowhere\/at"/],
  ] as const) {
    test(`not at ${JSON.stringify(path)}`, () => {
      assert.throws(() => checkManholePath(path), why);
    });
  }
});

describe("what speaks against entering", () => {
  test("a path where nothing is, or something that is no socket", () => {
    assert.equal(whyNotToEnter(join(folder, "missing"), 0), "there is no such file");
    const file = join(folder, "no-socket");
    writeFileSync(file, "");
    assert.equal(whyNotToEnter(file, 0), "it is no socket");
  });
});

function made(name: string, mode: number): string {
  const path = join(folder, name);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}
