import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "../../app/plugin.ts";
import { FailureError } from "../usage-error.ts";
import type { FoundPlugin } from "./plugins.ts";

/**
 * The plug-ins that package.json files name under `ropewalk.plugins`: that of the package around `folder`, and those in every
 * `node_modules` from there upwards. They are read anew each time: what is installed is what is there.
 */
export function installedPlugins(folder: string): { found: FoundPlugin[]; problems: string[] } {
  const problems: string[] = [];
  const found = packageFolders(folder).flatMap((path) => {
    try {
      return pluginsOf(path);
    } catch (error) {
      problems.push(`Cannot read the plug-ins of ${join(path, "package.json")}: ${(error as Error).message}`);
      return [];
    }
  });
  return { found, problems };
}

/** The nearest first. */
function packageFolders(folder: string): string[] {
  const ancestors = [resolve(folder)];
  for (let last = ancestors[0] as string; dirname(last) !== last; ancestors.push(last)) last = dirname(last);
  const own = ancestors.find((path) => existsSync(join(path, "package.json")));
  const installed = ancestors.map((path) => join(path, "node_modules")).flatMap(packagesIn);
  return own === undefined ? installed : [own, ...installed];
}

function packagesIn(modules: string): string[] {
  return namesIn(modules).flatMap((name) => {
    const path = join(modules, name);
    return name.startsWith("@") ? namesIn(path).map((scoped) => join(path, scoped)) : [path];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    // Most folders have none, and some that are in the way are files.
    return [];
  }
}

function pluginsOf(folder: string): FoundPlugin[] {
  const text = textOf(join(folder, "package.json"));
  // Of a thousand packages nine hundred and ninety-nine have nothing to do with this one.
  if (!text.includes('"ropewalk"')) return [];
  const { name, version, ropewalk } = JSON.parse(text) as PackageJson;
  const plugins = (ropewalk as { readonly plugins?: unknown } | undefined)?.plugins ?? {};
  const origin = version === undefined ? `${name ?? folder}` : `${name}@${version}`;
  return Object.entries(plugins).map(([plugin, path]) => {
    if (typeof path !== "string") throw new TypeError(`the module of "${plugin}" is no path`);
    return { name: plugin, origin, load: () => loadPlugin(plugin, origin, resolve(folder, path)) };
  });
}

async function loadPlugin(name: string, origin: string, path: string): Promise<Plugin> {
  const failure = (why: string, cause?: unknown) =>
    new FailureError(`Cannot load plug-in "${name}" of ${origin}: ${why}`, { cause });
  if (!existsSync(path)) throw failure(`there is no "${path}"`);
  if (/\.[mc]?ts$/.test(path)) (await import("../typescript/register.ts")).readTypeScript();
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  } catch (error) {
    throw failure(error instanceof Error ? error.message : String(error), error);
  }
  if (!isPlugin(loaded.default)) throw failure("its default export is not what definePlugin gives");
  return loaded.default;
}

function isPlugin(value: unknown): value is Plugin {
  const { summary, options, makeService } = (value ?? {}) as Partial<Plugin>;
  return typeof summary === "string" && typeof options === "object" && typeof makeService === "function";
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A folder of node_modules without one is no package.
    return "";
  }
}

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly ropewalk?: unknown;
}
