/** Completion: what is offered where, and that the real shells insert it when the key is pressed. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { NodeReactor, ProcessProtocol } from "ropewalk";
import { temporaryFolder } from "../interop/support/places.ts";
import { lacks, start } from "../interop/support/program.ts";
import { Transcript } from "../interop/support/transcript.ts";
import { ROPEWALK } from "./support.ts";

describe("what is offered", () => {
  for (const [line, words] of [
    ["ropewalk ", ["sim", "run", "completion"]],
    ["ropewalk si", ["sim"]],
    ["ropewalk sim --se", ["--seeds", "--seed"]],
    ["ropewalk completion ", ["bash", "zsh", "fish"]],
    ["ropewalk new pl", ["plugin"]],
    ["ropewalk new plugin x", []],
    ["ropewalk sim x", ["\tfiles"]],
    ["trial --watc", ["--watch"]],
    ["ropewalk run ec", ["echo"]],
    ["twistd ec", ["echo"]],
    ["twistd -n --log-level warn ec", ["echo"]],
    ["twistd --pid", ["--pidfile"]],
    ["twistd --log-format ", ["text", "json"]],
    ["twistd --log-format=j", ["--log-format=json"]],
    ["twistd --log-level e", ["error"]],
    ["twistd --pidfile x", ["\tfiles"]],
    ["twistd --rundir ", ["\tfolders"]],
    ["twistd -f ", ["\tfiles"]],
    ["twistd -f app.ts ec", ["\tfiles"]],
    ["twistd echo --l", ["--listen"]],
    ["twistd echo --listen un", ["unix:"]],
    ["/usr/local/bin/twistd ec", ["echo"]],
    ["twistd nonsense --l", ["\tfiles"]],
  ] as const) {
    test(`after "${line}"`, async (t) => {
      const asked = start(t, process.execPath, [ROPEWALK, "complete", "--", ...line.split(" ")]);
      assert.equal((await asked.finished()).code, 0, asked.err.text);
      const offered = asked.out.text.split("\n").map((one) => (one.startsWith("\t") ? one : one.split("\t")[0]));
      for (const word of words) assert.ok(offered.includes(word), asked.out.text);
      if (!line.endsWith(" ")) assert.deepEqual(offered.slice(0, -1), words);
    });
  }

  test("a plug-in of another package and its options", async (t) => {
    const cwd = temporaryFolder(t);
    const greeter = join(cwd, "node_modules/greeter");
    mkdirSync(greeter, { recursive: true });
    const plugins = { greet: "./greet.mjs" };
    writeFileSync(join(greeter, "package.json"), JSON.stringify({ name: "greeter", ropewalk: { plugins } }));
    writeFileSync(
      join(greeter, "greet.mjs"),
      `export default { summary: "", options: { maxGuests: { kind: "count", placeholder: "count" } }, makeService() {} };`,
    );
    for (const [words, offered] of [
      [["twistd", "gre"], "greet\tgreeter\n"],
      [["twistd", "greet", "--m"], "--max-guests\t"],
    ] as const) {
      const asked = start(t, process.execPath, [ROPEWALK, "complete", "--", ...words], { cwd });
      await asked.finished();
      assert.ok(asked.out.text.startsWith(offered), asked.out.text);
    }
  });
});

describe("the key", () => {
  for (const { shell, args, setUp } of [
    { shell: "bash", args: ["--norc", "--noprofile", "-i"], setUp: "source <(ropewalk completion bash)" },
    {
      shell: "zsh",
      args: ["-f", "-i"],
      setUp: "autoload -U compinit; compinit -u -D; source <(ropewalk completion zsh)",
    },
    { shell: "fish", args: ["--no-config", "-i"], setUp: "ropewalk completion fish | source" },
  ]) {
    test(`in ${shell} completes plug-ins, options, endpoints, words and files`, { skip: lacks(shell) }, async (t) => {
      const terminal = openShell(t, shell, args);
      terminal.type(`${setUp}; echo rea''dy\r`);
      await terminal.screen.until(/\bready\b/);
      for (const [typed, got] of [
        ["twistd --pidf\tlong-na\tec\t--li\tuni\tx\r", "--pidfile long-name.txt echo --listen unix:x"],
        ["twistd --log-format j\tec\t\r", "--log-format json echo"],
        // What a shell does with the slash when a space follows is its own affair.
        ["twistd --rundir sub\t ec\t\r", /GOT<--rundir subfolder\/? echo>/],
      ] as const) {
        terminal.type(typed);
        await terminal.screen.until(typeof got === "string" ? `GOT<${got}>` : got);
      }
    });
  }
});

interface Terminal {
  readonly screen: Transcript;
  type(keys: string): void;
}

/** An interactive shell in a folder with a file and a folder. There `twistd` says what it was given. */
function openShell(t: TestContext, shell: string, args: readonly string[]): Terminal {
  const folder = temporaryFolder(t);
  const bin = join(folder, ".bin");
  for (const path of [bin, join(folder, "subfolder")]) mkdirSync(path);
  writeFileSync(join(folder, "long-name.txt"), "");
  writeFileSync(join(bin, "twistd"), `#!/bin/sh\necho "GOT<$*>"\n`, { mode: 0o755 });
  symlinkSync(ROPEWALK, join(bin, "ropewalk"));
  const env = {
    HOME: folder,
    TERM: "xterm",
    PATH: [bin, join(process.execPath, ".."), process.env["PATH"]].join(delimiter),
  };
  const screen = new Transcript(shell);
  const child = new NodeReactor().spawnProcess(new Watcher(screen), shell, {
    args,
    cwd: folder,
    env,
    pty: { columns: 200 },
  });
  t.after(() => child.signalProcess("KILL"));
  return { screen, type: (keys) => child.write(keys) };
}

class Watcher extends ProcessProtocol {
  readonly #screen: Transcript;

  constructor(screen: Transcript) {
    super();
    this.#screen = screen;
  }
  override outReceived(data: Uint8Array): void {
    this.#screen.add(Buffer.from(data).toString("latin1"));
  }
  override processEnded(): void {
    this.#screen.end("it ended");
  }
}
