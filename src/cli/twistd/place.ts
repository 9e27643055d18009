import { FailureError } from "../usage-error.ts";
import type { TwistdOptions } from "./options.ts";

/** Goes where the process is to live, with its umask. @throws FailureError */
export function enterPlace({ rundir, umask }: TwistdOptions): void {
  try {
    if (rundir !== undefined) process.chdir(rundir);
  } catch (error) {
    throw new FailureError(`Cannot use the folder "${rundir}": ${(error as Error).message}`, { cause: error });
  }
  if (umask !== undefined) process.umask(umask);
}
