import assert from "node:assert/strict";
import type { Deferred } from "../../core/deferred/deferred.ts";
import type { WriteFileOptions } from "../../core/files.ts";
import { type Cases, failure, outcome, patterned, type World } from "./world.ts";

/** Files and directories. */
export const FILES: Cases<World> = {
  "what is written is read, as bytes and as text": async (world) => {
    const { files } = world.reactor;
    const path = `${world.folder}/a`;
    await outcome(world, files.write(path, "gr\u00fc\u00dfe"));
    assert.equal(await outcome(world, files.readText(path)), "gr\u00fc\u00dfe");
    const bytes = await outcome(world, files.read(path));
    assert.deepEqual([...bytes], [...new TextEncoder().encode("gr\u00fc\u00dfe")]);
    const data = patterned(100_000);
    await outcome(world, files.write(path, data));
    assert.deepEqual([...(await outcome(world, files.read(path)))], [...data]);
  },

  "an atomic write replaces the file, and leaves nothing beside it": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.write(`${world.folder}/a`, "old and longer"));
    await outcome(world, files.write(`${world.folder}/a`, "new", { atomic: true }));
    assert.equal(await outcome(world, files.readText(`${world.folder}/a`)), "new");
    assert.deepEqual(await outcome(world, files.list(world.folder)), ["a"]);
  },

  "append adds to a file, or begins one": async (world) => {
    const { files } = world.reactor;
    const path = `${world.folder}/log`;
    await outcome(world, files.append(path, "one "));
    await outcome(world, files.append(path, new TextEncoder().encode("two")));
    assert.equal(await outcome(world, files.readText(path)), "one two");
  },

  "sync takes a file or a directory, and changes nothing that can be read": async (world) => {
    const { files } = world.reactor;
    const path = `${world.folder}/log`;
    await outcome(world, files.append(path, "one "));
    assert.equal(await outcome(world, files.sync(path)), undefined);
    await outcome(world, files.append(path, "two"));
    await outcome(world, files.sync(world.folder));
    assert.equal(await outcome(world, files.readText(path)), "one two");
    assert.deepEqual(await outcome(world, files.list(world.folder)), ["log"]);
  },

  "stat tells kind, size and time": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.write(`${world.folder}/a`, "12345"));
    const file = await outcome(world, files.stat(`${world.folder}/a`));
    assert.deepEqual([file.kind, file.size], ["file", 5]);
    assert.ok(file.modifiedMs > 1_577_836_800_000);
    assert.equal((await outcome(world, files.stat(world.folder))).kind, "directory");
  },

  "a new file gets the permissions that it is given": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.write(`${world.folder}/key`, "secret", { mode: 0o600 }));
    assert.equal((await outcome(world, files.stat(`${world.folder}/key`))).mode, 0o600);
  },

  "a file that is there keeps its permissions, unless an atomic write is given others": async (world) => {
    const { files } = world.reactor;
    const path = `${world.folder}/key`;
    const modeAfter = async (options: WriteFileOptions) => {
      await outcome(world, files.write(path, "secret", options));
      return (await outcome(world, files.stat(path))).mode;
    };
    assert.equal(await modeAfter({ mode: 0o640 }), 0o640);
    assert.equal(await modeAfter({ mode: 0o600 }), 0o640);
    assert.equal(await modeAfter({ atomic: true }), 0o640);
    assert.equal(await modeAfter({ mode: 0o600, atomic: true }), 0o600);
  },

  "list gives the names, sorted": async (world) => {
    const { files } = world.reactor;
    for (const name of ["b", "c", "a"]) await outcome(world, files.write(`${world.folder}/${name}`, ""));
    await outcome(world, files.makeDirectory(`${world.folder}/d/e`));
    assert.deepEqual(await outcome(world, files.list(world.folder)), ["a", "b", "c", "d"]);
    assert.deepEqual(await outcome(world, files.list(`${world.folder}/d`)), ["e"]);
  },

  "makeDirectory makes the parents, and again is no error": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.makeDirectory(`${world.folder}/x/y/z`));
    await outcome(world, files.makeDirectory(`${world.folder}/x/y/z`));
    assert.equal((await outcome(world, files.stat(`${world.folder}/x/y/z`))).kind, "directory");
  },

  "rename moves, and replaces a file": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.write(`${world.folder}/a`, "a"));
    await outcome(world, files.write(`${world.folder}/b`, "b"));
    await outcome(world, files.rename(`${world.folder}/a`, `${world.folder}/b`));
    assert.deepEqual(await outcome(world, files.list(world.folder)), ["b"]);
    assert.equal(await outcome(world, files.readText(`${world.folder}/b`)), "a");
  },

  "rename moves a directory with all that is in it": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.makeDirectory(`${world.folder}/x/y`));
    await outcome(world, files.write(`${world.folder}/x/y/a`, "a"));
    await outcome(world, files.rename(`${world.folder}/x`, `${world.folder}/z`));
    assert.equal(await outcome(world, files.readText(`${world.folder}/z/y/a`)), "a");
    assert.deepEqual(await outcome(world, files.list(world.folder)), ["z"]);
  },

  "remove takes a file, or a directory with all that is in it; what is not there is no error": async (world) => {
    const { files } = world.reactor;
    await outcome(world, files.makeDirectory(`${world.folder}/x/y`));
    await outcome(world, files.write(`${world.folder}/x/y/a`, "a"));
    await outcome(world, files.write(`${world.folder}/b`, "b"));
    await outcome(world, files.remove(`${world.folder}/x`));
    await outcome(world, files.remove(`${world.folder}/b`));
    await outcome(world, files.remove(`${world.folder}/never`));
    assert.deepEqual(await outcome(world, files.list(world.folder)), []);
  },

  "failures carry the system's codes": async (world) => {
    const { files } = world.reactor;
    const [none, file] = [`${world.folder}/none`, `${world.folder}/file`];
    await outcome(world, files.write(file, "x"));
    const cases: readonly (readonly [string, () => Deferred<unknown>])[] = [
      ["ENOENT", () => files.read(none)],
      ["ENOENT", () => files.readText(none)],
      ["ENOENT", () => files.stat(none)],
      ["ENOENT", () => files.list(none)],
      ["ENOENT", () => files.rename(none, file)],
      ["ENOENT", () => files.write(`${none}/x`, "")],
      ["ENOENT", () => files.write(`${none}/x`, "", { atomic: true })],
      ["ENOENT", () => files.sync(none)],
      ["EISDIR", () => files.read(world.folder)],
      ["EISDIR", () => files.append(world.folder, "")],
      ["ENOTDIR", () => files.list(file)],
      ["ENOTDIR", () => files.write(`${file}/x`, "")],
      ["ENOTDIR", () => files.sync(`${file}/x`)],
      ["ENOTDIR", () => files.read(`${file}/x`)],
      ["ENOTDIR", () => files.stat(`${file}/x`)],
      ["ENOTDIR", () => files.makeDirectory(`${file}/x`)],
      ["EINVAL", () => files.rename(world.folder, `${world.folder}/x`)],
      ["EEXIST", () => files.makeDirectory(file)],
    ];
    for (const [at, [code, operation]] of cases.entries()) {
      const error = await failure(world, operation());
      assert.equal((error as { code?: unknown }).code, code, `case ${at}: ${error.message}`);
    }
  },
};
