import { ReactorStateError } from "./errors.ts";
import type { ProcessTransport } from "./process.ts";
import type { Clock } from "./time/clock.ts";

/** Asks a process to end (SIGTERM), and kills it when it has not within `killTimeoutMs`. Dispose the result when it is gone. */
export function endProcess(clock: Clock, child: ProcessTransport, killTimeoutMs: number): Disposable {
  signal(child, "TERM");
  return clock.callLater(killTimeoutMs, () => {
    signal(child, "KILL");
    // Its own children may live on and hold them open.
    child.loseConnection();
  });
}

function signal(child: ProcessTransport, name: string): void {
  try {
    child.signalProcess(name);
  } catch (error) {
    // It went by itself between our looking and our asking, which is what was wanted.
    if (!(error instanceof ReactorStateError)) throw error;
  }
}
