import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fail } from "../../../../core/deferred/succeed.ts";
import { systemError } from "../../../../core/system-error.ts";
import { MemoryReactor } from "../../../../testing/index.ts";
import { Lookup } from "./server.ts";

// Links are in files/links.test.ts, where there is a system that has some.

function site(): MemoryReactor {
  const reactor = new MemoryReactor();
  reactor.files.makeDirectory("/site/folder");
  reactor.files.write("/site/a.txt", "x");
  return reactor;
}

describe("a lookup", () => {
  for (const [code, status] of [
    ["EACCES", 403],
    ["EPERM", 403],
    ["EMFILE", 503],
    ["ENFILE", 503],
  ] as const) {
    it(`answers ${code} with ${status}, for files and for lists`, async () => {
      const reactor = site();
      const error = systemError(code, "open", "/site/a.txt");
      reactor.files.open = () => fail(error);
      reactor.files.list = () => fail(error);
      const lookup = new Lookup(reactor, "/site", false);
      await assert.rejects(lookup.open(["a.txt"]), { name: "HttpError", status, cause: error });
      await assert.rejects(
        lookup.list([], () => true, 10),
        { name: "HttpError", status, cause: error },
      );
    });
  }

  it("passes on what is neither the client's fault nor a lack of descriptors", async () => {
    const reactor = site();
    const error = systemError("EIO", "open", "/site/a.txt");
    reactor.files.open = () => fail(error);
    reactor.files.stat = () => fail(error);
    const lookup = new Lookup(reactor, "/site", false);
    await assert.rejects(lookup.open(["a.txt"]), error);
    await assert.rejects(
      lookup.list([], () => true, 10),
      error,
    );
  });

  it("asks for a folder's real path once a second at most, and for that of a thousand folders at most", async () => {
    const reactor = site();
    const asked: string[] = [];
    const realPath = reactor.files.realPath.bind(reactor.files);
    reactor.files.realPath = (path) => {
      asked.push(path);
      return realPath(path);
    };
    const lookup = new Lookup(reactor, "/site", false);
    await lookup.folder(["folder"]);
    await lookup.folder(["folder"]);
    assert.deepEqual(asked, ["/site/folder", "/site/"]);
    reactor.advance(1_001);
    await lookup.folder(["folder"]);
    assert.equal(asked.length, 4);
    for (let count = 0; count < 1_100; count += 1) {
      reactor.files.makeDirectory(`/site/${count}`);
      await lookup.folder([String(count)]);
    }
    asked.length = 0;
    await lookup.folder(["folder"]);
    assert.ok(asked.includes("/site/folder"), "those of before were forgotten");
  });

  it("lists no more than it is told to, says how many are left out, and stops when nobody waits", async () => {
    const reactor = site();
    for (const name of ["b", "c", "d", "e"]) reactor.files.write(`/site/folder/${name}`, name);
    const lookup = new Lookup(reactor, "/site", false);
    const list = await lookup.list(["folder"], (name) => name !== "c", 2);
    assert.deepEqual([list?.entries.map(({ name }) => name), list?.leftOut], [["b", "d"], 1]);
    const gone = new AbortController();
    gone.abort(new Error("gone"));
    await assert.rejects(
      lookup.list(["folder"], () => true, 10, gone.signal),
      /gone/,
    );
  });

  it("gives nothing where there is nothing, and closes what is neither file nor folder", async () => {
    const reactor = site();
    const lookup = new Lookup(reactor, "/site", false);
    assert.equal(await lookup.open(["none"]), undefined);
    assert.equal(await lookup.open(["a.txt", "x"]), undefined);
    assert.equal(await lookup.list(["none"], () => true, 10), undefined);
    assert.equal(await lookup.list(["a.txt"], () => true, 10), undefined);
    assert.equal(reactor.files.openFiles, 0);
  });
});
