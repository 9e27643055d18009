/**
 * Five nodes and a leader lease on a network that does its worst: `npx ropewalk sim examples/lease/lease.sim.ts --seeds 200`.
 * Clocks that run four percent fast or slow are within what the design allows for; for worse ones see drift.sim.ts.
 */
import assert from "node:assert/strict";
import type { Reactor } from "ropewalk";
import { longTail, type SimHost, scenario } from "ropewalk/sim";
import { LeaseNode, type LeaseOptions } from "./lease.ts";

const NAMES = ["n1", "n2", "n3", "n4", "n5"];
const PORT = 9_000;

type World = Map<SimHost, LeaseNode>;

export default scenario<World>({
  name: "leader lease",
  plants: ["amnesia"],
  setup(sim, { plant }) {
    const world: World = new Map();
    // A node that starts must wait until what it may have promised before is over. Who forgets that has this:
    const options = plant === "amnesia" ? { quietMs: 0 } : {};
    for (const name of NAMES) {
      const program = (reactor: Reactor, host: SimHost): unknown => {
        const peers = sim.hosts.flatMap(({ address }) =>
          address === host.address ? [] : { host: address, port: PORT },
        );
        const node = new ShownNode(host, reactor, { peers, ...options });
        world.set(host, node);
        return reactor.listenUdp({ port: PORT }, node);
      };
      sim.host(name, { program });
    }
    sim.link("*", "*", { latencyMs: longTail(10, 0.5), loss: 0.02, duplicate: 0.05, reorder: 0.1 });
    return world;
  },
  durationMs: 60_000,
  faults: {
    kinds: [
      "partition",
      "one-way partition",
      "bad link",
      "pause",
      "crash",
      "kill",
      // Three of them are in one rack, which loses its power now and then.
      { kind: "crash", host: NAMES.slice(0, 3), forMs: 500 },
      { kind: "clock skew", rate: 0.96 },
      { kind: "clock skew", rate: 1.04 },
    ],
    count: [2, 10],
  },
  invariants: {
    "two never lead at the same instant": (world) => {
      const leaders = [...world].filter(([{ isUp }, node]) => isUp && node.leads).map(([{ name }]) => name);
      assert.ok(leaders.length <= 1, `${leaders.join(" and ")} lead`);
    },
  },
  eventually: {
    "somebody leads": (world) => [...world.values()].some(({ leads }) => leads),
  },
});

/** Says in traces and diagrams when it leads. */
class ShownNode extends LeaseNode {
  readonly #host: SimHost;

  constructor(host: SimHost, reactor: Reactor, options: LeaseOptions) {
    super(reactor, options);
    this.#host = host;
  }

  protected override gained(): void {
    this.#host.note("leads");
  }

  protected override lost(): void {
    this.#host.note("leads no more");
  }
}
