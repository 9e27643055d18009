import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FileTree, type NameChange } from "./file-tree.ts";

// What all files promise is in testing/conformance/files.ts; here is what only those who keep a tree ask of it.

describe("a FileTree", () => {
  test("counts what its files hold, through writing, replacing and removing", () => {
    const tree = new FileTree(() => 0);
    const put = (path: string, size: number) => tree.append(tree.open(path), new Uint8Array(size));
    put("/a", 3);
    put("/b", 5);
    assert.equal(tree.usedBytes, 8);
    tree.rename("/a", "/b");
    assert.equal(tree.usedBytes, 3);
    tree.truncate(tree.open("/b"));
    assert.equal(tree.usedBytes, 0);
    tree.makeDirectory("/d/e");
    put("/d/e/f", 7);
    tree.remove("/d");
    assert.equal(tree.usedBytes, 0);
  });

  test("has a root that is no file, and that nothing takes the place of", () => {
    const tree = new FileTree(() => 0);
    tree.open("/a");
    tree.makeDirectory("/d");
    for (const path of ["/", "/d"]) assert.throws(() => tree.open(path), { code: "EISDIR" });
    assert.throws(() => tree.rename("/a", "/"), { code: "EINVAL" });
    assert.deepEqual(tree.paths(), ["/a", "/d/"]);
  });

  test("replaces a file, and no directory, by a new one with the permissions of the old", () => {
    const tree = new FileTree(() => 0);
    tree.append(tree.open("/a", 0o600), new Uint8Array(3));
    tree.makeDirectory("/d");
    const before = tree.find("/a");
    assert.equal(tree.replace("/a", undefined).mode, 0o600);
    assert.notEqual(tree.find("/a"), before);
    assert.equal(tree.usedBytes, 0);
    assert.equal(tree.replace("/a", 0o640).mode, 0o640);
    assert.equal(tree.replace("/new", undefined).mode, 0o644);
    assert.throws(() => tree.replace("/d", undefined), { code: "EISDIR" });
  });

  test("counts a file no more that lost its name, whoever still writes to it", () => {
    const tree = new FileTree(() => 0);
    const file = tree.open("/a");
    tree.remove("/a");
    tree.append(file, new Uint8Array(3));
    tree.truncate(file);
    assert.equal(tree.usedBytes, 0);
  });

  test("tells of each step, and takes them back in reverse", () => {
    const steps: (readonly NameChange[])[] = [];
    const tree = new FileTree(
      () => 0,
      (changes) => steps.push(changes),
    );
    const put = (path: string, text: string) => tree.append(tree.open(path), new TextEncoder().encode(text));
    put("/a", "one");
    put("/b", "three");
    const done = steps.length;
    tree.rename("/a", "/b");
    tree.makeDirectory("/d/e");
    tree.rename("/b", "/d/e/c");
    tree.remove("/d");
    assert.deepEqual(tree.paths(), []);
    // One for each name, and one for a rename: it is seen at both ends or at none.
    assert.deepEqual(
      steps.slice(done).map(({ length }) => length),
      [2, 1, 1, 2, 1, 1, 1],
    );
    for (const changes of steps.slice(done).reverse()) tree.undo(changes);
    assert.deepEqual(tree.paths(), ["/a", "/b"]);
    assert.equal(new TextDecoder().decode(tree.read("/b")), "three");
    assert.equal(tree.usedBytes, 8);
  });

  test("refuses to put a directory into itself, and to name the root", () => {
    const tree = new FileTree(() => 0);
    tree.makeDirectory("/a/b");
    const codeOf = (act: () => unknown) => {
      try {
        act();
        return undefined;
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
    };
    assert.equal(
      codeOf(() => tree.rename("/a", "/a/b/c")),
      "EINVAL",
    );
    assert.equal(
      codeOf(() => tree.rename("/", "/x")),
      "EINVAL",
    );
    assert.equal(
      codeOf(() => tree.open("/")),
      "EISDIR",
    );
    assert.equal(
      codeOf(() => tree.rename("/a", "/ab")),
      undefined,
    );
    assert.deepEqual(tree.paths(), ["/ab/", "/ab/b/"]);
  });
});
