/** What every exported name brings with it: a docstring, and an example where there is something to call. */
import type { Declaration, ExportedName } from "../../tools/declarations.ts";
import type { SyntaxNode } from "../../tools/syntax.ts";
import { violation } from "./rule.ts";

export function docstringViolations(subpath: string, names: readonly ExportedName[]): string[] {
  return names.flatMap(({ name, declarations }) => {
    const [first] = declarations;
    if (first === undefined) return [];
    const { docstring, file, node } = declarations.find((candidate) => candidate.docstring !== undefined) ?? first;
    const about = (seen: string, reason: string) => violation(file.path, 1, `${name} of ${subpath} ${seen}`, reason);
    const summary = docstring?.split(/^@/m)[0]?.trim() ?? "";
    if (summary === "") return [about("has no docstring", "say in one sentence what it is, then shape, units, errors")];
    if (!needsExample(node) || declarations.some(hasExample)) return [];
    return [about("has no @example", "one that runs shows a reader more than a page")];
  });
}

function hasExample({ docstring }: Declaration): boolean {
  return /^@example\b[^\n]*\n[\s\S]*\w/m.test(docstring ?? "");
}

/** Errors are shown in the example of what throws them. */
function needsExample(node: SyntaxNode): boolean {
  if (node.type === "ClassDeclaration") {
    const base = node["superClass"] as SyntaxNode | null;
    return !/Error$/.test(String(base?.["name"] ?? ""));
  }
  return node.type === "TSDeclareFunction" || node.type === "FunctionDeclaration";
}
