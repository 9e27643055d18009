/** The package as its users get it, in a folder of theirs. */
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { makePackage } from "../../tools/package.ts";
import { ROOT } from "../../tools/tree.ts";

/** As `npm install ropewalk.tgz` leaves the folder, but that what ours depends on is linked and not fetched. */
export async function installPacked(folder: string): Promise<void> {
  const modules = `${folder}/node_modules`;
  await makePackage(`${modules}/ropewalk`);
  const { dependencies, bin } = JSON.parse(readFileSync(`${modules}/ropewalk/package.json`, "utf8")) as Manifest;
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    mkdirSync(dirname(`${modules}/${name}`), { recursive: true });
    symlinkSync(`${ROOT}node_modules/${name}`, `${modules}/${name}`);
  }
  mkdirSync(`${modules}/.bin`);
  for (const [command, file] of Object.entries(bin)) symlinkSync(`../ropewalk/${file}`, `${modules}/.bin/${command}`);
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}
