import { existsSync, readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../usage-error.ts";

/** What the words of a command line stand for. */
export interface FoundTests {
  /** From the root, sorted, each once. */
  readonly files: readonly string[];
  /** Of tests. */
  readonly names: readonly string[];
}

/** @throws UsageError for what looks like a file and is not there, and if there is no test file. */
export async function findTests(words: readonly string[]): Promise<FoundTests> {
  const names = words.filter((word) => !existsSync(word));
  const missing = names.find(looksLikeFile);
  if (missing !== undefined) throw new UsageError(`Cannot find test file or folder "${missing}"`);
  const places = words.filter((word) => existsSync(word));
  const files = (places.length === 0 ? ["."] : places).flatMap(testsAt);
  if (files.length === 0) {
    const where = places.length === 0 ? `the working directory` : places.map((place) => `"${place}"`).join(", ");
    throw new UsageError(`Cannot find a test file in ${where}: their names end in ${ENDINGS.join(", ")}`);
  }
  return { files: [...new Set(files)].sort(), names };
}

function testsAt(place: string): string[] {
  const path = resolve(place);
  return statSync(path).isDirectory() ? testsIn(path) : [path];
}

function testsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return /^\.|^node_modules$/.test(entry.name) ? [] : testsIn(path);
    return ENDINGS.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
  });
}

function looksLikeFile(word: string): boolean {
  return /\.[cm]?[jt]s$|[/\\]/.test(word) && !/\s/.test(word);
}

const ENDINGS = [".test.ts", ".test.js", ".test.mts", ".test.mjs"];
