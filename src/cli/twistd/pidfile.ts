import { tellOnStandardError } from "../../reactor/log-file.ts";
import { PidFile } from "../../reactor/pid-file.ts";
import { FailureError } from "../usage-error.ts";

/** Writes the process id, until it is disposed or the process exits. @throws FailureError if a living process holds the file */
export function writePidfile(path: string): Disposable {
  const file = taken(path);
  const remove = (): void => {
    if (!file.remove()) {
      tellOnStandardError(
        `Cannot remove pidfile "${path}": its folder is no longer ours to write; it was emptied instead`,
      );
    }
  };
  // A second signal ends the process at once, and so does an error that nobody catches.
  process.once("exit", remove);
  return {
    [Symbol.dispose]: () => {
      process.off("exit", remove);
      remove();
    },
  };
}

function taken(path: string): PidFile {
  try {
    return new PidFile(path);
  } catch (error) {
    const { message } = error as Error;
    throw new FailureError(message.startsWith("Cannot") ? message : `Cannot write pidfile "${path}": ${message}`, {
      cause: error,
    });
  }
}
