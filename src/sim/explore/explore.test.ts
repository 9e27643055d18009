import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Protocol } from "../../core/protocol.ts";
import type { Fault } from "../faults/fault.ts";
import { checkDeterminism } from "./determinism.ts";
import { explore } from "./explore.ts";
import { runScenario } from "./run-scenario.ts";
import { scenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";

/**
 * A client tells a server the numbers 1 to 20, one at a time, each until it is answered, over a new connection whenever the old
 * one is lost. The server takes each number once; with the plant it forgets what it took when a connection is lost.
 */
const counting = scenario({
  name: "counting",
  durationMs: 5_000,
  plants: ["amnesia"],
  faults: { kinds: ["reset", "bad link", "partition", "pause"], count: [1, 5], withinMs: 2_500, longestMs: 400 },
  async setup(sim, { plant }) {
    const world = { taken: [] as number[], next: 1 };
    const [server, client] = [sim.host("server"), sim.host("client")];
    sim.link("server", "client", { latencyMs: 30 });
    let last = 0;
    class Server extends Protocol {
      override dataReceived(data: Uint8Array): void {
        for (const number of data) {
          if (number > last) world.taken.push(number);
          last = number;
          this.transport.write(Uint8Array.of(number));
        }
      }
      override connectionLost(): void {
        if (plant === "amnesia") last = 0;
      }
    }
    class Client extends Protocol {
      override connectionMade(): void {
        this.#tell();
      }
      override dataReceived(data: Uint8Array): void {
        if (data.at(-1) !== world.next) return;
        world.next += 1;
        client.reactor.callLater(100, () => this.#tell());
      }
      override connectionLost(): void {
        client.reactor.callLater(50, dial);
      }
      #tell(): void {
        if (world.next <= 20) this.transport.write(Uint8Array.of(world.next));
      }
    }
    const dial = (): void => {
      client.reactor
        .connectTcp({ host: "server", port: 7, timeoutMs: 1_000 }, () => new Client())
        .addErrback(() => void client.reactor.callLater(50, dial));
    };
    await server.reactor.listenTcp({ port: 7 }, () => new Server());
    dial();
    return world;
  },
  invariants: {
    "each number once, in order": ({ taken }) =>
      assert.deepEqual(
        taken,
        taken.map((_, index) => index + 1),
      ),
  },
  eventually: { "all are taken": ({ next }) => next === 21 },
});

/** Fails while "a" is down and "b" is paused: two faults, at the same time. */
const both = scenario({
  name: "both",
  durationMs: 20_000,
  setup(sim) {
    const [a, b] = [sim.host("a"), sim.host("b")];
    sim.host("c");
    const world = { wasBothAt: undefined as number | undefined };
    const beat = { atMs: 0 };
    const tick = (): void => {
      if (sim.nowMs - beat.atMs > 500 && !a.isUp) world.wasBothAt = sim.nowMs;
      beat.atMs = sim.nowMs;
      b.reactor.callLater(100, tick);
    };
    tick();
    return world;
  },
  invariants: { "never both": ({ wasBothAt }) => assert.equal(wasBothAt, undefined) },
});

const LONG: readonly Fault[] = [
  { kind: "clock skew", host: "a", offsetMs: 5, atMs: 100, forMs: 1_000 },
  { kind: "crash", host: ["a", "c"], atMs: 3_217, forMs: 4_321 },
  { kind: "dns failure", name: "*", atMs: 3_300, forMs: 2_000 },
  { kind: "bad link", between: ["a", "b"], link: { loss: 0.5 }, atMs: 3_400 },
  { kind: "pause", host: "b", atMs: 5_000, forMs: 1_444 },
  { kind: "kill", host: "a", atMs: 9_000 },
];

describe("explore", () => {
  test("a program without the bug holds for all seeds, and that is determinate", async () => {
    const { failures, runs, report } = await explore(counting, { seeds: 40 });
    assert.deepEqual(failures, []);
    assert.equal(runs, 40);
    assert.equal(report, '"counting" holds for 40 seeds');
    assert.equal((await checkDeterminism(counting, { seeds: 5 })).difference, undefined);
  });

  test("it finds the planted bug, and the one fault that it takes", async () => {
    const { failures, report } = await explore(counting, { seeds: 40, plant: "amnesia" });
    const [failure] = failures;
    assert.equal(failures.length, 1);
    assert.equal(failure?.shortest.faults.length, 1);
    assert.equal(failure?.shortest.failure?.invariant, "each number once, in order");
    assert.match(report, /^"counting" fails for 1 of \d+ seeds?\n\nSeed \d+ fails "each number once, in order" at /);
    assert.match(report, /Shortest schedule \(1 of \d faults, found in \d+ runs\):\n {2}(at|from) \d+ ms/);
    assert.match(report, /As JSON:\n {2}\[\{"kind":/);
  });

  test("the shortest schedule fails again, given to the same seed", async () => {
    const { failures } = await explore(counting, { seeds: 40, plant: "amnesia" });
    const { seed, faults, hash } = failures[0]?.shortest ?? assert.fail();
    const again = await runScenario(counting, { seed, faults, plant: "amnesia" });
    assert.equal(again.hash, hash);
    assert.equal(again.failure?.invariant, "each number once, in order");
  });

  test("it goes on until so many have failed", async () => {
    const { failures } = await explore(counting, { seeds: 40, plant: "amnesia", stopAfterFailures: 3, shrink: false });
    assert.equal(failures.length, 3);
  });

  test("seeds may be listed, or begin elsewhere; progress comes after each", async () => {
    const seen: number[][] = [[], []];
    await explore(both, { seeds: [7, 3], onProgress: ({ result }) => void seen[0]?.push(result.seed) });
    await explore(both, { seeds: 2, firstSeed: 9, onProgress: ({ result }) => void seen[1]?.push(result.seed) });
    assert.deepEqual(seen, [
      [7, 3],
      [9, 10],
    ]);
  });

  test("an abort ends it after the run at hand", async () => {
    const abort = new AbortController();
    const { runs } = await explore(both, { seeds: 100, signal: abort.signal, onProgress: () => abort.abort() });
    assert.equal(runs, 1);
  });
});

describe("shrink", () => {
  test("it leaves the faults that are needed, on the hosts that are needed, short, early and round", async () => {
    const failed = await runScenario({ ...both, faults: LONG }, { seed: 1 });
    assert.equal(failed.failure?.invariant, "never both");
    const { result, runs } = await shrink(both, failed);
    assert.deepEqual(
      result.faults.map(({ kind }) => kind),
      ["crash", "pause"],
    );
    const [crash, pause] = result.faults;
    assert.ok(crash?.kind === "crash" && pause?.kind === "pause");
    assert.deepEqual(crash.host, ["a"]);
    assert.ok(pause.forMs <= 600 && pause.forMs >= 400, `${pause.forMs}`);
    assert.ok((crash.atMs ?? 0) < 3_217 && (pause.atMs ?? 0) < 5_000);
    assert.ok(runs <= 300);
  });

  test("it does not take another failure for the same", async () => {
    const other = { ...both, invariants: { "b is up": () => assert.fail("other") } };
    const failed = await runScenario({ ...both, faults: LONG }, { seed: 1 });
    assert.deepEqual((await shrink(other, failed)).result, failed);
  });

  test("it keeps to its number of runs", async () => {
    const failed = await runScenario({ ...both, faults: LONG }, { seed: 1 });
    assert.equal((await shrink(both, failed, { mostRuns: 3 })).runs, 3);
  });

  test("a run that did not fail cannot be shrunk", async () => {
    const fine = await runScenario(both, { seed: 1 });
    await assert.rejects(shrink(both, fine), /Cannot shrink a run of seed 1: it did not fail/);
  });
});

describe("checkDeterminism", () => {
  test("it names the first packet that differs", async () => {
    let runs = 0;
    const forgetful = scenario({
      name: "forgetful",
      durationMs: 1_000,
      async setup(sim) {
        runs += 1;
        const byte = runs;
        const [a, b] = [sim.host("a"), sim.host("b")];
        await b.reactor.listenTcp({ port: 7 }, () => new Protocol());
        const caller = await a.reactor.connectTcp({ host: "b", port: 7 }, () => new Protocol());
        caller.transport.write(Uint8Array.of(byte));
      },
    });
    const { seeds, difference } = await checkDeterminism(forgetful, { seeds: 10 });
    assert.equal(seeds, 1);
    assert.equal(difference?.seed, 1);
    assert.match(difference?.first ?? "", /^after \d+ that are the same: .* ms tcp a:\d+ to b:7, .*1 bytes/);
  });
});
