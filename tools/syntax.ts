/** Syntax trees for the house's own tools: one parse per file, a walk with ancestors, and line numbers. */
import { parseSync, visitorKeys } from "oxc-parser";

export interface SourceFile {
  /** Relative to the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Any node of an ESTree; the fields beyond these depend on `type`. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface Comment {
  readonly type: "Line" | "Block";
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export interface Syntax {
  readonly program: SyntaxNode;
  readonly comments: readonly Comment[];
  lineAt(offset: number): number;
}

/** Parses a file, or throws a SyntaxError that names it. The tree is kept for as long as the file object lives. */
export function syntaxOf(file: SourceFile): Syntax {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const { program, comments, errors } = parseSync(file.path, file.text);
  const [first] = errors;
  if (first !== undefined) throw new SyntaxError(`Cannot parse "${file.path}": ${first.message}`);
  const syntax: Syntax = {
    program: program as unknown as SyntaxNode,
    comments,
    lineAt: lineCounter(file.text),
  };
  parsed.set(file, syntax);
  return syntax;
}

/** Visits `node` and everything below it, parents first; `visit` may answer "skip" to leave out what is below. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, parent: SyntaxNode | undefined) => unknown,
  parent?: SyntaxNode,
): void {
  if (visit(node, parent) === "skip") return;
  for (const child of childrenOf(node)) walk(child, visit, node);
}

/** The module names that a file imports or re-exports, for types too, by `import()` too. */
export function importsOf(file: SourceFile): { readonly specifier: string; readonly line: number }[] {
  const { program, lineAt } = syntaxOf(file);
  const found: { specifier: string; line: number }[] = [];
  walk(program, (node) => {
    const source = MODULE_REFERENCES.has(node.type) ? (node["source"] as SyntaxNode | null) : null;
    if (source === null) return;
    const value = source["value"];
    const computed = file.text.slice(source.start, source.end);
    found.push({ specifier: typeof value === "string" ? value : computed, line: lineAt(node.start) });
  });
  return found;
}

function lineCounter(text: string): (offset: number) => number {
  const ends: number[] = [];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) ends.push(at);
  return (offset) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ends[middle] as number) < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

function* childrenOf(node: SyntaxNode): Generator<SyntaxNode> {
  for (const key of visitorKeys[node.type] ?? []) {
    const value = node[key];
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) yield item;
    } else if (isNode(value)) {
      yield value;
    }
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value;
}

const parsed = new WeakMap<SourceFile, Syntax>();

const MODULE_REFERENCES = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);
