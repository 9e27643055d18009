/** A folder as a reader of the pages has it. */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { ROOT } from "../../tools/tree.ts";
import { type Afterwards, temporaryFolder } from "../interop/support/places.ts";

/** Has the package and these files of examples/, and goes with the test. */
export function userFolder(t: Afterwards, ...paths: readonly string[]): string {
  const folder = temporaryFolder(t);
  for (const path of paths) copyFileSync(`${ROOT}examples/${path}`, `${folder}/${basename(path)}`);
  writeFileSync(`${folder}/package.json`, `{ "type": "module" }`);
  mkdirSync(`${folder}/node_modules`);
  symlinkSync(ROOT, `${folder}/node_modules/ropewalk`);
  return folder;
}
