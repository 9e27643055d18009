/** What the kernel says about a process, all its threads together. Linux only: it reads /proc. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

/**
 * CPU time in µs since the process began, user and system, with that of its children: a server that forks does its work in
 * them. Throws when the process is gone.
 */
export function cpuUs(pid: number): number {
  const running = childrenOf(pid).reduce((sum, child) => sum + childUs(child), 0);
  return ownCpuUs(pid) + endedChildrenUs(pid) + running;
}

function ownCpuUs(pid: number): number {
  let ns = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) ns += threadNs(`/proc/${pid}/task/${task}/schedstat`);
  if (ns > 0) return ns / 1_000;
  // A kernel without scheduler statistics: all threads included.
  return ticksUs(pid, 11);
}

/** Nothing for one that ended since it was listed: it is among the others the next time. */
function childUs(pid: number): number {
  try {
    return cpuUs(pid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

/** Of those that the process has seen the end of. */
function endedChildrenUs(pid: number): number {
  return ticksUs(pid, 13);
}

/** User and system time beside each other in /proc/PID/stat, in clock ticks of 10 ms. */
function ticksUs(pid: number, at: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[at]) + Number(fields[at + 1])) * 10_000;
}

/** Resident memory in bytes. */
export function rssBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (line === null) throw new Error(`Cannot read the memory of process ${pid}: it has ended`);
  return Number(line[1]) * 1_024;
}

/** Those that run now. Empty with a kernel that does not tell. */
function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, "utf8").split(" ").filter(Boolean).map(Number) : [];
}

function threadNs(path: string): number {
  try {
    return Number(readFileSync(path, "utf8").split(" ")[0]);
  } catch (error) {
    // The thread ended between the listing and the reading, or the kernel keeps no such file.
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ESRCH")
      return 0;
    throw error;
  }
}
