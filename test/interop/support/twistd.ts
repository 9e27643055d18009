/** The command `twistd`, as its users start it. */
import { ROOT } from "../../../tools/tree.ts";
import type { Afterwards } from "./places.ts";
import { type Program, type ProgramOptions, start } from "./program.ts";

/** Starts `twistd -n …`, which logs to standard error. */
export function twistd(t: Afterwards, words: readonly string[], options: ProgramOptions = {}): Program {
  return start(t, process.execPath, [`${ROOT}bin/twistd.js`, "-n", ...words], options);
}

/** The same; settles when it serves, with the ports that it says it listens on. */
export async function serving(
  t: Afterwards,
  words: readonly string[],
  options: ProgramOptions = {},
): Promise<{ readonly program: Program; readonly ports: readonly number[]; readonly port: number }> {
  const program = twistd(t, words, options);
  await program.err.until(/Started /);
  const ports = [...program.err.text.matchAll(/Listening on [^\n]*:(\d+)/g)].map(([, port]) => Number(port));
  return { program, ports, port: ports[0] ?? 0 };
}

/** On a port of its own choice, where nobody else gets to. */
export const ANYWHERE = "tcp:0:interface=127.0.0.1";
