import { spawn } from "node:child_process";
import { once } from "node:events";
import { DONE, FAILED } from "../exit-status.ts";

/** Runs each file in a process that waits for a debugger, one after the other. */
export async function debugFiles(files: readonly string[], names: readonly string[]): Promise<number> {
  const patterns = names.map((name) => `--test-name-pattern=${name}`);
  let result = DONE;
  for (const file of files) {
    const status = await spawnNode(["--inspect-brk", "--test-reporter=spec", ...patterns, file]);
    if (status !== DONE) result = FAILED;
  }
  return result;
}

/** Runs this very command with an option of Node's that a process cannot give itself. */
export function withCoverage(option: string): Promise<number> {
  return spawnNode([option, ...process.argv.slice(1)]);
}

/** A signal that would end this process ends that one first. */
async function spawnNode(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, pass);
  const [status] = (await once(child, "close")) as [number | null];
  for (const signal of SIGNALS) process.off(signal, pass);
  return status ?? FAILED;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
