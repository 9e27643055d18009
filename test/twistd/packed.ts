/** The package as its users get it: packed by npm, unpacked into a folder of theirs. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { ROOT } from "../../tools/tree.ts";

/** As `npm install ropewalk.tgz` leaves the folder, but that what ours depends on is linked and not fetched. */
export function installPacked(folder: string): void {
  const modules = `${folder}/node_modules`;
  unpack(pack(ROOT, folder), `${modules}/ropewalk`);
  const { dependencies, bin } = JSON.parse(readFileSync(`${modules}/ropewalk/package.json`, "utf8")) as Manifest;
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    mkdirSync(dirname(`${modules}/${name}`), { recursive: true });
    symlinkSync(`${ROOT}node_modules/${name}`, `${modules}/${name}`);
  }
  mkdirSync(`${modules}/.bin`);
  for (const [command, file] of Object.entries(bin)) symlinkSync(`../ropewalk/${file}`, `${modules}/.bin/${command}`);
}

/** The path of the tarball. */
export function pack(from: string, to: string): string {
  const before = new Set(readdirSync(to));
  const words = ["pack", "--ignore-scripts", "--silent", "--pack-destination", to];
  execFileSync("npm", words, { cwd: from, stdio: ["ignore", "ignore", "inherit"] });
  const [made] = readdirSync(to).filter((name) => name.endsWith(".tgz") && !before.has(name));
  if (made === undefined) throw new Error(`npm packed nothing of ${from}`);
  return `${to}/${made}`;
}

export function unpack(tarball: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"]);
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}
