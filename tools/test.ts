/**
 * Runs the built tests with Node's own runner (Node 20 takes no globs): `npm test`, or `npm test -- core/ line` for the files
 * whose path contains one of the words. Options (`--test-only`, `--test-name-pattern=…`) go through to node.
 *
 * Files in test/interop and test/faults start other programs and exhaust descriptors: they run one at a time, afterwards.
 * Node's closing counts, of both together, come last.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Counts, sum } from "./counts.ts";
import { ROOT } from "./tree.ts";

/** The built test files whose source still exists, relative to the root and sorted; not those of examples/trial, which are to fail. */
export function builtTests(): string[] {
  const built = [
    ...listed("dist").map((name) => ({ path: `dist/${name}`, source: `src/${name}` })),
    ...listed("build").map((name) => ({ path: `build/${name}`, source: name })),
  ];
  return built
    .filter(({ path }) => path.endsWith(".test.js") && !path.startsWith("build/examples/trial/"))
    .filter(({ source }) => existsSync(ROOT + source.replace(/\.js$/, ".ts")))
    .map(({ path }) => path)
    .sort();
}

/** Picks what the words ask for, and splits it into what may run side by side and what may not. */
export function planned(paths: readonly string[], words: readonly string[]): { together: string[]; alone: string[] } {
  const wanted = paths.filter((path) => words.length === 0 || words.some((word) => path.includes(word)));
  const isAlone = (path: string) => /^build\/test\/(interop|faults)\//.test(path);
  return { together: wanted.filter((path) => !isAlone(path)), alone: wanted.filter(isAlone) };
}

function main(args: readonly string[]): number {
  const options = args.filter((arg) => arg.startsWith("-"));
  const words = args.filter((arg) => !arg.startsWith("-"));
  const { together, alone } = planned(builtTests(), words);
  if (together.length + alone.length === 0) {
    console.error(`Cannot find a built test file for ${JSON.stringify(words)}: build first, or use other words`);
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), "ropewalk-test-"));
  const files = [`${folder}/together.json`, `${folder}/alone.json`] as const;
  const statuses = [run(together, 2, files[0], options), run(alone, 1, files[1], options)];
  const counts = sum(files.filter(existsSync).map((file) => JSON.parse(readFileSync(file, "utf8")) as Counts));
  rmSync(folder, { recursive: true });
  for (const [name, number] of Object.entries(counts)) console.log(`\u2139 ${name} ${number}`);
  return statuses.every((status) => status === 0) ? 0 : 1;
}

function run(paths: readonly string[], concurrency: number, counts: string, options: readonly string[]): number {
  if (paths.length === 0) return 0;
  const settings = [
    "--test-reporter=./build/tools/spec-without-counts.js",
    "--test-reporter-destination=stdout",
    "--test-reporter=./build/tools/counts.js",
    `--test-reporter-destination=${counts}`,
    `--test-timeout=${TEST_LIMIT_MS}`,
    `--test-concurrency=${concurrency}`,
  ];
  const { status, signal } = spawnSync(process.execPath, ["--test", ...settings, ...options, ...paths], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    timeout: RUN_LIMIT_MS,
    // Under a script runner a reactor takes a second signal for the first one's echo; tests do without, unless they say so.
    env: { ...process.env, npm_lifecycle_event: undefined },
  });
  if (signal !== null) console.error(`The test run was ended by ${signal}`);
  return status ?? 1;
}

function listed(folder: string): string[] {
  return existsSync(ROOT + folder) ? readdirSync(ROOT + folder, { recursive: true, encoding: "utf8" }) : [];
}

/** Against a test that hangs, not against a slow one. */
const TEST_LIMIT_MS = 900_000;

/** The same for all of them: Node 26 gives a file that has failed, and holds its process, no limit. It names what it leaves. */
const RUN_LIMIT_MS = 2 * TEST_LIMIT_MS;

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main(process.argv.slice(2));
