/** Programs of examples/, run as their users run them. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { ROOT } from "../../tools/tree.ts";
import type { Afterwards } from "../interop/support/places.ts";
import { type Program, start } from "../interop/support/program.ts";
import { Transcript } from "../interop/support/transcript.ts";

/** Starts a program of examples/, by its path without the ending. */
export function run(t: Afterwards, name: string, ...args: string[]): Program {
  return start(t, process.execPath, [`${ROOT}build/examples/${name}.js`, ...args]);
}

/** The port of 127.0.0.1 on which it says that it listens. */
export async function portOf(program: Program): Promise<string> {
  const [, port = ""] = await program.out.until(/Listening on 127\.0\.0\.1:(\d+)/);
  return port;
}

/** Ctrl-C, on which a server ends with status 0. */
export async function interrupt(program: Program): Promise<void> {
  program.kill("SIGINT");
  assert.deepEqual(await program.finished(), { code: 0, signal: null });
}

/** Waits for these words; then nobody listens to the socket any more. */
export async function said(t: Afterwards, socket: Socket, words: string): Promise<void> {
  t.after(() => socket.destroy());
  const heard = new Transcript("the server");
  const listen = (data: Buffer): void => heard.add(data.toString("latin1"));
  const fail = (error: Error): void => heard.end(String(error));
  socket.on("data", listen).on("error", fail);
  await heard.until(words);
  socket.off("data", listen).off("error", fail);
}
