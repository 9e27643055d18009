import { UsageError } from "../usage-error.ts";
import { readPluginOptions } from "./plugin-options.ts";
import { findPlugins } from "./plugins.ts";
import type { Program } from "./program.ts";

/** A plug-in with the options that stand in `words`. @throws UsageError, CommanderError */
export async function pluginProgram(command: string, name: string, words: readonly string[]): Promise<Program> {
  const plugins = findPlugins();
  const found = plugins.find((plugin) => plugin.name === name);
  if (found === undefined) {
    const known = plugins.map((plugin) => plugin.name).join(", ");
    throw new UsageError(`Cannot run "${name}": there is no plug-in of that name; known ones are ${known}`);
  }
  const plugin = await found.load();
  const values = readPluginOptions(`${command} ${name}`, plugin, words);
  return { name, load: async (reactor) => plugin.makeService(values, reactor) };
}
