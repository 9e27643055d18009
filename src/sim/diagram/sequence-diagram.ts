import type { TraceView } from "../trace/trace.ts";
import { pageOf } from "./page.ts";
import { planOf } from "./plan.ts";
import { type DiagramOptions, sceneOf } from "./scene.ts";

export type { DiagramOptions } from "./scene.ts";

/**
 * A trace as a page of HTML that needs nothing else: hosts as lifelines, virtual time downward, packets as arrows, lost ones
 * with a cross and the reason, faults as bands, labels where they were noted, and all of it once more as a table. The same
 * trace gives the same page. Throws RangeError for a limit below 1.
 *
 * @example
 * ```ts
 * import { sequenceDiagram, Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * const host = sim.host("a");
 * const trace = sim.trace();
 * host.note("nothing to do");
 * await sim.advance(1_000);
 * const page = sequenceDiagram(trace, { title: "A quiet second" });
 * console.log(page.includes("nothing to do")); // true
 * ```
 */
export function sequenceDiagram(trace: TraceView, options: DiagramOptions = {}): string {
  const scene = sceneOf(trace, options);
  return pageOf(trace, scene, planOf(scene, options), options);
}
