/**
 * LineProtocol against Twisted's LineReceiver: the same random cases, traces compared. LINE_ORACLE_CASES says how many
 * (6 000 unless set), LINE_ORACLE_SEED where to begin (1). Needs python3-twisted at /usr/bin/python3.
 */
import assert from "node:assert/strict";
import { env } from "node:process";
import { describe, test } from "node:test";
import { seededRandom } from "ropewalk/testing";
import { type LineCase, lineCase } from "./line-case.ts";
import { runCase, type TraceEntry } from "./line-runner.ts";
import { tracesOfTwisted, twistedAbsence } from "./twisted.ts";

describe("LineProtocol and Twisted's LineReceiver", () => {
  test("do the same in random cases", { skip: twistedAbsence() }, () => {
    const count = Number(env["LINE_ORACLE_CASES"] ?? 6_000);
    const firstSeed = Number(env["LINE_ORACLE_SEED"] ?? 1);
    const cases = Array.from({ length: count }, (_, index) =>
      lineCase(firstSeed + index, seededRandom(firstSeed + index)),
    );
    const theirs = tracesOfTwisted<LineCase, TraceEntry[]>("line-twisted.py", cases);
    const kinds = new Map<string, number>();
    cases.forEach((one, index) => {
      const trace = runCase(one);
      assert.deepEqual(trace, theirs[index], `seed ${one.seed}: ${JSON.stringify(one)}`);
      for (const [kind = ""] of trace) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    });
    // Cases in which little happens would agree about nothing.
    for (const kind of ["line", "raw", "long", "cleared", "pause", "resume", "sent", "refused", "lose"]) {
      assert.ok((kinds.get(kind) ?? 0) > count / 50, `only ${kinds.get(kind) ?? 0} of "${kind}" in ${count} cases`);
    }
  });
});
