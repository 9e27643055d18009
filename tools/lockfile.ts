/**
 * Completes package-lock.json, and that of docs/. npm leaves out optional packages of other platforms that it could not look up on the machine
 * that wrote the lock, and then `npm ci` refuses the lock it wrote (npm/cli#8320). Run `npm run lockfile` after an `npm install`;
 * the house rules say when it is needed.
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { ROOT, readProjectFile } from "./tree.ts";

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lockfile {
  packages: Record<string, LockEntry>;
}

/** The locks that are tracked, relative to the root. */
export const LOCKFILES: readonly string[] = ["package-lock.json", "docs/package-lock.json"];

/** The entries that the lock names as optional dependencies and does not have, by their path. */
export function missingEntries(lock: Lockfile): Record<string, LockEntry> {
  const missing: Record<string, LockEntry> = {};
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const hoisted = `node_modules/${name}`;
      if (hoisted in lock.packages || `${path}/${hoisted}` in lock.packages) continue;
      missing[hoisted] = { version, ...platformOf(name), ...(dev === true ? { dev } : {}), optional: true };
    }
  }
  return missing;
}

/** The platform that a binary package names itself after: `@a/b-linux-arm64-musl`. */
function platformOf(name: string): Pick<LockEntry, "os" | "cpu" | "libc"> {
  const words = name.split(/[/-]/);
  const at = words.findIndex((word) => SYSTEMS.has(word));
  const [os, cpu, ...rest] = words.slice(at);
  if (at === -1 || os === undefined || cpu === undefined) {
    throw new Error(`Cannot complete the lock: "${name}" does not name a platform; add its entry by hand`);
  }
  const libc = rest.includes("musl") ? ["musl"] : rest.some((word) => word.startsWith("gnu")) ? ["glibc"] : undefined;
  return { os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc }) };
}

function complete(path: string): void {
  const lock = JSON.parse(readProjectFile(path).text) as Lockfile;
  const packages = Object.entries({ ...lock.packages, ...missingEntries(lock) });
  lock.packages = Object.fromEntries(packages.sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(ROOT + path, `${JSON.stringify(lock, null, 2)}\n`);
}

const SYSTEMS = new Set([
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
]);

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) LOCKFILES.forEach(complete);
