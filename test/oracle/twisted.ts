/** Asks Twisted, which runs beside this project as an oracle, what it does in the same cases. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Why a test against Twisted is left out; false where Twisted is here. */
export function twistedAbsence(): string | false {
  return pythonAbsence("twisted");
}

/** The same for another module that Debian has as python3-MODULE. */
export function pythonAbsence(module: string): string | false {
  const { status } = spawnSync(PYTHON, ["-c", `import ${module}`]);
  return status === 0 ? false : `!!! NO ORACLE: ${PYTHON} has no ${module} (apt-get install python3-${module})`;
}

/** Runs a script of this folder that reads a case a line and writes a trace a line, both as JSON. */
export function tracesOfTwisted<Case, Trace>(script: string, cases: readonly Case[]): Trace[] {
  // This module runs from build/test/oracle.
  const path = fileURLToPath(new URL(`../../../test/oracle/${script}`, import.meta.url));
  const input = cases.map((one) => `${JSON.stringify(one)}\n`).join("");
  const { status, stdout, stderr } = spawnSync(PYTHON, [path], { input, encoding: "utf8", maxBuffer: 2 ** 30 });
  assert.equal(status, 0, stderr);
  const lines = stdout.split("\n").filter((line) => line !== "");
  assert.equal(lines.length, cases.length, stderr);
  return lines.map((line) => JSON.parse(line));
}

const PYTHON = "/usr/bin/python3";
