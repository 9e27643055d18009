import assert from "node:assert/strict";
import { scenario } from "ropewalk/sim";
import { Taker, Teller } from "./counting.ts";

export default scenario({
  name: "counting",
  durationMs: 5_000,
  plants: ["amnesia"],
  faults: { kinds: ["reset", "bad link", "partition", "pause"], count: [1, 5], withinMs: 2_500, longestMs: 400 },
  async setup(sim, { plant }) {
    const [server, client] = [sim.host("server"), sim.host("client")];
    sim.link("server", "client", { latencyMs: 30 });
    const taker = new Taker(plant === "amnesia");
    const teller = new Teller(client.reactor, 20);
    await server.reactor.listenTcp({ port: 7 }, taker);
    teller.dial("server");
    return { taken: taker.taken, teller };
  },
  invariants: {
    "each number once, in order": ({ taken }) =>
      assert.deepEqual(
        taken,
        taken.map((_, index) => index + 1),
      ),
  },
  eventually: { "all are taken": ({ teller }) => teller.next === 21 },
});
