import { notYet } from "./not-yet.ts";

/** Writes the process id, until it is disposed. @throws FailureError if the one that is there is of a living process. */
export async function writePidfile(_path: string): Promise<Disposable> {
  throw notYet("--pidfile");
}
