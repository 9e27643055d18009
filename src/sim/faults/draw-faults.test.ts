import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../../core/seeded-random.ts";
import { Simulation } from "../simulation.ts";
import { describeTimedFault } from "./describe-fault.ts";
import { drawFaults } from "./draw-faults.ts";
import type { Fault, FaultKind } from "./fault.ts";

const KINDS: readonly FaultKind[] = [
  "partition",
  "one-way partition",
  "reset",
  "half-open",
  "silent drop",
  "slow reader",
  "full accept queue",
  "refuse",
  "dns failure",
  "clock skew",
  "pause",
  "crash",
  "kill",
  "disk full",
  "port in use",
  "bad link",
];
const MENU = { kinds: KINDS, hosts: ["a", "b", "c"], ports: [7, 8], count: 40, withinMs: 10_000 };

describe("drawFaults", () => {
  test("the same random numbers give the same schedule, others another one", () => {
    const of = (seed: number) => drawFaults(seededRandom(seed), MENU);
    assert.deepEqual(of(1), of(1));
    assert.notDeepEqual(of(1), of(2));
  });

  test("it draws every kind, all of them good, by time, and JSON brings them back", () => {
    const sim = new Simulation({ seed: 1 });
    for (const name of MENU.hosts) sim.host(name);
    const seen = new Set<string>();
    for (let seed = 1; seed <= 20; seed += 1) {
      const faults = drawFaults(seededRandom(seed), MENU);
      assert.deepEqual(JSON.parse(JSON.stringify(faults)), faults);
      assert.deepEqual(
        faults,
        [...faults].sort((one, other) => (one.atMs ?? 0) - (other.atMs ?? 0)),
      );
      for (const fault of faults) {
        seen.add(fault.kind);
        sim.inject(fault)[Symbol.dispose]();
      }
    }
    assert.deepEqual([...seen].sort(), [...KINDS].sort());
  });

  test("they begin within their time and last no longer than the longest", () => {
    const menu = { ...MENU, fromMs: 2_000, longestMs: 300 };
    for (const fault of drawFaults(seededRandom(3), menu)) {
      assert.ok((fault.atMs ?? 0) >= 2_000 && (fault.atMs ?? 0) <= 10_000);
      assert.ok(!("forMs" in fault) || (fault.forMs ?? 0) <= 300);
    }
  });

  test("a count may be a range", () => {
    const counts = new Set<number>();
    for (let seed = 1; seed <= 100; seed += 1) {
      counts.add(drawFaults(seededRandom(seed), { ...MENU, count: [2, 4] }).length);
    }
    assert.deepEqual([...counts].sort(), [2, 3, 4]);
  });

  test("a partition divides all hosts in two", () => {
    for (const fault of drawFaults(seededRandom(1), { ...MENU, kinds: ["partition"] })) {
      assert.ok(fault.kind === "partition");
      assert.deepEqual(fault.between.flat().sort(), ["a", "b", "c"]);
    }
  });

  test("what an item of the menu fixes is not drawn", () => {
    const kinds = [{ kind: "crash", hosts: ["b"], forMs: 77 }] as const;
    for (const fault of drawFaults(seededRandom(1), { ...MENU, kinds })) {
      assert.deepEqual(fault, { kind: "crash", host: "b", atMs: fault.atMs, forMs: 77 });
    }
  });

  test("a menu that nothing can be drawn from is refused", () => {
    const draw = (more: object) => () => drawFaults(seededRandom(1), { ...MENU, ...more });
    assert.throws(draw({ kinds: [] }), /names no kinds/);
    assert.throws(draw({ kinds: ["reset"], hosts: ["a"] }), /takes two hosts, and there are 1/);
    assert.throws(draw({ kinds: ["crash"], hosts: [] }), /there are no hosts/);
    assert.throws(draw({ kinds: ["port in use"], ports: undefined }), /names no ports/);
  });
});

describe("a fault in words", () => {
  const words: readonly (readonly [Fault, string])[] = [
    [
      { kind: "partition", between: ["a", ["b", "c"]], atMs: 5, forMs: 7 },
      "from 5 ms, for 7 ms: partition of a from b, c",
    ],
    [{ kind: "crash", host: "*" }, "from 0 ms on: crash of all hosts"],
    [{ kind: "kill", host: "a", atMs: 5 }, "at 5 ms: process on a killed"],
    [
      { kind: "clock skew", host: "a", offsetMs: 5, rate: 1.1, forMs: 1 },
      "from 0 ms, for 1 ms: clock skew of a: +5 ms, rate 1.1",
    ],
    [
      { kind: "bad link", between: ["a", "b"], link: { loss: 0.1, latencyMs: 30 }, atMs: 1 },
      "from 1 ms on: bad link between a and b: loss 0.1, latencyMs 30",
    ],
    [{ kind: "refuse", host: "a", port: 7 }, "from 0 ms on: connections to a port 7 refused"],
  ];
  for (const [fault, expected] of words) test(expected, () => assert.equal(describeTimedFault(fault), expected));
});
