/** Budgets: a file, a function, a page; and names that say nothing. */
import { type SourceFile, type SyntaxNode, syntaxOf, walk } from "../../tools/syntax.ts";
import { allTypeScript, type Rule, shippedSources, violation } from "./rule.ts";

export const FILE_LINES = 500;
export const FUNCTION_LINES = 70;
export const PAGE_LINES = 200;
export const README_LINES = 150;

/** Tables that a tool writes; nobody reads them, so no budget holds for them. */
const GENERATED = new Set<string>([]);
const PAGES = ["README.md", "ARCHITECTURE.md", "STYLE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
const EMPTY_NAMES = /(manager|handler|processor)$/i;

export const fileSize: Rule = {
  name: `a file has at most ${FILE_LINES} lines`,
  check: (files) =>
    handWritten(files).flatMap(({ path, text }) => {
      const lines = countLines(text);
      const reason = "a file tells one story that fits in the head; split it where the story turns";
      return lines <= FILE_LINES
        ? []
        : [violation(path, FILE_LINES + 1, `${lines} lines, ${FILE_LINES} allowed`, reason)];
    }),
};

export const functionSize: Rule = {
  name: `a function has at most ${FUNCTION_LINES} lines`,
  check: (files) => handWritten(files).flatMap(longFunctions),
};

export const pageSize: Rule = {
  name: `each page at the root exists and has at most ${PAGE_LINES} lines, README.md ${README_LINES}`,
  check: (files) =>
    PAGES.flatMap((page) => {
      const file = files.find(({ path }) => path === page);
      if (file === undefined) return [violation(page, 1, "missing", "a newcomer looks for it first")];
      const lines = countLines(file.text);
      const allowed = page === "README.md" ? README_LINES : PAGE_LINES;
      const reason = "a page that is not read to its end is not read; move the rest to docs/";
      return lines <= allowed ? [] : [violation(page, allowed + 1, `${lines} lines, ${allowed} allowed`, reason)];
    }),
};

export const names: Rule = {
  name: "nothing is called a manager, a handler or a processor",
  check: (files) =>
    shippedSources(files).flatMap((file) => {
      const { program, lineAt } = syntaxOf(file);
      const reason = "the word says nothing; say what it does in the field's own term";
      const seen = EMPTY_NAMES.test(file.path.replace(/\.ts$/, ""))
        ? [violation(file.path, 1, "file name", reason)]
        : [];
      walk(program, (node) => {
        if (!NAMED_TYPES.has(node.type)) return;
        const name = String((node["id"] as SyntaxNode | null)?.["name"] ?? "");
        if (EMPTY_NAMES.test(name)) seen.push(violation(file.path, lineAt(node.start), `"${name}"`, reason));
      });
      return seen;
    }),
};

export const silentCatches: Rule = {
  name: "no error is swallowed without a word",
  check: (files) =>
    allTypeScript(files).flatMap((file) => {
      const { program, comments, lineAt } = syntaxOf(file);
      const seen: string[] = [];
      walk(program, (node) => {
        if (node.type !== "CatchClause") return;
        const body = node["body"] as SyntaxNode;
        const isSilent = (body["body"] as unknown[]).length === 0;
        if (!isSilent || comments.some(({ start, end }) => start > body.start && end < body.end)) return;
        const reason = "handle the error, pass it on, or say in a comment why nothing needs doing";
        seen.push(violation(file.path, lineAt(node.start), "an empty catch", reason));
      });
      return seen;
    }),
};

function longFunctions(file: SourceFile): string[] {
  const { program, lineAt } = syntaxOf(file);
  const seen: string[] = [];
  walk(program, (node, parent) => {
    if (!FUNCTIONS.has(node.type) || isSuite(node, parent)) return;
    const first = lineAt(node.start);
    const lines = lineAt(node.end) - first + 1;
    if (lines <= FUNCTION_LINES) return;
    const reason = "a function fits on one screen; give its steps names";
    seen.push(violation(file.path, first, `a function of ${lines} lines, ${FUNCTION_LINES} allowed`, reason));
  });
  return seen;
}

/** The body of `describe(…)` is a list of tests, not a function that anybody reads from top to bottom. */
function isSuite(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  const callee = parent?.type === "CallExpression" ? (parent["callee"] as SyntaxNode) : undefined;
  return callee !== node && callee?.type === "Identifier" && ["describe", "suite"].includes(String(callee["name"]));
}

function handWritten(files: readonly SourceFile[]): SourceFile[] {
  return allTypeScript(files).filter(({ path }) => !GENERATED.has(path));
}

function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const NAMED_TYPES = new Set(["ClassDeclaration", "TSInterfaceDeclaration", "TSTypeAliasDeclaration"]);
