/**
 * The fault that the lease of lease.ts does not survive: a clock that goes at half its speed. The leader's three seconds are
 * six of everybody else's, so if it is cut off meanwhile, the others have a new leader before the old one stops.
 *
 *   npx ropewalk sim examples/lease/drift.sim.ts --seeds 200                     fails, and says with which seed
 *   npx ropewalk sim examples/lease/drift.sim.ts --seed N --diagram run.html     shows the two who lead
 */
import { scenario } from "ropewalk/sim";
import lease from "./lease.sim.ts";

export default scenario({
  ...lease,
  name: "leader lease, with a clock at half its speed",
  faults: {
    kinds: [
      { kind: "partition", forMs: 10_000 },
      { kind: "clock skew", rate: 0.5, forMs: 20_000 },
    ],
    count: [4, 8],
  },
});
