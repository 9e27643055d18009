/**
 * LoopingCall against Twisted's: the same random programs, traces compared. LOOP_ORACLE_PROGRAMS says how many (4 000
 * unless set), LOOP_ORACLE_SEED where to begin (1). Needs python3-twisted at /usr/bin/python3.
 */
import assert from "node:assert/strict";
import { env } from "node:process";
import { describe, test } from "node:test";
import { seededRandom } from "ropewalk/testing";
import { type LoopProgram, loopProgram, type TraceEntry } from "./looping-call-program.ts";
import { runLoops } from "./looping-call-runner.ts";
import { tracesOfTwisted, twistedAbsence } from "./twisted.ts";

describe("LoopingCall and Twisted's", () => {
  test("do the same in random programs", { skip: twistedAbsence() }, () => {
    const count = Number(env["LOOP_ORACLE_PROGRAMS"] ?? 4_000);
    const firstSeed = Number(env["LOOP_ORACLE_SEED"] ?? 1);
    const programs = Array.from({ length: count }, (_, index) =>
      loopProgram(firstSeed + index, seededRandom(firstSeed + index)),
    );
    const theirs = tracesOfTwisted<LoopProgram, TraceEntry[]>("looping-call-twisted.py", programs);
    const kinds = new Map<string, number>();
    for (const [index, program] of programs.entries()) {
      const trace = runLoops(program);
      assert.deepEqual(trace, theirs[index], `seed ${program.seed}: ${JSON.stringify(program)}`);
      for (const kind of new Set(trace.map(kindOf))) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    // Programs in which little happens would agree about nothing.
    for (const kind of KINDS) {
      assert.ok((kinds.get(kind) ?? 0) > count / 25, `"${kind}" in only ${kinds.get(kind) ?? 0} of ${count} programs`);
    }
  });
});

function kindOf([what, , , count]: TraceEntry): string {
  return what === "called" && typeof count === "number" && count > 1 ? "called after some were missed" : what;
}

const KINDS: readonly string[] = [
  "called",
  "called after some were missed",
  "ended",
  "failed",
  "refused start",
  "refused stop",
  "refused reset",
];
