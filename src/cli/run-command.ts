import { type Command, CommanderError } from "./commander.ts";
import { DONE, SOFTWARE, USAGE } from "./exit-status.ts";
import { FailureError, UsageError } from "./usage-error.ts";

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
    overrideExit(command);
    await command.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : USAGE;
    const { words, exit } = verdict(error);
    process.stderr.write(`${command.name()}: ${words}\n`);
    return exit;
  }
}

/** Commander ends the process itself unless each command is told not to. */
function overrideExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) overrideExit(inner);
}

function verdict(error: unknown): { words: string; exit: number } {
  if (error instanceof UsageError) return { words: error.message, exit: USAGE };
  if (error instanceof FailureError) return { words: error.message, exit: error.status };
  return { words: error instanceof Error ? (error.stack ?? error.message) : String(error), exit: SOFTWARE };
}
