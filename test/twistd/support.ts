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

/** On a port of its own choice, where nobody else gets to. */
export const ANYWHERE = "tcp:0:interface=127.0.0.1";

/** Starts `twistd`; settles when it serves, with the ports that it says it listens on. */
export async function serving(
  t: Afterwards,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<{ readonly program: Program; readonly ports: readonly number[]; readonly port: number }> {
  const program = twistd(t, args, options);
  await program.err.until(/Started /);
  const ports = [...program.err.text.matchAll(/Listening on [^\n]*:(\d+)/g)].map(([, port]) => Number(port));
  return { program, ports, port: ports[0] ?? 0 };
}
