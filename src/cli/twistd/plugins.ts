import type { Plugin } from "../../app/plugin.ts";
import { shippedPlugins } from "../../app/plugins/index.ts";

/** A plug-in that can be run, and where it comes from. */
export interface FoundPlugin {
  readonly name: string;
  /** The package, with its version: `ropewalk`, `greeter@1.2.0`. */
  readonly origin: string;
  /** @throws FailureError if the module cannot be loaded, or holds no plug-in. */
  load(): Promise<Plugin>;
}

/** What there is, and what could have been there. */
export interface PluginSearch {
  /** By name; of two with one name the nearer to the working folder, and one of this package before all. */
  readonly plugins: ReadonlyMap<string, FoundPlugin>;
  /** Packages whose plug-ins cannot be read, and plug-ins whose name is taken: a line for each. */
  readonly problems: readonly string[];
}

/** The plug-in of that name. Whose name is one of this package's is found without a look at other packages. */
export async function findPlugin(name: string): Promise<{ plugin: FoundPlugin | undefined; search: PluginSearch }> {
  const own = shipped();
  const plugin = own.get(name);
  if (plugin !== undefined) return { plugin, search: { plugins: own, problems: [] } };
  const search = await findPlugins();
  return { plugin: search.plugins.get(name), search };
}

/** All plug-ins: this package's, and those of the packages that the working folder sees. */
export async function findPlugins(): Promise<PluginSearch> {
  const { installedPlugins } = await import("./installed-plugins.ts");
  const plugins = shipped();
  const { found, problems } = installedPlugins(process.cwd());
  for (const plugin of found) {
    const earlier = plugins.get(plugin.name);
    if (earlier === undefined) plugins.set(plugin.name, plugin);
    else if (earlier.origin !== plugin.origin) {
      problems.push(`"${plugin.name}" of ${plugin.origin} is hidden by the one of ${earlier.origin}`);
    }
  }
  return { plugins, problems };
}

function shipped(): Map<string, FoundPlugin> {
  const all = Object.entries(shippedPlugins);
  return new Map(all.map(([name, load]) => [name, { name, origin: "ropewalk", load }]));
}
