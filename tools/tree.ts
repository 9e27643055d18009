/** The project's own files, read from where the checkout is. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { SourceFile } from "./syntax.ts";

/** The project's root; this module runs from build/tools/. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** Every text file that git tracks or would track, so that a rule bites before the commit and not after. */
export function projectFiles(): SourceFile[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  const paths = [...new Set(listed.split("\0"))].filter((path) => path !== "" && existsSync(ROOT + path)).sort();
  return paths.map((path) => ({ path, text: readFileSync(ROOT + path, "utf8") })).filter(isText);
}

/** What the last build left in dist/: names, without the texts. */
export function builtFiles(): SourceFile[] {
  const names = readdirSync(`${ROOT}dist`, { recursive: true, encoding: "utf8" });
  return names.map((name) => ({ path: `dist/${name.replaceAll("\\", "/")}`, text: "" }));
}

export function readProjectFile(path: string): SourceFile {
  return { path, text: readFileSync(ROOT + path, "utf8") };
}

function isText(file: SourceFile): boolean {
  return !file.text.includes("\0");
}
