import type { Audience } from "./audience.ts";
import { notYet } from "./not-yet.ts";
import type { TwistdOptions } from "./options.ts";

/** Whether this process is the daemon, and not the command that starts it. */
export function isDetached(): boolean {
  return false;
}

/** Starts the daemon, waits for what it tells of its start, and gives the exit status of the command. */
export async function detach(_options: TwistdOptions): Promise<number> {
  throw notYet("--daemon");
}

/** The command that started this daemon and waits for its start. */
export function waitingCommand(): Audience {
  throw notYet("--daemon");
}
