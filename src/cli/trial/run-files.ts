import { relative } from "node:path";
import { run } from "node:test";
import { LeftOut, type RunEvent } from "./left-out.ts";
import type { Reporters } from "./reporters.ts";

/** What is run, and how. */
export interface RunFiles {
  readonly files: readonly string[];
  readonly names: readonly string[];
  readonly reporters: Reporters;
  readonly jobs: number | undefined;
  readonly shard: { readonly index: number; readonly total: number } | undefined;
  readonly watch: boolean;
  readonly coverage: boolean;
}

/** How many tests were run, and how many of them failed that should not have. */
export interface Outcome {
  readonly ran: number;
  readonly failed: number;
}

/** Runs test files, a process each, and tells reporters what happens. */
export async function runFiles({ files, names, reporters, jobs, shard, watch, coverage }: RunFiles): Promise<Outcome> {
  const own = new Set(files.flatMap((file) => [file, relative(process.cwd(), file)]));
  let ran = 0;
  let failed = 0;
  const leftOut = new LeftOut();
  const events = run({
    files: [...files],
    concurrency: jobs ?? true,
    watch,
    ...(shard !== undefined && { shard }),
    ...(names.length > 0 && { testNamePatterns: names.map((name) => new RegExp(escaped(name))) as never }),
    // Asked for by an option of the process on Node 20, and by this one later.
    ...(coverage && { coverage }),
  });
  for await (const event of events as AsyncIterable<RunEvent>) {
    const told = leftOut.next(event);
    for (const each of told) reporters.report(each);
    if (!told.includes(event)) continue;
    const { type, data } = event;
    if (type === "test:fail" && !isTodo(data)) failed += 1;
    const isTest = (type === "test:fail" || type === "test:pass") && data?.details?.type !== "suite";
    if (isTest && !own.has(data?.name ?? "")) ran += 1;
  }
  return { ran, failed };
}

function isTodo(data: RunEvent["data"]): boolean {
  return data?.todo !== undefined && data.todo !== false;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
