import { loadEndpointFamilies } from "../../app/endpoint-families.ts";
import type { Plugin } from "../../app/plugin.ts";
import { UsageError } from "../usage-error.ts";
import { readPluginOptions } from "./plugin-options.ts";
import { findPlugin } from "./plugins.ts";
import type { Program } from "./program.ts";

/** A plug-in with the options that stand in `words`. @throws UsageError, FailureError, CommanderError */
export async function pluginProgram(command: string, name: string, words: readonly string[]): Promise<Program> {
  const { plugin: found, search } = await findPlugin(name);
  if (found === undefined) {
    const known = [...search.plugins.keys()].sort().join(", ");
    const problems = search.problems.map((problem) => `\n${problem}`).join("");
    throw new UsageError(`Cannot run "${name}": there is no plug-in of that name; known ones are ${known}${problems}`);
  }
  const plugin = await found.load();
  const values = readPluginOptions(`${command} ${name}`, plugin, words);
  return {
    name,
    load: async (reactor) => {
      await loadEndpointFamilies(endpointsIn(plugin, values));
      return plugin.makeService(values, reactor);
    },
  };
}

function endpointsIn(plugin: Plugin, values: Readonly<Record<string, unknown>>): string[] {
  const keys = Object.entries(plugin.options).filter(([, option]) => option.kind === "endpoint");
  return keys.flatMap(([key]) => (values[key] ?? []) as string | string[]);
}
