import type { SourceFile } from "../../tools/syntax.ts";

/** A house rule: a pure function over files, with the reason for it in every message. */
export interface Rule {
  readonly name: string;
  check(files: readonly SourceFile[]): string[];
}

/** One violation, written as `path:line: what was seen: why it matters and what to do`. */
export function violation(path: string, line: number, seen: string, reason: string): string {
  return `${path}:${line}: ${seen}: ${reason}`;
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** The sources that ship: src/ without the tests beside them. */
export function shippedSources(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => path.startsWith("src/") && path.endsWith(".ts") && !isTest(path));
}

export function allTypeScript(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
}

/** The folder directly under src/, or "" for a file in src/ itself. */
export function roomOf(path: string): string {
  const [, room = "", ...rest] = path.split("/");
  return rest.length > 0 ? room : "";
}
