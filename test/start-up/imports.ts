/** What a program imports until it says that it is there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../../tools/tree.ts";
import { type Afterwards, temporaryFolder } from "../interop/support/places.ts";
import { start } from "../interop/support/program.ts";

/** What of it is this project's, as paths in `dist/`, and all the rest as it is called. */
export interface Imports {
  readonly own: readonly string[];
  readonly others: readonly string[];
}

/** Runs Node with `args`, until standard error matches `ready`; without that, to its end. */
export async function importsOf(t: Afterwards, args: readonly string[], ready?: RegExp): Promise<Imports> {
  const list = join(temporaryFolder(t), "imports");
  const hooks = fileURLToPath(new URL("register.js", import.meta.url));
  const program = start(t, process.execPath, ["--import", hooks, ...args], { env: { ROPEWALK_TEST_IMPORTS: list } });
  if (ready !== undefined) {
    await program.err.until(ready);
    program.kill("SIGTERM");
  }
  await program.finished();
  const urls = [...new Set(readFileSync(list, "utf8").trimEnd().split("\n"))];
  const paths = urls.map((url) => (url.startsWith("file:") ? fileURLToPath(url) : url));
  const dist = `${ROOT}dist/`;
  return {
    own: paths.filter((path) => path.startsWith(dist)).map((path) => path.slice(dist.length)),
    others: paths.filter((path) => !path.startsWith(dist)),
  };
}
