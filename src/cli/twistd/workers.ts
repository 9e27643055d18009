import { notYet } from "./not-yet.ts";
import type { TwistdOptions } from "./options.ts";
import type { Program } from "./program.ts";

/** Whether this process is one of the workers, and not the one that starts them. */
export function isWorker(): boolean {
  return false;
}

/** Keeps the workers running until it is told to stop; gives the exit status. */
export async function superviseWorkers(_options: TwistdOptions, _program: Program): Promise<number> {
  throw notYet("--workers");
}
