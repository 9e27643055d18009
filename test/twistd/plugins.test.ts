/** Plug-ins of other packages: found where they are installed, listed, and run with typed options. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { listeningPort, twistd } from "./support.ts";

const GREET = `
import { Protocol } from "ropewalk";
import { definePlugin, option, StreamServerService } from "ropewalk/app";
export default definePlugin({
  summary: "greets whoever connects",
  options: {
    listen: option.endpoint("where to listen", { default: "tcp:0:interface=127.0.0.1" }),
    maxGuests: option.count("at most so many at once", { default: 10 }),
    header: option.text("to be sent first", { repeatable: true }),
    patience: option.duration("how long to wait"),
    format: option.choice("how to greet", ["short", "long"], { default: "short" }),
    polite: option.flag("say please", { default: true }),
    loud: option.flag("shout"),
  },
  operands: { name: "GUEST", summary: "whom to expect", repeatable: true },
  makeService(values) {
    console.log(JSON.stringify(values));
    return new StreamServerService(values.listen, () => new Protocol());
  },
});`;

describe("a plug-in of another package", () => {
  test("is found in node_modules, also of a folder above, and in a scope", async (t) => {
    const place = workspace(t);
    place.package("node_modules/greeter", { plugins: { greet: "./greet.js" } }, { "greet.js": GREET });
    place.package("node_modules/@acme/welcome", { plugins: { welcome: "./lib/w.js" } }, { "lib/w.js": GREET });
    const below = place.folder("a/b");
    for (const name of ["greet", "welcome"]) {
      const program = twistd(t, [name], { cwd: below });
      assert.ok((await listeningPort(program)) > 0);
      program.kill("SIGTERM");
      assert.equal((await program.finished()).code, 0);
    }
  });

  test("is found in the package of the working folder itself, as TypeScript too", async (t) => {
    const place = workspace(t);
    place.package(
      ".",
      { plugins: { greet: "./src/greet.ts" } },
      { "src/greet.ts": `${GREET}\nlet typed: number = 1; void typed;` },
    );
    const program = twistd(t, ["greet"], { cwd: place.folder("src") });
    assert.ok((await listeningPort(program)) > 0);
  });

  test("gets its options as values of their types, with defaults for the others", async (t) => {
    const place = workspace(t);
    place.package("node_modules/greeter", { plugins: { greet: "./greet.js" } }, { "greet.js": GREET });
    const plain = twistd(t, ["greet"], { cwd: place.path });
    assert.deepEqual(JSON.parse((await plain.out.until(/.*\n/))[0]), {
      listen: "tcp:0:interface=127.0.0.1",
      maxGuests: 10,
      header: [],
      format: "short",
      polite: true,
      loud: false,
      operands: [],
    });
    const words =
      "--max-guests 3 --header a --header=b --patience 1.5s --format long --no-polite --loud ann --loud bob";
    const full = twistd(t, ["-n", "greet", ...words.split(" ")], { cwd: place.path });
    assert.deepEqual(JSON.parse((await full.out.until(/.*\n/))[0]), {
      listen: "tcp:0:interface=127.0.0.1",
      maxGuests: 3,
      header: ["a", "b"],
      patience: 1_500,
      format: "long",
      polite: false,
      loud: true,
      operands: ["ann", "bob"],
    });
  });

  test("says what is wrong with an option, and exits with status 2", async (t) => {
    const place = workspace(t);
    place.package("node_modules/greeter", { plugins: { greet: "./greet.js" } }, { "greet.js": GREET });
    for (const [words, complaint] of [
      ["--max-guests few", "'few' is invalid. \"few\" is no whole number of 0 or more"],
      ["--patience soon", "'soon' is invalid. \"soon\" is no duration such as 250ms, 10s, 5m, 2h or 1d"],
      ["--format medium", "'medium' is invalid. \"medium\" is not one of short, long"],
      ["--max-guest 3", "unknown option '--max-guest'\n(Did you mean --max-guests?)"],
    ] as const) {
      const program = twistd(t, ["greet", ...words.split(" ")], { cwd: place.path });
      assert.equal((await program.finished()).code, 2);
      assert.ok(program.err.text.includes(complaint), program.err.text);
      assert.ok(program.err.text.endsWith("(twistd greet --help tells more)\n"), program.err.text);
    }
  });

  test("shows its options with their defaults for --help", async (t) => {
    const place = workspace(t);
    place.package("node_modules/greeter", { plugins: { greet: "./greet.js" } }, { "greet.js": GREET });
    const help = await printed(t, ["greet", "--help"], place.path);
    assert.match(help, /^Usage: twistd greet \[options\] \[GUEST\.\.\.\]\n\ngreet: greets whoever connects\n/);
    assert.match(help, /GUEST +whom to expect/);
    assert.match(help, /--listen <endpoint> +where to listen \(default:\s+tcp:0:interface=127\.0\.0\.1\)/);
    assert.match(help, /--header <text> +to be sent first \(repeatable\)/);
    assert.match(help, /--format <short\|long> +how to greet \(default: short\)/);
    assert.match(help, /--no-polite +say please/);
  });
});

describe("twistd --help", () => {
  test("lists all plug-ins with what they do and where they come from", async (t) => {
    const place = workspace(t);
    place.package("node_modules/greeter", { plugins: { greet: "./greet.js" } }, { "greet.js": GREET });
    const help = await printed(t, ["--help"], place.path);
    assert.match(help, /^ {2}greet +greets whoever connects \(greeter@1\.2\.3\)$/m);
    assert.match(help, /^ {2}echo +.* \(ropewalk\)$/m);
    assert.doesNotMatch(help, /cannot be used/);
  });

  test("names what cannot be used, and why, and lists the rest", async (t) => {
    const place = workspace(t);
    place.package("node_modules/broken-json", { plugins: {} }, { "package.json": '{ "ropewalk": ' });
    place.package("node_modules/gone", { plugins: { lost: "./no-such.js" } }, {});
    place.package("node_modules/throws", { plugins: { angry: "./a.js" } }, { "a.js": 'throw new Error("not today")' });
    place.package("node_modules/other", { plugins: { other: "./o.js" } }, { "o.js": "export default 1" });
    place.package("node_modules/number", { plugins: { odd: 1 } }, {});
    place.package("node_modules/rival", { plugins: { echo: "./greet.js" } }, { "greet.js": GREET });
    const help = await printed(t, ["--help"], place.path);
    const [, bad = ""] = help.split("Plug-ins that cannot be used:\n");
    for (const line of [
      /^ {2}Cannot read the plug-ins of .*broken-json.package\.json: .*JSON/m,
      /^ {2}Cannot load plug-in "lost" of gone@1\.2\.3: there is no ".*no-such\.js"$/m,
      /^ {2}Cannot load plug-in "angry" of throws@1\.2\.3: not today$/m,
      /^ {2}Cannot load plug-in "other" of other@1\.2\.3: its default export is not what definePlugin gives$/m,
      /^ {2}Cannot read the plug-ins of .*number.package\.json: the module of "odd" is no path$/m,
      /^ {2}"echo" of rival@1\.2\.3 is hidden by the one of ropewalk$/m,
    ]) {
      assert.match(bad, line);
    }
    assert.match(help, /^ {2}echo +.* \(ropewalk\)$/m);
  });
});

test("a plug-in that cannot be loaded is one line and exit status 1, and does not keep others from running", async (t) => {
  const place = workspace(t);
  place.package("node_modules/gone", { plugins: { lost: "./no-such.js" } }, {});
  place.package("node_modules/greeter", { plugins: { greet: "./greet.js" } }, { "greet.js": GREET });
  const lost = twistd(t, ["lost"], { cwd: place.path });
  assert.equal((await lost.finished()).code, 1);
  assert.match(lost.err.text, /^twistd: Cannot load plug-in "lost" of gone@1\.2\.3: there is no ".*"\n$/);
  assert.ok((await listeningPort(twistd(t, ["greet"], { cwd: place.path }))) > 0);
});

test("of two plug-ins with one name the nearer one is run", async (t) => {
  const place = workspace(t);
  place.package("node_modules/far", { plugins: { greet: "./g.js" } }, { "g.js": "export default 1" });
  place.package("below/node_modules/near", { plugins: { greet: "./g.js" } }, { "g.js": GREET });
  assert.ok((await listeningPort(twistd(t, ["greet"], { cwd: place.folder("below") }))) > 0);
});

interface Workspace {
  readonly path: string;
  folder(path: string): string;
  package(path: string, ropewalk: object, files: Readonly<Record<string, string>>): void;
}

/** A folder where `ropewalk` is installed. */
function workspace(t: TestContext): Workspace {
  const path = temporaryFolder(t);
  const folder = (inner: string) => {
    mkdirSync(join(path, inner), { recursive: true });
    return join(path, inner);
  };
  symlinkSync(ROOT, join(folder("node_modules"), "ropewalk"));
  return {
    path,
    folder,
    package: (inner, ropewalk, files) => {
      const name = inner === "." ? "own" : inner.replace(/^.*node_modules\//, "");
      const all = { "package.json": JSON.stringify({ name, version: "1.2.3", type: "module", ropewalk }), ...files };
      for (const [file, text] of Object.entries(all)) {
        folder(dirname(join(inner, file)));
        writeFileSync(join(path, inner, file), text);
      }
    },
  };
}

async function printed(t: TestContext, args: readonly string[], cwd: string): Promise<string> {
  const program = twistd(t, args, { cwd });
  assert.equal((await program.finished()).code, 0, program.err.text);
  return program.out.text;
}
