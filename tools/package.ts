/**
 * Makes the package as it is published, in build/package, and the file to install beside it: what npm packs of this folder, but
 * that the modules of every start stand in two files. Node 20 takes about 0.4 ms for each module that it loads, and a start
 * needs some 130. Each of them is still where it was, and passes on what the joined file has, so that all other modules, the
 * types and the exports of package.json stay as the compiler made them.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseSync } from "oxc-parser";
import { type Plugin, rolldown } from "rolldown";
import { IMPORT_ROPEWALK, TWISTD_ECHO } from "../test/start-up/known.ts";
import { ROOT } from "./tree.ts";

/** What a command runs as soon as it is loaded: it must not stand where others are. */
export const PROGRAMS: ReadonlySet<string> = new Set(["cli/twistd/main.js"]);

/** The last is filled first: a group takes along what its modules import, and core/ imports nothing of the other. */
const HOMES = ["app/start", "core/start"];

export const PACKAGE: string = `${ROOT}build/package`;

/** Makes it in the folder `to`, which is made anew. */
export async function makePackage(to: string): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const tarball = pack(ROOT, to);
  unpack(tarball, to);
  rmSync(tarball);
  await joinStart(`${to}/dist/`);
}

async function joinStart(dist: string): Promise<void> {
  const joined = closure(dist, [...TWISTD_ECHO, ...IMPORT_ROPEWALK]);
  const bundle = await rolldown({
    input: Object.fromEntries([...joined].map((name) => [name.replace(/\.js$/, ""), dist + name])),
    platform: "neutral",
    preserveEntrySignatures: "strict",
    treeshake: false,
    plugins: [asCompiled(dist, joined)],
    onLog: (_level, log) => {
      throw new Error(`Cannot join the modules of a start: ${log.message}`);
    },
  });
  const { output } = await bundle.write({
    dir: dist,
    sourcemap: true,
    minifyInternalExports: false,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    codeSplitting: {
      groups: HOMES.map((name, index) => ({
        name,
        test: (id) => homeOf(relative(dist, id)) === name,
        priority: index,
      })),
    },
  });
  await bundle.close();
  const written = new Set(output.map(({ fileName }) => `${fileName}.map`));
  for (const name of joined) if (!written.has(`${name}.map`)) rmSync(`${dist}${name}.map`);
}

/** Where a module goes: a stack still tells the framework's inside, which is in core/, from what stands on it. */
function homeOf(name: string): string | undefined {
  if (PROGRAMS.has(name)) return undefined;
  return /^(app|cli)\//.test(name) ? "app/start" : "core/start";
}

/** With all that those modules import, but for what they import when they need it. */
function closure(dist: string, names: readonly string[]): Set<string> {
  const all = new Set(names);
  for (const name of all) {
    for (const { moduleRequest } of parseSync(name, readFileSync(dist + name, "utf8")).module.staticImports) {
      if (isOurs(moduleRequest.value)) all.add(relative(dist, resolve(dirname(dist + name), moduleRequest.value)));
    }
  }
  return all;
}

function asCompiled(dist: string, joined: ReadonlySet<string>): Plugin {
  return {
    name: "as-compiled",
    resolveId(source, importer) {
      if (importer === undefined) return undefined;
      if (!isOurs(source)) return { id: source, external: true };
      const id = resolve(dirname(importer), source);
      return joined.has(relative(dist, id)) ? { id } : { id, external: "relative" };
    },
    load(id) {
      const home = homeOf(relative(dist, id));
      const code = readFileSync(id, "utf8");
      const map = readFileSync(`${id}.map`, "utf8");
      if (home === undefined) return { code, map };
      const place = `new URL(${JSON.stringify(relative(dirname(dist + home), id))}, import.meta.url).href`;
      return { code: code.replaceAll("import.meta.url", place), map };
    },
  };
}

function isOurs(source: string): boolean {
  return source.startsWith(".");
}

/** The path of the file that npm makes in `to` of the package in `from`. */
export function pack(from: string, to: string): string {
  const words = ["pack", "--ignore-scripts", "--silent", "--pack-destination", to];
  const made = execFileSync("npm", words, { cwd: from, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return `${to}/${made.trim()}`;
}

export function unpack(tarball: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await makePackage(PACKAGE);
  console.log(`To install: ${relative(process.cwd(), pack(PACKAGE, `${ROOT}build`))}`);
}
