/** The command `twistd` as people run it. */

import { ROOT } from "../../tools/tree.ts";
import type { Afterwards } from "../interop/support/places.ts";
import { type Program, type ProgramOptions, start } from "../interop/support/program.ts";

export const TWISTD: string = `${ROOT}bin/twistd.js`;

export const ROPEWALK: string = `${ROOT}bin/ropewalk.js`;

/** Starts `twistd` with these arguments; it ends with the test at the latest. */
export function twistd(t: Afterwards, args: readonly string[], options: ProgramOptions = {}): Program {
  return start(t, process.execPath, [TWISTD, ...args], options);
}

/** The TCP port that it says it listens on. */
export async function listeningPort(program: Program): Promise<number> {
  const [, port] = await program.err.until(/Listening on .*:(\d+)\n/);
  return Number(port);
}
