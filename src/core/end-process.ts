import { ReactorStateError } from "./errors.ts";
import type { ProcessTransport } from "./process.ts";
import type { Clock } from "./time/clock.ts";

/** Asks a process to end (SIGTERM), and kills it when it has not within `killTimeoutMs`. Dispose the result when it is gone. */
export function endProcess(clock: Clock, process: ProcessTransport, killTimeoutMs: number): Disposable {
  signal(process, "TERM");
  return clock.callLater(killTimeoutMs, () => {
    signal(process, "KILL");
    // Its own children may live on and hold them open.
    process.loseConnection();
  });
}

function signal(process: ProcessTransport, name: string): void {
  try {
    process.signalProcess(name);
  } catch (error) {
    // It went by itself between our looking and our asking, which is what was wanted.
    if (!(error instanceof ReactorStateError)) throw error;
  }
}
