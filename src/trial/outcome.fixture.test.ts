import { readFileSync } from "node:fs";
import type { Reactor } from "../core/reactor.ts";
import type { MemoryReactor } from "../testing/memory-reactor.ts";
import { checked } from "./checked.ts";
import type { TrialBody, TrialOptions } from "./run-trial.ts";

/** What a test comes to: the error that it fails with, or undefined. */
export async function outcomeOf<R extends Reactor = MemoryReactor>(
  body: TrialBody<R>,
  options: TrialOptions<R> = {},
): Promise<Error | undefined> {
  try {
    await checked(body, options)();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Makes of a mark in a test's source what a message says of that line: `file:line:` and a column. */
export function placesIn(file: string): (mark: string) => string {
  const lines = readFileSync(file, "utf8").split("\n");
  return (mark) => {
    const at = lines.findIndex((line) => line.endsWith(`// ${mark}`));
    if (at === -1) throw new Error(`Cannot find a line of ${file} that ends with "// ${mark}"`);
    return `${file.replaceAll(".", "\\.")}:${at + 1}:\\d+`;
  };
}
