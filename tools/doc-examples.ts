/**
 * Takes the examples out of docstrings and pages, compiles them against the built package, and runs them. An example that
 * has rotted is a failing test (test/doc-examples.test.ts); `npm run doc-examples` writes them out to look at.
 *
 * On a page, a block fenced with `ts` is an example; in a docstring, what follows `@example`, fenced or not. One that cannot
 * run by itself says why on its fence: `ts no-run: serves until Ctrl-C`. An example without an import gets those of the
 * package's names that it uses, so that a docstring can stay short.
 */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { docstringText, exportedSubpaths, exportsOf } from "./declarations.ts";
import { type SourceFile, syntaxOf } from "./syntax.ts";
import { ROOT } from "./tree.ts";

export interface Example {
  /** Where it was written: a path, and the line before its first one. */
  readonly path: string;
  readonly line: number;
  readonly code: string;
  /** Why it does not run, or undefined where it does. */
  readonly noRun: string | undefined;
}

/** Where an exported name comes from, and whether it is only a type. */
export interface Importable {
  readonly from: string;
  readonly isType: boolean;
}

/** The examples of a TypeScript file's docstrings, or of a page. */
export function examplesIn(file: SourceFile): Example[] {
  if (file.path.endsWith(".md")) return blocksIn(file.path, file.text, 1);
  const { comments, lineAt } = syntaxOf(file);
  return comments
    .filter(({ type, value }) => type === "Block" && value.startsWith("*"))
    .flatMap(({ value, start }) => tagsIn(file.path, docstringText(value), lineAt(start)));
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
  if (examples.length === 0) return [];
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(COMPILER_SETTINGS, null, 2));
  const origins = new Map<string, Example>();
  const known = importableNames();
  for (const example of examples) {
    const name = fileName(example);
    origins.set(name, example);
    writeFileSync(join(folder, name), withImports(example.code, known));
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

/** Puts the imports that `code` lacks before it, on its first line so that line numbers stay; none where it has its own. */
export function withImports(code: string, known: ReadonlyMap<string, Importable>): string {
  if (/^import\b/m.test(code)) return code;
  const words = new Set(code.replace(/\/\/.*$/gm, "").match(/(?<![.\w$])[A-Za-z_$][\w$]*/g));
  const bySubpath = new Map<string, string[]>();
  for (const [name, { from, isType }] of known) {
    if (words.has(name)) bySubpath.set(from, [...(bySubpath.get(from) ?? []), isType ? `type ${name}` : name]);
  }
  const imports = [...bySubpath].map(([from, names]) => `import { ${names.join(", ")} } from "${from}"; `);
  return imports.join("") + code;
}

/** Every name that the package exports and nobody else has; where two subpaths have one, the front door's counts. */
function importableNames(): Map<string, Importable> {
  const known = new Map<string, Importable>();
  for (const { subpath, declarations } of exportedSubpaths()) {
    for (const { name, declarations: found } of exportsOf(declarations)) {
      const isType = found.every(({ node }) => TYPES.has(node.type));
      // An example that says String or Boolean means JavaScript's.
      if (!known.has(name) && !(name in globalThis))
        known.set(name, { from: subpath.replace(/^\./, "ropewalk"), isType });
    }
  }
  return known;
}

/** The examples of one docstring: from each `@example` to the next tag. The words beside the tag are its caption. */
function tagsIn(path: string, text: string, firstLine: number): Example[] {
  return [...text.matchAll(/^@example\b[^\n]*\n([\s\S]*?)(?=^@\w|$(?![\s\S]))/gm)].flatMap((match) => {
    const body = match[1] ?? "";
    const line = firstLine + text.slice(0, match.index).split("\n").length;
    return body.includes("```") ? blocksIn(path, body, line) : [{ path, line: line - 1, code: body, noRun: undefined }];
  });
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

const TYPES = new Set(["TSInterfaceDeclaration", "TSTypeAliasDeclaration"]);
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
