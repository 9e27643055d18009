/** The primer as a new user goes through it: an empty folder, the packed package, each page's program typed as printed. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { lacks, type Program, start } from "../interop/support/program.ts";
import { installPacked } from "../twistd/packed.ts";

const PAGES = `${ROOT}docs/primer/`;

const knowsTypeScript = (process.features as { readonly typescript?: string | false }).typescript;
/** As the page of the first server says. */
const STARTS_TYPESCRIPT = knowsTypeScript ? "node " : "node --import ropewalk/typescript ";

describe("whoever has the packed package and the primer", {
  skip: lacks("nc", "setsid", "tar"),
  timeout: 600_000,
}, () => {
  const home = temporaryFolder({ after });
  before(() => installPacked(home));

  for (const name of readdirSync(PAGES)) {
    const page = pageOf(readFileSync(PAGES + name, "utf8"));
    test(`types what ${name} shows, and sees what it says`, async (t) => {
      const { folder, program } = run(t, home, page);
      const talk = TALKS[page.file];
      if (talk !== undefined) await talk(t, program, folder);
      const exit = await program.finished();
      // What npx makes of Ctrl-C is its affair.
      if (talk === undefined) assert.equal(exit.code, FAILS.has(page.file) ? 1 : 0, program.err.text);
      const printed = Buffer.from(program.out.text, "latin1").toString();
      if (page.output !== undefined) assert.match(printed, pattern(page.output));
    });
  }
});

/** With programs that serve: what the page says to type in a second terminal. Then Ctrl-C. */
const TALKS: Readonly<Record<string, (t: TestContext, program: Program, folder: string) => Promise<void>>> = {
  "echo.ts": async (t, program) => {
    const [, port = ""] = await program.out.until(/Listening on .*:(\d+)\n/);
    const nc = start(t, "nc", ["localhost", port]);
    nc.write("a line\n");
    await nc.out.until("a line\n");
    interrupt(program);
  },
  "shop.ts": async (t, program, folder) => {
    await program.err.until("Started shop.ts");
    const nc = start(t, "nc", ["-U", `${folder}/till.sock`]);
    await nc.out.until("That is 7 euros\n");
    interrupt(program);
  },
};

/** Whose page shows how it fails. */
const FAILS: ReadonlySet<string> = new Set(["door.ts"]);

interface Page {
  /** Its program, by the name under which it is typed. */
  readonly file: string;
  readonly code: string;
  readonly command: string;
  readonly output: string | undefined;
}

function pageOf(text: string): Page {
  const [, path = ""] = /^\[[^\]]*\]\(\.\.\/\.\.\/(examples\/[^)]*)\)$/m.exec(text) ?? [];
  const file = basename(path);
  const [, output] = /^```text\n([\s\S]*?)^```$/m.exec(text) ?? [];
  const lines = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, fence = ""]) => fence.split("\n"));
  const commands = lines.map((line) => line.replace(/ +#.*/, "")).filter((line) => line.split(" ").includes(file));
  const own =
    commands.find((line) => line.startsWith(STARTS_TYPESCRIPT)) ?? commands.find((line) => /^npx /.test(line));
  return { file, code: readFileSync(ROOT + path, "utf8"), command: own ?? `${STARTS_TYPESCRIPT}${file}`, output };
}

/** In a folder of its own beside the package, so that no program finds what another one left. */
function run(t: TestContext, home: string, { file, code, command }: Page): { folder: string; program: Program } {
  const folder = `${home}/${file.replace(".ts", "")}`;
  mkdirSync(folder);
  writeFileSync(`${folder}/package.json`, `{ "type": "module" }`);
  symlinkSync(`${home}/node_modules`, `${folder}/node_modules`);
  writeFileSync(`${folder}/${file}`, code);
  // The port of the page may be taken; and Node's runner would take a run of tests within a test for a part of its own.
  const words = [...command.split(" "), ...(file === "echo.ts" ? ["tcp:0:interface=127.0.0.1"] : [])];
  const reporter = file === "door.ts" ? ["--reporter", "spec"] : [];
  // `node` is the one that runs this test.
  const path = `PATH=${dirname(process.execPath)}:${process.env["PATH"]}`;
  const program = start(t, "setsid", ["env", "-u", "NODE_TEST_CONTEXT", path, ...words, ...reporter], { cwd: folder });
  return { folder, program };
}

/** Ctrl-C in a terminal: to all processes of the command, for `npx` starts others. */
function interrupt(program: Program): void {
  process.kill(-program.pid, "SIGINT");
}

/** What a fence shows: "…" stands for whatever is there, alone on its line for any lines. */
function pattern(output: string): RegExp {
  const parts = output.split("…").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join("[\\s\\S]*")}$`);
}
