import assert from "node:assert/strict";
import type { Deferred } from "../../core/deferred/deferred.ts";
import { type Cases, failure, outcome, patterned, type World } from "./world.ts";

/** Files that are opened, read in parts, and written bit by bit. */
export const OPEN_FILES: Cases<World> = {
  "an open file is read at any place: less where it ends, nothing behind it": async (world) => {
    const { files } = world.reactor;
    const data = patterned(10_000);
    await outcome(world, files.write(`${world.folder}/a`, data));
    const file = await outcome(world, files.open(`${world.folder}/a`));
    for (const [offset, maxBytes] of [
      [0, 10_000],
      [0, 1],
      [9_000, 700],
      [9_999, 5],
      [10_000, 5],
      [1e12, 5],
    ] as const) {
      const part = await outcome(world, file.read(offset, maxBytes));
      assert.deepEqual([...part], [...data.subarray(offset, offset + maxBytes)]);
    }
    await outcome(world, file.close());
  },

  "what is read of an open file is the reader's own": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.write(`${world.folder}/a`, "abc"));
    const file = await outcome(world, files.open(`${world.folder}/a`));
    (await outcome(world, file.read(0, 3)))[0] = 0;
    assert.deepEqual([...(await outcome(world, file.read(0, 3)))], [97, 98, 99]);
    await outcome(world, file.close());
  },

  "an open file stays what it is, whatever becomes of its name": async (world) => {
    const { files } = world.reactor;
    const path = `${world.folder}/a`;
    await outcome(world, files.write(path, "old"));
    const file = await outcome(world, files.open(path));
    await outcome(world, files.write(path, "newer", { atomic: true }));
    assert.equal((await outcome(world, file.status())).size, 3);
    await outcome(world, files.remove(path));
    assert.equal(new TextDecoder().decode(await outcome(world, file.read(0, 9))), "old");
    await outcome(world, file.close());
  },

  "an open file that is cut short or added to is read as it is now": async (world) => {
    const { files } = world.reactor;
    const path = `${world.folder}/a`;
    await outcome(world, files.write(path, "12345"));
    const file = await outcome(world, files.open(path));
    await outcome(world, files.append(path, "67"));
    assert.equal((await outcome(world, file.read(0, 9))).length, 7);
    await outcome(world, files.write(path, "1"));
    assert.equal((await outcome(world, file.read(0, 9))).length, 1);
    assert.equal((await outcome(world, file.status())).size, 1);
    await outcome(world, file.close());
  },

  "a directory is opened for its status, and cannot be read": async (world) => {
    const opened = await outcome(world, world.reactor.files.open(world.folder));
    assert.equal((await outcome(world, opened.status())).kind, "directory");
    assert.equal(codeOf(await failure(world, opened.read(0, 1))), "EISDIR");
    await outcome(world, opened.close());
  },

  "a file is written bit by bit, in the order of the calls": async (world) => {
    const { files } = world.reactor;
    const path = `${world.folder}/upload`;
    const file = await outcome(world, files.create(path));
    const data = patterned(300_000);
    const writes = [file.write("gr\u00fc\u00dfe"), file.write(new Uint8Array(0)), file.write(data), file.write("end")];
    for (const write of writes) await outcome(world, write);
    assert.equal((await outcome(world, file.status())).size, 7 + 300_000 + 3);
    await outcome(world, file.sync());
    await outcome(world, file.close());
    const written = await outcome(world, files.read(path));
    assert.equal(new TextDecoder().decode(written.subarray(0, 7)), "gr\u00fc\u00dfe");
    assert.deepEqual([...written.subarray(7, 300_007)], [...data]);
    assert.equal(new TextDecoder().decode(written.subarray(300_007)), "end");
  },

  "create empties the file that is there, unless it must be a new one": async (world) => {
    const { files } = world.reactor;
    const path = `${world.folder}/upload`;
    const first = await outcome(world, files.create(path, { exclusive: true, mode: 0o600 }));
    await outcome(world, first.write("one"));
    await outcome(world, first.close());
    assert.equal((await outcome(world, files.stat(path))).mode, 0o600);
    assert.equal(codeOf(await failure(world, files.create(path, { exclusive: true }))), "EEXIST");
    assert.equal(await outcome(world, files.readText(path)), "one");
    const second = await outcome(world, files.create(path, { mode: 0o644 }));
    await outcome(world, second.close());
    assert.deepEqual(await outcome(world, files.stat(path)).then(({ size, mode }) => [size, mode]), [0, 0o600]);
  },

  "a closed file does nothing more, and is closed again without harm": async (world) => {
    const { files } = world.reactor;
    const written = await outcome(world, files.create(`${world.folder}/a`));
    const read = await outcome(world, files.open(`${world.folder}/a`));
    for (const file of [written, read]) {
      await outcome(world, file.close());
      await outcome(world, file.close());
      assert.equal(codeOf(await failure(world, file.status())), "EBADF");
    }
    assert.equal(codeOf(await failure(world, written.write("x"))), "EBADF");
    assert.equal(codeOf(await failure(world, read.read(0, 1))), "EBADF");
  },

  "opening can be cancelled, and creating too": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.write(`${world.folder}/a`, "x"));
    for (const opening of [files.open(`${world.folder}/a`), files.create(`${world.folder}/b`)]) {
      // In memory it is done before it can be cancelled.
      if (opening.called)
        await outcome(
          world,
          opening.addCallback((file: { close(): Deferred<void> }) => file.close()),
        );
      else {
        opening.cancel();
        assert.equal((await failure(world, opening)).name, "AbortError");
      }
    }
    await world.settle();
  },

  "realPath is the path from the root, without detours": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.makeDirectory(`${world.folder}/x/y`));
    await outcome(world, files.write(`${world.folder}/x/a`, ""));
    const folder = await outcome(world, files.realPath(`${world.folder}/x`));
    assert.equal(await outcome(world, files.realPath(`${world.folder}/./x//y/../a`)), `${folder}/a`);
    assert.equal(await outcome(world, files.realPath(`${world.folder}/x/`)), folder);
  },

  "stat that follows no links tells of a file as the other does": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.write(`${world.folder}/a`, "12345"));
    const status = await outcome(world, files.stat(`${world.folder}/a`, { followLinks: false }));
    assert.deepEqual(status, await outcome(world, files.stat(`${world.folder}/a`)));
    const file = await outcome(world, files.open(`${world.folder}/a`, { followLinks: false }));
    assert.deepEqual(await outcome(world, file.status()), status);
    await outcome(world, file.close());
  },

  "what cannot be opened fails with the system's code": async (world) => {
    const { files } = world.reactor;
    const [none, file] = [`${world.folder}/none`, `${world.folder}/file`];
    await outcome(world, files.write(file, "x"));
    const cases: readonly (readonly [string, () => Deferred<unknown>])[] = [
      ["ENOENT", () => files.open(none)],
      ["ENOTDIR", () => files.open(`${file}/x`)],
      ["ENOENT", () => files.create(`${none}/x`)],
      ["ENOTDIR", () => files.create(`${file}/x`)],
      ["EISDIR", () => files.create(world.folder)],
      ["EEXIST", () => files.create(world.folder, { exclusive: true })],
      ["ENOENT", () => files.stat(none, { followLinks: false })],
      ["ENOENT", () => files.realPath(none)],
      ["ENOTDIR", () => files.realPath(`${file}/x`)],
    ];
    for (const [at, [code, operation]] of cases.entries()) {
      assert.equal(codeOf(await failure(world, operation())), code, `case ${at}`);
    }
  },
};

function codeOf(error: Error): unknown {
  return (error as { code?: unknown }).code;
}
