/** The plug-ins that twistd ships: the commands of their page, and what they say of what they cannot do. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { ANYWHERE, serving, twistd } from "./support.ts";

/** Against hangs, on a machine that has much else to do. */
const timeout = 300_000;

describe("the page of plug-ins", { timeout }, () => {
  const page = readFileSync(`${ROOT}docs/plugins.md`, "utf8");
  const commands = [...page.matchAll(/```sh\ntwistd (.*)\n/g)].map(([, command = ""]) => command);

  test("has a part for each of them", () => {
    assert.equal(commands.length, page.match(/^## (?!Your)/gm)?.length);
  });
  for (const command of commands) {
    test(`shows a command that runs: twistd ${command}`, async (t) => {
      // On ports that are free here.
      const words = command.replaceAll(/--listen (tcp|udp):\d+(:interface=\S+)?/g, "--listen $1:0:interface=127.0.0.1");
      const { program } = await serving(t, splitWords(words), { cwd: temporaryFolder(t) });
      program.kill("SIGTERM");
      assert.deepEqual(await program.finished(), { code: 0, signal: null });
    });
  }
});

/** As a shell does, for words without escapes. */
function splitWords(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

describe("what a plug-in cannot do", { timeout }, () => {
  for (const [words, status, said] of [
    ["web", 1, "Cannot serve nothing: give --path or --proxy"],
    ["web --path nowhere", 1, 'Cannot serve folder "nowhere": ENOENT'],
    ["web --path package.json", 1, 'Cannot serve folder "package.json": it is no folder'],
    ["web --path . --header x", 1, 'Cannot set header "x": want NAME: VALUE'],
    ["web --listen tcp:0 --path . --log-file nowhere/log", 1, 'Cannot write log "nowhere/log": ENOENT'],
    ["web --path . --proxy ftp://x", 1, "ftp:"],
    ["web --path . --log apache", 2, "--log"],
    ["web --path . --what", 2, "unknown option '--what'"],
    ["echo --listen nonsense:1", 1, 'unknown server type "nonsense"'],
    ["echo --listen udp:x", 1, "udp:PORT"],
    ["echo --max-answers 0", 1, "maxAnswersPerSecond must be above 0"],
    ["echo --max-connections many", 2, "--max-connections"],
    ["chargen --max-bytes 0", 1, "maxBytes must be above 0"],
    ["qotd --file nowhere", 1, 'Cannot read quotes from "nowhere"'],
    ["portforward --listen tcp:0", 2, "--connect"],
    ["portforward --listen tcp:0 --connect nonsense:1", 1, 'unknown client type "nonsense"'],
    ["portforward --listen tcp:0 --connect tcp:a:1 --idle-timeout 0", 1, "a time must be above 0"],
    ["inetd --listen tcp:0", 2, "COMMAND"],
    ["inetd --listen tcp:0 --env x -- ls", 1, 'Cannot set variable "x"'],
    ["procmon", 1, "give its command after --"],
    ["procmon --program x", 1, 'Cannot monitor program "x": want NAME=COMMAND'],
    ["procmon --program x='", 1, "a quotation is not closed"],
    ["socks --allow a:b", 1, 'Cannot understand rule "a:b"'],
    ["socks --login ann", 1, "Cannot understand --login"],
    ["socks --password-file nowhere", 1, 'Cannot read password file "nowhere"'],
    ["finger --plans nowhere", 1, 'Cannot read folder "nowhere"'],
    ["finger --user x", 1, 'Cannot add user "x": want NAME=TEXT'],
  ] as const) {
    test(`twistd ${words}: one line, and status ${status}`, async (t) => {
      const program = twistd(t, words.split(" "), { cwd: ROOT });
      assert.deepEqual(await program.finished(), { code: status, signal: null });
      const lines = program.err.text.trimEnd().split("\n");
      const [line = ""] = lines;
      assert.ok(line.includes(said), program.err.text);
      assert.equal(program.out.text, "");
      // What was said wrong is followed by where to look.
      assert.equal(lines.length, status === 2 ? 2 : 1);
    });
  }

  test("a port that is taken: one line, and status 1", async (t) => {
    const { port } = await serving(t, ["echo", "--listen", ANYWHERE]);
    const second = twistd(t, ["discard", "--listen", `tcp:${port}:interface=127.0.0.1`]);
    assert.deepEqual(await second.finished(), { code: 1, signal: null });
    assert.match(second.err.text, /^twistd: Cannot start service [^\n]* it is in use by another program[^\n]*\n$/);
  });
});
