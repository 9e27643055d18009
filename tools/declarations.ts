/** What a built subpath exports: each name with its declarations, followed through re-exports in dist/*.d.ts. */
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { type Comment, type SourceFile, type SyntaxNode, syntaxOf } from "./syntax.ts";
import { ROOT, readProjectFile } from "./tree.ts";

export interface Declaration {
  readonly file: SourceFile;
  /** The declaration itself, without `export` and `declare` around it. */
  readonly node: SyntaxNode;
  /** The docstring that stands before it, without its stars; undefined where there is none. */
  readonly docstring: string | undefined;
}

/** A name that a subpath exports; overloads and merged interfaces give it several declarations. */
export interface ExportedName {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

/** Reads a file by its path relative to the root; tests plant their own. */
export type ReadFile = (path: string) => SourceFile;

/** The exported subpaths of package.json and the declaration file that each stands on, in order of their names. */
export function exportedSubpaths(): { readonly subpath: string; readonly declarations: string }[] {
  const { exports } = JSON.parse(readProjectFile("package.json").text) as { exports: Record<string, string> };
  return Object.entries(exports)
    .filter(([, target]) => target.endsWith(".js"))
    .map(([subpath, target]) => ({ subpath, declarations: target.slice(2).replace(/\.js$/, ".d.ts") }))
    .sort((a, b) => (a.subpath < b.subpath ? -1 : 1));
}

/** Every name that a declaration file exports, sorted. Throws where a name leads nowhere. */
export function exportsOf(path: string, read: ReadFile = readProjectFile): ExportedName[] {
  const names = new Map<string, readonly Declaration[]>();
  const file = read(path);
  for (const node of bodyOf(file)) {
    if (node.type === "ExportAllDeclaration") {
      if (node["exported"] !== null) throw new Error(`Cannot report "export * as" in ${path}: export names one by one`);
      for (const { name, declarations } of exportsOf(targetOf(file, node), read)) names.set(name, declarations);
    }
    if (node.type !== "ExportNamedDeclaration") continue;
    for (const declared of declarationsIn(file, node)) addTo(names, declared.name, declared.declaration);
    for (const specifier of node["specifiers"] as SyntaxNode[]) {
      const local = nameOf(specifier["local"]);
      const found = node["source"] === null ? localDeclarations(file, local, read) : find(file, node, local, read);
      names.set(nameOf(specifier["exported"]), found);
    }
  }
  return [...names].map(([name, declarations]) => ({ name, declarations })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function find(file: SourceFile, node: SyntaxNode, name: string, read: ReadFile): readonly Declaration[] {
  const target = targetOf(file, node);
  const exported = exportsOf(target, read).find((candidate) => candidate.name === name);
  if (exported === undefined) throw new Error(`Cannot find "${name}" in ${target}, which ${file.path} says is there`);
  return exported.declarations;
}

/** The declarations of a name that a file declares or imports. */
export function localDeclarations(
  file: SourceFile,
  name: string,
  read: ReadFile = readProjectFile,
): readonly Declaration[] {
  const here = bodyOf(file)
    .flatMap((node) => declarationsIn(file, node))
    .filter((declared) => declared.name === name)
    .map(({ declaration }) => declaration);
  if (here.length > 0) return here;
  for (const node of bodyOf(file)) {
    if (node.type !== "ImportDeclaration") continue;
    const specifier = (node["specifiers"] as SyntaxNode[]).find((candidate) => nameOf(candidate["local"]) === name);
    if (specifier !== undefined) return find(file, node, nameOf(specifier["imported"]), read);
  }
  throw new Error(`Cannot find the declaration of "${name}" in ${file.path}`);
}

/** The names that one statement declares: `declare class A`, `export declare const b, c`, … */
function declarationsIn(file: SourceFile, statement: SyntaxNode): { name: string; declaration: Declaration }[] {
  const inner =
    statement.type === "ExportNamedDeclaration" ? (statement["declaration"] as SyntaxNode | null) : statement;
  if (inner === null) return [];
  const docstring = docstringBefore(file, statement.start);
  if (inner.type === "VariableDeclaration") {
    return (inner["declarations"] as SyntaxNode[]).map((node) => ({
      name: nameOf(node["id"]),
      declaration: { file, node, docstring },
    }));
  }
  return DECLARATIONS.has(inner.type)
    ? [{ name: nameOf(inner["id"]), declaration: { file, node: inner, docstring } }]
    : [];
}

/** The docstring that ends right before `start`, with nothing but space between. */
function docstringBefore(file: SourceFile, start: number): string | undefined {
  const isClose = ({ type, value, end }: Comment) =>
    type === "Block" && value.startsWith("*") && end <= start && file.text.slice(end, start).trim() === "";
  const comment = syntaxOf(file).comments.findLast(isClose);
  return comment === undefined ? undefined : docstringText(comment.value).trim();
}

/** The text of a `/** … *​/` comment without its stars, line for line. */
export function docstringText(value: string): string {
  return value
    .replace(/^\*/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*(?:\* ?|$)/, ""))
    .join("\n");
}

function targetOf(file: SourceFile, node: SyntaxNode): string {
  const specifier = String((node["source"] as SyntaxNode)["value"]);
  if (!specifier.startsWith(".")) throw new Error(`Cannot report what ${file.path} re-exports from "${specifier}"`);
  const path = posix.join(posix.dirname(file.path), specifier).replace(/\.[jt]s$/, ".d.ts");
  if (!existsSync(ROOT + path) && file.path.startsWith("dist/")) throw new Error(`Cannot find ${path}: build first`);
  return path;
}

function addTo(names: Map<string, readonly Declaration[]>, name: string, declaration: Declaration): void {
  names.set(name, [...(names.get(name) ?? []), declaration]);
}

function bodyOf(file: SourceFile): SyntaxNode[] {
  return syntaxOf(file).program["body"] as SyntaxNode[];
}

function nameOf(value: unknown): string {
  const node = value as SyntaxNode;
  return String(node["name"] ?? node["value"]);
}

const DECLARATIONS = new Set([
  "ClassDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
  "FunctionDeclaration",
  "TSDeclareFunction",
]);
