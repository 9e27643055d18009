import { readlinkSync, realpathSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ListenError } from "../core/errors.ts";

/**
 * Holds `path.lock` until the returned function is called; what a dead process left is taken over. The lock is a link
 * whose target is our process id: made and filled in one call of the system, so nobody ever reads half a lock, and no
 * file that somebody else put in its way is written to.
 *
 * @throws ListenError if a live process holds it, or this one for another port.
 */
export function lockUnixPath(path: string): () => void {
  // One spelling only, for `held`.
  const file = join(realpathSync(dirname(path)), `${basename(path)}.lock`);
  const own = String(process.pid);
  while (!linked(own, file)) {
    const holder = targetOf(file);
    if (holder === undefined) continue;
    if (isHeld(file, holder)) {
      throw new ListenError({ kind: "unix", path }, `process ${holder} holds ${file}`, { code: "EADDRINUSE" });
    }
    removeStale(file, holder);
  }
  held.add(file);
  return () => {
    held.delete(file);
    if (targetOf(file) === own) unlinkSync(file);
  };
}

/** False if there is such a file. */
function linked(target: string, file: string): boolean {
  try {
    symlinkSync(target, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function targetOf(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isHeld(file: string, holder: string): boolean {
  // In a container every life of a service may have the same number: a lock of ours that we do not hold is an old one.
  if (holder === String(process.pid)) return held.has(file);
  return /^[1-9]\d*$/.test(holder) && isAlive(Number(holder));
}

/**
 * Two processes may find the same dead one's lock, and the slower must not remove what the faster has made since. So the
 * link is taken aside first, where nobody else touches it, and put back if it is another one than was looked at.
 */
function removeStale(file: string, holder: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const taken = targetOf(aside);
  if (taken !== undefined && taken !== holder) linked(taken, file);
  unlinkSync(aside);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The locks of this process. */
const held: Set<string> = new Set();
