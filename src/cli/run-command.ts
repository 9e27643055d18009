import { createRequire } from "node:module";
import { type Command, CommanderError } from "./commander.ts";
import { DONE, USAGE } from "./exit-status.ts";
import { report } from "./report.ts";

/**
 * Does what the command line says, and gives the exit status: that which an action gave `done`, 1 for a FailureError, 2 for
 * what was said wrong, 70 for what is wrong with this program itself, which alone shows a stack.
 */
export async function runCommand(
  make: (done: (status: number) => void) => Command,
  args: readonly string[],
): Promise<number> {
  let status = DONE;
  const command = make((given) => {
    status = given;
  });
  try {
    command.version(createRequire(import.meta.url)("../../package.json").version, "-V, --version", "show the version");
    overrideExit(command);
    await command.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : USAGE;
    return report(command.name(), error);
  }
}

/** Commander ends the process itself unless each command is told not to. */
function overrideExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) overrideExit(inner);
}
