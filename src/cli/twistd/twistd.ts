import type { Command } from "commander";
import { DONE } from "../exit-status.ts";
import { UsageError } from "../usage-error.ts";
import type { TwistdOptions } from "./options.ts";
import { serve } from "./serve.ts";

/** What `twistd` does with `words`, which are what follows its own options; gives the exit status. */
export async function twistd(command: Command, options: TwistdOptions, words: readonly string[]): Promise<number> {
  if (options.help === true) {
    const { pluginHelp } = await import("./plugin-help.ts");
    process.stdout.write(`${command.helpInformation()}\n${await pluginHelp()}`);
    return DONE;
  }
  if (options.file !== undefined) {
    const { fileProgram } = await import("./file-program.ts");
    return serve(options, fileProgram(options.file, words));
  }
  const [name, ...rest] = words;
  if (name === undefined)
    throw new UsageError("Cannot run nothing: name a plug-in, or a module with -f (--help tells more)");
  const { pluginProgram } = await import("./plugin-program.ts");
  return serve(options, await pluginProgram(command.name(), name, rest));
}
