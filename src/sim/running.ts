import type { SimProcess } from "./sim-process.ts";

/** Whose code runs at this moment, microtasks included: the wall clock and the labels of log lines ask. */
export function runningProcess(): SimProcess | undefined {
  return running;
}

/** Returns whose code ran until now. */
export function setRunning(next: SimProcess | undefined): SimProcess | undefined {
  const before = running;
  running = next;
  return before;
}

let running: SimProcess | undefined;
