/**
 * Takes the examples out of docstrings and pages, compiles them against the built package, and runs them. An example that
 * has rotted is a failing test (test/doc-examples.test.ts); `npm run doc-examples` writes them out to look at.
 *
 * A block fenced with `ts` is an example. One that cannot run by itself says why: `ts no-run: serves until Ctrl-C`.
 */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { docstringText } from "./declarations.ts";
import { type SourceFile, syntaxOf } from "./syntax.ts";
import { ROOT } from "./tree.ts";

export interface Example {
  /** Where it was written: a path and a line. */
  readonly path: string;
  readonly line: number;
  readonly code: string;
  /** Why it does not run, or undefined where it does. */
  readonly noRun: string | undefined;
}

/** The examples of a TypeScript file's docstrings, or of a page. */
export function examplesIn(file: SourceFile): Example[] {
  if (file.path.endsWith(".md")) return blocksIn(file.path, file.text, 1);
  const { comments, lineAt } = syntaxOf(file);
  return comments
    .filter(({ type, value }) => type === "Block" && value.startsWith("*") && value.includes("@example"))
    .flatMap(({ value, start }) => blocksIn(file.path, docstringText(value), lineAt(start)));
}

/** Faults of the examples themselves, before any compiler sees them. */
export function malformed(examples: readonly Example[]): string[] {
  return examples
    .filter(({ noRun }) => noRun !== undefined && noRun.trim().length < 8)
    .map(({ path, line }) => `${path}:${line}: no-run without a reason; write \`ts no-run: why\``);
}

/** Writes the examples to `folder` and compiles them all at once; answers what the compiler complains of. */
export async function compileExamples(examples: readonly Example[], folder: string): Promise<string[]> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(COMPILER_SETTINGS, null, 2));
  const origins = new Map<string, Example>();
  for (const example of examples) {
    const name = fileName(example);
    origins.set(name, example);
    writeFileSync(join(folder, name), example.code);
  }
  const output = await outputOf(process.execPath, [TSC, "-p", folder, "--pretty", "false"], COMPILE_LIMIT_MS);
  if (output.ok) return [];
  const complaints = output.text.split("\n").filter((line) => line.trim() !== "");
  return complaints.map((line) =>
    line.replace(/^.*?([\w.-]+\.ts)\((\d+),\d+\)/, (whole, name: string, row: string) => {
      const origin = origins.get(name);
      return origin === undefined ? whole : `${origin.path}:${origin.line + Number(row)}`;
    }),
  );
}

/** Runs one compiled example; answers what went wrong, or undefined. */
export async function runExample(
  example: Example,
  folder: string,
  limitMs = RUN_LIMIT_MS,
): Promise<string | undefined> {
  const script = join(folder, "out", fileName(example).replace(/\.ts$/, ".js"));
  const { ok, text } = await outputOf(process.execPath, [script], limitMs);
  return ok ? undefined : `${example.path}:${example.line}: ${text}`;
}

function blocksIn(path: string, text: string, firstLine: number): Example[] {
  return [...text.matchAll(/^```ts(?:[ \t]+([^\n]*))?\n([\s\S]*?)^```$/gm)].map((match) => ({
    path,
    line: firstLine + text.slice(0, match.index).split("\n").length - 1,
    code: match[2] ?? "",
    noRun: /^no-run:?(.*)$/.exec(match[1] ?? "")?.[1],
  }));
}

function fileName({ path, line }: Example): string {
  return `${path.replace(/\.(ts|md)$/, "").replace(/[^\w.-]/g, "-")}-${line}.ts`;
}

async function outputOf(
  command: string,
  args: readonly string[],
  limitMs: number,
): Promise<{ ok: boolean; text: string }> {
  const options = { cwd: ROOT, timeout: limitMs, killSignal: "SIGKILL" as const };
  try {
    const { stdout } = await promisify(execFile)(command, args, options);
    return { ok: true, text: stdout };
  } catch (error) {
    const { killed, stdout, stderr } = error as { killed?: boolean; stdout?: string; stderr?: string };
    const cause = killed ? `did not end within ${limitMs} ms\n` : "";
    return { ok: false, text: `${cause}${stdout ?? ""}${stderr ?? String(error)}` };
  }
}

const RUN_LIMIT_MS = 20_000;
const COMPILE_LIMIT_MS = 120_000;
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const COMPILER_SETTINGS = {
  extends: join(ROOT, "tsconfig.base.json"),
  compilerOptions: {
    rootDir: ".",
    outDir: "out",
    sourceMap: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    moduleDetection: "force",
    typeRoots: [join(ROOT, "node_modules/@types")],
  },
  include: ["*.ts"],
};
