import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { shippedPlugins } from "../../app/plugins/index.ts";
import { twistdCommand } from "./command.ts";
import type { TwistdOptions } from "./options.ts";
import { readPlainly } from "./plain.ts";
import { readPluginOptions } from "./plugin-options.ts";

test("understands what a service is mostly started with", async () => {
  const plain = await readPlainly(["-n", "echo", "--listen", "tcp:0", "--listen=tcp:1:interface=127.0.0.1"]);
  assert.deepEqual(plain?.values["listen"], ["tcp:0", "tcp:1:interface=127.0.0.1"]);
  assert.equal(plain?.program.name, "echo");
  assert.equal(plain?.options.nodaemon, true);
});

test("leaves to the library what is wrong, and what is not of this kind", async () => {
  for (const words of [
    [],
    ["--help"],
    ["ecko"],
    ["toString"],
    ["-f", "app.js"],
    ["--daemon", "echo"],
    ["echo", "--help"],
    ["echo", "--listen"],
    ["echo", "--listen", "tcp:=1"],
    ["echo", "--listen="],
    ["echo", "--max-connections", "-1"],
    ["echo", "--max-connections", "1", "--max-connections", "2"],
    ["echo", "more"],
    ["web", "--listing=yes"],
    ["portforward", "--listen", "tcp:1"],
    ["inetd"],
  ]) {
    assert.equal(await readPlainly(words), undefined, words.join(" "));
  }
});

test("means by what it understands what the library means", async () => {
  const names = Object.keys(shippedPlugins);
  const tables = await Promise.all(names.map(async (name) => (await shippedPlugins[name]?.())?.options ?? {}));
  const keys = [...new Set(tables.flatMap((table) => Object.keys(table)))];
  const flags = keys.map((key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  const values = ["tcp:0", "tcp:127.0.0.1:80", "10", "5m", "64k", ".", "text", "a=b", "", "-1", "--", "index.html"];
  const value = fc.constantFrom(...values);
  const option = fc.oneof(
    fc.tuple(fc.constantFrom(...flags), value),
    fc.tuple(fc.constantFrom(...flags), value).map(([flag, text]) => [`${flag}=${text}`]),
    fc.constantFrom(...flags, ...flags.map((flag) => flag.replace("--", "--no-")), ...values).map((word) => [word]),
  );
  const line = fc.tuple(
    fc.constantFrom([], ["-n"], ["--nodaemon"]),
    fc.constantFrom(...names),
    fc.array(option, { maxLength: 3 }),
  );
  let understood = 0;
  await fc.assert(
    fc.asyncProperty(line, async ([first, name, options]) => {
      const words = [...first, name, ...options.flat()];
      const plain = await readPlainly(words);
      if (plain === undefined) return;
      understood += 1;
      assert.deepEqual({ options: plain.options, values: plain.values }, await byLibrary(words));
    }),
    { numRuns: 1_000, seed: 7 },
  );
  assert.ok(understood > 50, `${understood} of the command lines were plain`);
});

async function byLibrary(words: readonly string[]): Promise<object> {
  let read = {};
  const command = twistdCommand("twistd", () => undefined).exitOverride();
  command.action(async ([name = "", ...rest]: string[], options: TwistdOptions) => {
    const plugin = await shippedPlugins[name]?.();
    assert.ok(plugin !== undefined);
    read = { options, values: readPluginOptions(`twistd ${name}`, plugin, rest) };
  });
  await command.parseAsync(words, { from: "user" });
  return read;
}
