import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FailureError, UsageError } from "../usage-error.ts";
import { asFamily, asPackage, named } from "./filling.ts";
import type { Kind } from "./kinds.ts";

/**
 * Writes a template under a new name, and gives what to say of it. A template is a package that works, whose name is
 * `sample`.
 *
 * @throws UsageError, FailureError
 */
export function writeNew(kind: Kind, name: string, folder: string): string {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
    throw new UsageError(
      `Cannot name it "${name}": want a word in lower case, with hyphens if need be: traffic-report`,
    );
  }
  const isFamily = kind === "protocol" && isOwnCheckout(folder);
  const target = isFamily ? join("src/protocols", name) : name;
  if (existsSync(join(folder, target))) throw new FailureError(`Cannot write "${target}": it is there already`);
  const fill = isFamily ? asFamily : asPackage;
  const written = filesIn(join(TEMPLATES, kind)).flatMap((path) => {
    const filled = fill(path, readFileSync(join(TEMPLATES, kind, path), "utf8"), ownPackage());
    if (filled === undefined) return [];
    const file = join(target, named(filled.path, name));
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), named(filled.text, name));
    return [file];
  });
  const next = isFamily
    ? `npm run build && node --test dist/protocols/${name}/*.test.js, then docs/new-protocol.md`
    : `cd ${name} && npm install && npm test`;
  return `Wrote ${written.join(", ")}\nNext: ${next}\n`;
}

/** Whether `folder` is where this package is made. */
function isOwnCheckout(folder: string): boolean {
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest) || !existsSync(join(folder, "src/protocols"))) return false;
  return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly name?: string }).name === "ropewalk";
}

function filesIn(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return all.filter((path) => statSync(join(folder, path)).isFile()).sort();
}

function ownPackage(): OwnPackage {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as OwnPackage;
}

/** What the templates want to know of package.json. */
export interface OwnPackage {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** This module is dist/cli/new/write-new.js. */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const TEMPLATES = join(ROOT, "templates");
