/** Starts the programs of this folder, and sees to it that none is left. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Started {
  readonly child: ChildProcess;
  /** The first line that it printed, as a number. */
  readonly port: number;
}

/** Starts a program that prints its port; `shell` is what a shell does first, such as `ulimit -n 64`. */
export async function startServer(args: readonly string[] = [], shell = ":"): Promise<Started> {
  const program = fileURLToPath(new URL("./programs/echo-server.js", import.meta.url));
  const command = [`${shell}; exec "$0" "$@"`, process.execPath, program, ...args];
  const child = spawn("sh", ["-c", ...command], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, port: Number(line) };
}

/** Ends it and gives its status: the exit code or the signal. */
export async function stop({ child }: Started, signal: NodeJS.Signals): Promise<unknown> {
  const ended = child.exitCode !== null ? Promise.resolve([child.exitCode, null]) : once(child, "exit");
  child.kill(signal);
  const [code, by] = await ended;
  return code ?? by;
}
