/**
 * Holds what c8 measured (.c8rc.json) to the floors: every branch of every file in src/core/, and 90 % of the branches of
 * each other folder. What falls short is listed by file,
 * worst first. `npm run test:coverage`.
 */
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { type SyntaxNode, syntaxOf } from "./syntax.ts";
import { ROOT, readProjectFile } from "./tree.ts";

/** Branches of one file: how many there are, and how many a test took. */
export interface BranchCount {
  readonly path: string;
  readonly total: number;
  readonly covered: number;
}

/** What falls short of the floors, in sentences. */
export function shortfalls(files: readonly BranchCount[]): string[] {
  const rooms = new Map<string, BranchCount[]>();
  for (const file of files) {
    const room = /^src\/([^/]+)\//.exec(file.path)?.[1] ?? "index";
    rooms.set(room, [...(rooms.get(room) ?? []), file]);
  }
  return [...rooms].flatMap(([room, counts]) => {
    const floor = room === "core" ? 100 : 90;
    const lacking = counts.filter((count) => count.covered < count.total).sort((a, b) => percent([a]) - percent([b]));
    if (percent(counts) >= floor) return [];
    const listed = lacking.map((count) => `  ${count.path}: ${count.covered} of ${count.total}`);
    return [`src/${room}/: ${percent(counts).toFixed(1)} % of the branches, ${floor} % wanted`, ...listed];
  });
}

/** False of a file that is types and re-exports only: nothing of it is left to run, and c8 counts it as never run. */
function hasCode(source: string): boolean {
  const path = relative(ROOT, source)
    .replace(/^src\//, "dist/")
    .replace(/\.ts$/, ".js");
  const statements = syntaxOf(readProjectFile(path)).program["body"] as SyntaxNode[];
  return statements.some(({ type, ...fields }) => {
    if (type === "ImportDeclaration" || type === "ExportAllDeclaration") return false;
    return type !== "ExportNamedDeclaration" || fields["declaration"] != null;
  });
}

function percent(counts: readonly BranchCount[]): number {
  const total = counts.reduce((sum, count) => sum + count.total, 0);
  return total === 0 ? 100 : (100 * counts.reduce((sum, count) => sum + count.covered, 0)) / total;
}

function main(): number {
  const summary = `${ROOT}coverage/coverage-summary.json`;
  if (!existsSync(summary)) throw new Error("Cannot judge the coverage: c8 wrote no summary");
  const found = shortfalls(branchCounts(readFileSync(summary, "utf8")));
  if (found.length === 0) console.log("Branch coverage holds: 100 % of core/, at least 90 % of each other folder");
  for (const line of found) console.error(line);
  return found.length === 0 ? 0 : 1;
}

function branchCounts(json: string): BranchCount[] {
  const summary = JSON.parse(json) as Record<string, { branches: { total: number; covered: number } }>;
  return Object.entries(summary)
    .filter(([path]) => path !== "total" && hasCode(path))
    .map(([path, { branches }]) => ({ path: relative(ROOT, path), total: branches.total, covered: branches.covered }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
