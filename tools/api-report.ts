/**
 * Writes docs/api/: for each exported subpath the names that it exports with their signatures, so that a change to the
 * public interface is a line in the diff of the commit that makes it. Run by `npm run api`; test/api.test.ts compares.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Declaration, type ExportedName, exportedSubpaths, exportsOf, type ReadFile } from "./declarations.ts";
import { type SourceFile, type SyntaxNode, syntaxOf } from "./syntax.ts";
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
  const signatures = names.flatMap((exported) => [...signaturesOf(exported), ""]);
  const title = `# ${subpath.replace(/^\./, "ropewalk")}`;
  return [title, "", "Written by `npm run api`: do not edit.", "", "```ts", ...signatures.slice(0, -1), "```", ""].join(
    "\n",
  );
}

function signaturesOf({ name, declarations }: ExportedName): string[] {
  return declarations.flatMap((declaration) => {
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
