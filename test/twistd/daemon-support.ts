/** Daemons: started as people do, looked at by their pid, and gone when the test is over. */
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Afterwards } from "../interop/support/places.ts";
import { start } from "../interop/support/program.ts";
import { TWISTD } from "./support.ts";

export interface DaemonCommand {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `twistd --daemon` in a folder until the command returns. What it left running ends with the test. */
export async function daemon(t: Afterwards, folder: string, ...args: readonly string[]): Promise<DaemonCommand> {
  const command = start(t, process.execPath, [TWISTD, "--daemon", ...args], { cwd: folder });
  const { code } = await command.finished();
  return { code, out: command.out.text, err: command.err.text };
}

/** The process that a pidfile names; it ends with the test at the latest. */
export function pidIn(t: Afterwards, ...path: readonly string[]): number {
  const pid = Number(readFileSync(join(...path), "utf8"));
  t.after(() => end(pid, "SIGKILL"));
  return pid;
}

/** Sends a signal, and waits until the process is gone. */
export async function end(pid: number, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (isAlive(pid)) process.kill(pid, signal);
  await until(`process ${pid} is gone`, () => !isAlive(pid));
}

/** Not a zombie either: who inherits orphans may take its time. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return statFields(pid)[0] !== "Z";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH" || code === "ENOENT") return false;
    throw error;
  }
}

/** Waits for what nobody announces. */
export async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!(await check())) {
    if (performance.now() > limit) throw new Error(`It never came to that ${what}, in ${LIMIT_MS} ms`);
    await sleep(INTERVAL_MS);
  }
}

/** What is in a file; nothing if it is not there, as between the end of one log file and the beginning of the next. */
export function textIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** The port that a log says it listens on. */
export function portIn(log: string): number {
  const match = /Listening on 127\.0\.0\.1:(\d+)/.exec(readFileSync(log, "utf8"));
  if (match === null) throw new Error(`The log names no port: ${readFileSync(log, "utf8")}`);
  return Number(match[1]);
}

/** proc_pid_stat(5) from its third field on: state, parent, group, session, terminal. */
export function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** A line of /proc/PID/status. */
export function statusLine(pid: number, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "";
}

export function linkOf(pid: number, name: string): string {
  return readlinkSync(`/proc/${pid}/${name}`);
}

/** Against what hangs: a loaded machine may take its time. */
const LIMIT_MS = 60_000;
const INTERVAL_MS = 20;
