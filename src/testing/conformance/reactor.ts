import { DATAGRAMS } from "./datagrams.ts";
import { FILES } from "./files.ts";
import { HOLDINGS } from "./holdings.ts";
import { LIFECYCLE } from "./lifecycle.ts";
import { NAMES } from "./names.ts";
import { OPEN_FILES } from "./open-files.ts";
import { TIME } from "./time.ts";
import { register, type World } from "./world.ts";

/**
 * Registers with node:test what every reactor promises beside its connections: time, phases, what it holds, names, files, datagrams.
 * Each promise is one test in a world that `make` makes. Connections are for `transportConformance`.
 *
 * @example
 * ```ts
 * import { MemoryWorld, reactorConformance } from "ropewalk/testing";
 *
 * reactorConformance("memory", () => new MemoryWorld());
 * ```
 */
export function reactorConformance(name: string, make: () => World | Promise<World>): void {
  register(`${name}: time and chance`, make, TIME);
  register(`${name}: life`, make, LIFECYCLE);
  register(`${name}: holdings`, make, HOLDINGS);
  register(`${name}: names`, make, NAMES);
  register(`${name}: files`, make, FILES);
  register(`${name}: open files`, make, OPEN_FILES);
  register(`${name}: datagrams`, make, DATAGRAMS);
}
