/** Ann's network breaks. Can she come back? `npx ropewalk sim partition.sim.ts`, and once more with `--plant patient`. */
import { LoopingCall, type Reactor } from "ropewalk";
import { ClientService, startTree } from "ropewalk/app";
import { LineProtocol } from "ropewalk/line";
import { idleTimeout } from "ropewalk/policies";
import { scenario } from "ropewalk/sim";
import { service } from "./service.ts";

const PORTS = ["tcp:79", "tcp:80", "tcp:1400", "tcp:1234"];
const DURATION_MS = 60_000;

export default scenario<World>({
  name: "finger",
  plants: ["patient"],
  setup(sim, { plant }) {
    const world = { heardMs: 0 };
    const silenceMs = plant === "patient" ? "7500000" : "15000";
    sim.host("server", {
      program: async (reactor) => startTree(reactor, await service(reactor, [...PORTS, silenceMs])),
    });
    sim.host("ann", {
      program: (reactor) => {
        const options = { clock: reactor, idleTimeoutMs: 12_000, activity: "reading", close: "abort" } as const;
        const guests = idleTimeout(() => new Guest(reactor, world), options);
        new ClientService(reactor, "tcp:server:1400", guests).startService();
      },
    });
    sim.link("server", "ann", { latencyMs: 40, loss: 0.01 });
    return world;
  },
  durationMs: DURATION_MS,
  faults: { kinds: ["partition", "reset"], longestMs: 40_000 },
  eventually: { "Ann is in the room": ({ heardMs }) => heardMs > DURATION_MS },
});

interface World {
  heardMs: number;
}

/** Says its name until it is let in, and then asks who is there. */
class Guest extends LineProtocol {
  readonly #reactor: Reactor;
  readonly #world: World;
  readonly #talk: LoopingCall;
  #isIn = false;

  constructor(reactor: Reactor, world: World) {
    super();
    this.#reactor = reactor;
    this.#world = world;
    this.#talk = new LoopingCall(reactor, () => this.sendLine(this.#isIn ? "/who" : "ann"));
  }
  override connectionMade(): void {
    this.#talk.start(5_000);
  }
  override lineReceived(line: string): void {
    this.#isIn ||= line.startsWith("Hello, ann.");
    if (line === "* Here: ann") this.#world.heardMs = this.#reactor.now();
  }
  override connectionLost(): void {
    this.#talk.stop();
  }
}
