/**
 * Writes docs/api/: for each exported subpath the names that it exports with their signatures, so that a change to the
 * public interface is a line in the diff of the commit that makes it. Run by `npm run api`; test/api.test.ts compares.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import {
  type Declaration,
  type ExportedName,
  exportedSubpaths,
  exportsOf,
  localDeclarations,
  type ReadFile,
} from "./declarations.ts";
import { type SourceFile, type SyntaxNode, syntaxOf, walk } from "./syntax.ts";
import { ROOT } from "./tree.ts";

export const API_FOLDER = "docs/api/";

/** The report of every subpath: its file's path, and the text that should be in it. */
export function apiReports(): SourceFile[] {
  return exportedSubpaths().map(({ subpath, declarations }) => ({
    path: apiReportPath(subpath),
    text: apiReport(subpath, declarations),
  }));
}

/** Where the report of a subpath lives: "." is index, "./a/b" is a.b. */
export function apiReportPath(subpath: string): string {
  return `${API_FOLDER}${subpath === "." ? "index" : subpath.slice(2).replaceAll("/", ".")}.api.md`;
}

export function apiReport(subpath: string, declarations: string, read?: ReadFile): string {
  const names = exportsOf(declarations, read);
  const bases = hiddenBases(names, read);
  const signatures = [...names, ...bases].flatMap((exported) => [...signaturesOf(exported), ""]);
  const title = `# ${subpath.replace(/^\./, "ropewalk")}`;
  return [title, "", "Written by `npm run api`: do not edit.", "", "```ts", ...signatures.slice(0, -1), "```", ""].join(
    "\n",
  );
}

interface Reported extends ExportedName {
  readonly isHidden?: boolean;
}

/** The base classes and interfaces of what is exported that are not exported themselves: their members are public too. */
function hiddenBases(names: readonly ExportedName[], read?: ReadFile): Reported[] {
  const known = new Set(names.flatMap(({ declarations }) => declarations.map(({ node }) => localName(node))));
  const bases: Reported[] = [];
  const queue = names.flatMap(({ declarations }) => [...declarations]);
  for (const { file, node } of queue) {
    for (const name of baseNames(node)) {
      if (known.has(name) || !declares(file, name)) continue;
      known.add(name);
      const declarations = localDeclarations(file, name, read);
      bases.push({ name, declarations, isHidden: true });
      queue.push(...declarations);
    }
  }
  return bases.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function baseNames(node: SyntaxNode): string[] {
  const extended = node.type === "TSInterfaceDeclaration" ? (node["extends"] as SyntaxNode[]) : [];
  const expressions = [node["superClass"], ...extended.map((clause) => clause["expression"])] as (SyntaxNode | null)[];
  return expressions.filter((expression) => expression?.type === "Identifier").map((name) => String(name?.["name"]));
}

/** Whether a file declares or imports a name; `Error` and its like come from the language. */
export function declares(file: SourceFile, name: string): boolean {
  const { program } = syntaxOf(file);
  let found = false;
  walk(program, (node, parent) => {
    const isBinding = parent?.["id"] === node || (parent?.type === "ImportSpecifier" && parent["local"] === node);
    found ||= node.type === "Identifier" && node["name"] === name && isBinding;
  });
  return found;
}

function signaturesOf({ name, declarations, isHidden = false }: Reported): string[] {
  return declarations.flatMap((declaration) => {
    if (isHidden) return ["// not exported by name, but what it declares is inherited", ...signatureLines(declaration)];
    const local = localName(declaration.node);
    const lines = signatureLines(declaration);
    return local === name ? lines : [`// exported as ${name}`, ...lines];
  });
}

function signatureLines({ file, node }: Declaration): string[] {
  const body = node["body"] as SyntaxNode | null | undefined;
  if (body?.type !== "ClassBody" && body?.type !== "TSInterfaceBody") {
    return [`${node.type === "VariableDeclarator" ? "const " : ""}${collapsed(file, node.start, node.end)}`];
  }
  const members = (body["body"] as SyntaxNode[]).filter(isVisible).map((member) => ({
    name: memberName(member),
    text: `  ${collapsed(file, member.start, member.end)}`,
  }));
  members.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const head = collapsed(file, node.start, body.start);
  return members.length === 0 ? [`${head} {}`] : [`${head} {`, ...members.map(({ text }) => text), "}"];
}

/** The source from `start` to `end` on one line, without comments. */
function collapsed(file: SourceFile, start: number, end: number): string {
  const inside = syntaxOf(file).comments.filter((comment) => comment.start >= start && comment.end <= end);
  let text = "";
  let at = start;
  for (const comment of inside) {
    text += file.text.slice(at, comment.start);
    at = comment.end;
  }
  text += file.text.slice(at, end);
  return text
    .replace(/\s+/g, " ")
    .replace(/^declare /, "")
    .trim();
}

/** Private members are nobody's business; a `#private` brand is an implementation detail. */
function isVisible(member: SyntaxNode): boolean {
  return (
    member["accessibility"] !== "private" && (member["key"] as SyntaxNode | undefined)?.type !== "PrivateIdentifier"
  );
}

function memberName(member: SyntaxNode): string {
  const key = member["key"] as SyntaxNode | undefined;
  if (key === undefined) return "";
  return String(key["name"] ?? key["value"] ?? "~");
}

function localName(node: SyntaxNode): string {
  return String((node["id"] as SyntaxNode)["name"]);
}

function writeReports(): void {
  mkdirSync(ROOT + API_FOLDER, { recursive: true });
  for (const name of readdirSync(ROOT + API_FOLDER)) rmSync(ROOT + API_FOLDER + name);
  for (const { path, text } of apiReports()) writeFileSync(ROOT + path, text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeReports();
