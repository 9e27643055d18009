/**
 * Random programs over Deferreds, run here and by Twisted: the traces are equal, but for what contracts say of our own.
 * ROPEWALK_SEED and ROPEWALK_PROGRAMS choose others and more.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addObserver } from "ropewalk/log";
import { traceOf } from "./deferred-interpreter.ts";
import { type Op, type Program, programOf } from "./deferred-program.ts";
import { tracesOfTwisted, twistedAbsence } from "./twisted.ts";

const FIRST_SEED = Number(process.env["ROPEWALK_SEED"] ?? 20_000_000);
const PROGRAMS = Number(process.env["ROPEWALK_PROGRAMS"] ?? 12_000);

// Most programs leave an error behind, which is none of ours.
addObserver(() => {});

test(`${PROGRAMS} programs from seed ${FIRST_SEED} on do the same as in Twisted`, { skip: twistedAbsence() }, () => {
  const programs = Array.from({ length: PROGRAMS }, (_, index) => programOf(FIRST_SEED + index));
  const theirs = twistedTracesOf(programs);
  const differing = programs.filter((program, index) => differs(program, theirs[index] as string[]));
  if (differing.length > 0) assert.fail(report(differing));
});

test("a difference is noticed", { skip: twistedAbsence() }, () => {
  const program = programOf(FIRST_SEED);
  assert.ok(differs(program, [...(twistedTracesOf([program])[0] as string[]), "something else"]));
});

function twistedTracesOf(programs: readonly Program[]): string[][] {
  return tracesOfTwisted("deferred-twisted.py", programs);
}

function differs(program: Program, theirs: readonly string[]): boolean {
  return comparable(program, traceOf(program)) !== comparable(program, theirs);
}

function comparable({ kind }: Program, trace: readonly string[]): string {
  return (kind === "cancelledCoroutines" ? [...trace].sort() : trace).join("\n");
}

function report(differing: readonly Program[]): string {
  const [shortest] = [...differing].sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length);
  const program = shrink(shortest as Program);
  const theirs = twistedTracesOf([program])[0] as string[];
  return [
    `${differing.length} programs differ, of seeds ${differing.slice(0, 10).map(({ seed }) => seed)}; the smallest:`,
    JSON.stringify(program),
    ...["ours:", ...traceOf(program).map(indent), "Twisted's:", ...theirs.map(indent)],
  ].join("\n");
}

function indent(line: string): string {
  return `  ${line}`;
}

/** Leaves operations out, one by one, as long as the traces differ. */
function shrink(program: Program): Program {
  for (let smaller: Program | undefined = program; smaller !== undefined; ) {
    program = smaller;
    const candidates = without(program.ops).map((ops) => ({ ...program, ops }));
    const theirs = twistedTracesOf(candidates);
    smaller = candidates.find((candidate, index) => differs(candidate, theirs[index] as string[]));
  }
  return program;
}

function without(ops: readonly Op[]): Op[][] {
  return ops.map((_, left) => ops.filter((_, index) => index !== left));
}
