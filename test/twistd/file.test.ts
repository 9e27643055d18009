/** `twistd -f`: what a module may export, and what is said of one that cannot be run. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { listeningPort, twistd } from "./support.ts";

const PORT = `new StreamServerService("tcp:0:interface=127.0.0.1", () => new Protocol())`;

describe("what a module exports is run", () => {
  for (const [what, text] of [
    ["a service, as the default", `export default ${PORT};`],
    ["a service by that name", `export const service = ${PORT};`],
    ["an Application", `export const application = new Application({ name: "mine", services: [${PORT}] });`],
    ["a function that returns a service", `export default () => ${PORT};`],
    ["a function that uses the reactor", `export default (reactor: Reactor) => startTree(reactor, ${PORT});`],
    ["a function that takes its time", `export default async () => { await undefined; return ${PORT}; };`],
  ] as const) {
    test(what, async (t) => {
      const program = twistd(t, ["-f", moduleOf(t, text)]);
      assert.ok((await listeningPort(program)) > 0);
      program.kill("SIGTERM");
      assert.deepEqual(await program.finished(), { code: 0, signal: null });
    });
  }

  test("with the arguments after --", async (t) => {
    const file = moduleOf(t, `export default (_: unknown, args: string[]) => { console.log(args); return ${PORT}; };`);
    const program = twistd(t, ["-n", "-f", file, "--", "--listen", "tcp:80", "more"]);
    await program.out.until("[ '--listen', 'tcp:80', 'more' ]\n");
  });
});

describe("what cannot be run is one line on standard error, and exit status 1:", () => {
  test("a module that is not there", async (t) => {
    assert.equal(await complaint(t, "no-such.ts"), 'twistd: Cannot run "no-such.ts": there is no such file\n');
  });

  for (const [what, text, words] of [
    [
      "one that exports nothing to run",
      "export const other = 1;",
      "Cannot run FILE: it exports no default, application or service; export a Service, an Application, or a function of the reactor",
    ],
    [
      "one that exports something else",
      "export default { listen: 80 };",
      "Cannot run FILE: its export is no service; export a Service, an Application, or a function of the reactor",
    ],
    ["one that throws when it is loaded", 'throw new Error("no settings");', "Cannot load FILE: no settings"],
    [
      "one whose function throws",
      'export default () => { throw new Error("no settings"); };',
      "Cannot start FILE: no settings",
    ],
    [
      "one whose function returns something else",
      "export default () => 80;",
      "Cannot run FILE: what its function returned is no service; export a Service, an Application, or a function of the reactor",
    ],
  ] as const) {
    test(what, async (t) => {
      const file = moduleOf(t, text);
      assert.equal(await complaint(t, file), `twistd: ${words.replace("FILE", `"${file}"`)}\n`);
    });
  }

  test("one that is not TypeScript, with the line", async (t) => {
    const file = moduleOf(t, "export default = ;");
    assert.match(await complaint(t, file), /^twistd: Cannot load ".*app\.ts": .*\n/);
  });
});

test("with --log-level=debug the stack is there as well", async (t) => {
  const program = twistd(t, ["--log-level", "debug", "-f", moduleOf(t, 'throw new Error("no settings");')]);
  assert.equal((await program.finished()).code, 1);
  assert.match(program.err.text, /Where that came from\n.*\n(?:\t.*\n)*.*app\.ts/);
});

/** A module `app.ts` that may use what the package exports. */
function moduleOf(t: TestContext, text: string): string {
  const file = join(temporaryFolder(t), "app.ts");
  const from = (path: string) => JSON.stringify(new URL(path, `file://${ROOT}dist/`).href);
  writeFileSync(
    file,
    `import { Protocol, type Reactor } from ${from("index.js")};
import { Application, StreamServerService, startTree } from ${from("app/index.js")};
void [Protocol, Application, StreamServerService, startTree];
${text}`,
  );
  return file;
}

async function complaint(t: TestContext, file: string): Promise<string> {
  const program = twistd(t, ["-f", file]);
  const { code } = await program.finished();
  assert.equal(code, 1, program.err.text);
  return program.err.text;
}
