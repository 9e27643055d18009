import { SOFTWARE, USAGE } from "./exit-status.ts";
import { FailureError, UsageError } from "./usage-error.ts";

/**
 * Says on standard error what went wrong, and gives the exit status: 1 for a FailureError, 2 for what was said wrong, 70 for what
 * is wrong with this program itself, which alone shows a stack.
 */
export function report(program: string, error: unknown): number {
  const { words, exit } = verdict(error);
  process.stderr.write(`${program}: ${words}\n`);
  return exit;
}

function verdict(error: unknown): { words: string; exit: number } {
  if (error instanceof UsageError) return { words: error.message, exit: USAGE };
  if (error instanceof FailureError) return { words: error.message, exit: error.status };
  return { words: error instanceof Error ? (error.stack ?? error.message) : String(error), exit: SOFTWARE };
}
