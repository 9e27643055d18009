import type { FaultKind } from "./fault.ts";

/** Whether faults of that kind have no length. */
export function isInstant(kind: FaultKind): boolean {
  return kind === "reset" || kind === "half-open" || kind === "kill";
}
