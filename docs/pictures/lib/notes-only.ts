import type { TraceView } from "ropewalk/sim";

/** A trace without what kernels and logs say: packets, faults, and the notes of the program itself. */
export function notesOnly({ seed, hosts, events, dropped, nowMs }: TraceView): TraceView {
  const kept = events.filter((event) => event.type !== "note" || event.kind === "note");
  return { seed, hosts, events: kept, dropped, nowMs };
}
