import { UsageError } from "../usage-error.ts";
import { readPluginOptions } from "./plugin-options.ts";
import { findPlugin } from "./plugins.ts";
import type { Program } from "./program.ts";
import { runPlugin } from "./run-plugin.ts";

/** A plug-in with the options that stand in `words`. @throws UsageError, FailureError, CommanderError */
export async function pluginProgram(command: string, name: string, words: readonly string[]): Promise<Program> {
  const { plugin: found, search } = await findPlugin(name);
  if (found === undefined) {
    const known = [...search.plugins.keys()].sort().join(", ");
    const problems = search.problems.map((problem) => `\n${problem}`).join("");
    throw new UsageError(`Cannot run "${name}": there is no plug-in of that name; known ones are ${known}${problems}`);
  }
  const plugin = await found.load();
  return runPlugin(name, plugin, readPluginOptions(`${command} ${name}`, plugin, words));
}
