/**
 * A file that says which process a service is, and that makes sure there is only one.
 *
 * A number alone proves nothing: its process may have died, and the system gives numbers out again. So the holder keeps its
 * file open, which others see in /proc: a process that has this very file open is the one that wrote it, whatever the
 * clock says. Of one that has not (a program that does not do so wrote the file) or that lets nobody look, it counts
 * whether it was there before the file was.
 *
 * The file appears complete, by a link, so nobody reads half a number. What a dead process left is removed only by whoever
 * holds a second link named after that very file, so that of many starters none removes what another has just made.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";

/**
 * Another process holds the file, or what is there is no pidfile.
 *
 * @example
 * ```ts
 * import { PidFile, PidFileError } from "ropewalk/app";
 *
 * using file = new PidFile("/tmp/ropewalk-example-held.pid");
 * try {
 *   new PidFile(file.path);
 * } catch (error) {
 *   console.log(error instanceof PidFileError && error.pid !== undefined); // true
 * }
 * ```
 */
export class PidFileError extends Error {
  override readonly name: string = "PidFileError";
  /** The process that holds it, if it is one. */
  readonly pid: number | undefined;

  constructor(message: string, pid: number | undefined) {
    super(message);
    this.pid = pid;
  }
}

/**
 * Writes this process's number to a file, until it is disposed. A file that a dead process left is taken over. Of any
 * number of processes that try at once exactly one succeeds. Needs a file system with hard links.
 *
 * @example
 * ```ts
 * import { PidFile } from "ropewalk/app";
 *
 * using file = new PidFile("/tmp/ropewalk-example.pid");
 * console.log(file.path); // /tmp/ropewalk-example.pid
 * ```
 */
export class PidFile implements Disposable {
  readonly path: string;
  /** -1 once disposed. */
  #descriptor: number;

  /** @throws PidFileError if a live process holds it, or if what is there is no pidfile; Error of the system. */
  constructor(path: string) {
    this.path = path;
    const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
    // Never written through a link, nor to what somebody else put there; and no secret, whatever the umask is.
    this.#descriptor = openSync(draft, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, MODE);
    try {
      fchmodSync(this.#descriptor, MODE);
      writeSync(this.#descriptor, `${process.pid}\n`);
      take(path, draft);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    } finally {
      unlinkSync(draft);
    }
  }

  /**
   * Removes the file if it is still this one. Where the folder no longer lets it (root was given up), the file is emptied,
   * which says the same to the next starter, and `false` comes back.
   */
  remove(): boolean {
    if (this.#descriptor < 0) return true;
    const own = fstatSync(this.#descriptor);
    try {
      const found = statSync(this.path, { throwIfNoEntry: false });
      if (found?.ino === own.ino && found.dev === own.dev) unlinkSync(this.path);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EACCES" && code !== "EPERM" && code !== "EROFS") throw error;
      ftruncateSync(this.#descriptor);
      return false;
    } finally {
      closeSync(this.#descriptor);
      this.#descriptor = -1;
    }
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}

function take(path: string, draft: string): void {
  while (!linked(draft, path)) {
    const seen = look(path);
    if (seen === undefined) continue;
    if (isHeld(seen)) {
      const how = `stop it, or give another --pidfile; if process ${seen.pid} is something else, remove the file`;
      throw new PidFileError(`Cannot write pidfile "${path}": process ${seen.pid} holds it; ${how}`, seen.pid);
    }
    removeStale(path, draft, seen);
  }
}

/** What is in a pidfile, and which file that is. */
interface Seen {
  readonly path: string;
  /** Undefined in a file that is empty, as a crash of the machine may leave one. */
  readonly pid: number | undefined;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly writtenNs: bigint;
}

function look(path: string): Seen | undefined {
  const descriptor = openIfThere(path);
  if (descriptor === undefined) return undefined;
  try {
    const { dev, ino, mtimeNs, size } = fstatSync(descriptor, { bigint: true });
    const text = size > LONGEST ? "x" : readFileSync(descriptor, "latin1").replaceAll("\0", "").trim();
    if (text !== "" && !/^[1-9]\d{0,9}$/.test(text)) {
      throw new PidFileError(`Cannot write pidfile "${path}": what is there is no process id, so it stays`, undefined);
    }
    return { path, pid: text === "" ? undefined : Number(text), dev, ino, writtenNs: mtimeNs };
  } finally {
    closeSync(descriptor);
  }
}

function isHeld({ pid, dev, ino, writtenNs }: Seen): boolean {
  if (pid === undefined || !isAlive(pid)) return false;
  const files = openFilesOf(pid);
  if (files?.some((file) => file.dev === dev && file.ino === ino) === true) return true;
  // In a container each life of a service may have the same number: an old one, since this process does not hold it.
  if (pid === process.pid) return false;
  const startedMs = startedAtMs(pid);
  if (startedMs === undefined) return true;
  return startedMs <= Number(writtenNs / NS_IN_MS) + CLOCK_TICK_MS;
}

/** Removes exactly the file that was looked at: nobody else does while the claim to it exists. */
function removeStale(path: string, draft: string, seen: Seen): void {
  const claim = `${path}.${seen.ino}-${seen.writtenNs}.stale`;
  if (!linked(draft, claim)) {
    waitFor(claim);
    return;
  }
  try {
    const now = statSync(path, { throwIfNoEntry: false, bigint: true });
    if (now?.dev === seen.dev && now.ino === seen.ino && now.mtimeNs === seen.writtenNs) unlinkSync(path);
  } finally {
    unlinkSync(claim);
  }
}

/** Another starter is removing the stale file, which takes it no time; unless it died of it. */
function waitFor(claim: string): void {
  for (let left = CLAIM_LOOKS; left > 0; left -= 1) {
    const holder = look(claim)?.pid;
    if (holder === undefined) return;
    if (!isAlive(holder)) {
      throw new PidFileError(`Cannot take over a pidfile: process ${holder} died of it; remove "${claim}"`, undefined);
    }
    Atomics.wait(NEVER, 0, 0, CLAIM_LOOK_MS);
  }
  throw new PidFileError(`Cannot take over a pidfile: another process does not finish it; see "${claim}"`, undefined);
}

/** False if there is such a file. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "ELOOP") {
      throw new PidFileError(
        `Cannot write pidfile "${path}": what is there is a symbolic link, so it stays`,
        undefined,
      );
    }
    throw error;
  }
}

/** False of one that has ended and waits for its parent to notice, too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return statusFields(pid)?.[STATE] !== "Z";
}

interface OpenedFile {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Undefined where the system does not tell, or not us. */
function openFilesOf(pid: number): OpenedFile[] | undefined {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((name) => {
      // Closed by now, perhaps.
      const stats = statSync(`${folder}/${name}`, { throwIfNoEntry: false, bigint: true });
      return stats === undefined ? [] : [{ dev: stats.dev, ino: stats.ino }];
    });
  } catch {
    return undefined;
  }
}

/** Milliseconds since 1970; undefined where the system does not tell. */
function startedAtMs(pid: number): number | undefined {
  const ticks = Number(statusFields(pid)?.[START_TIME]);
  if (!Number.isFinite(ticks)) return undefined;
  const uptimeMs = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 1_000;
  return Date.now() - uptimeMs + ticks * CLOCK_TICK_MS;
}

/** proc_pid_stat(5), from its third field on: the second, a name in brackets, may contain anything. */
function statusFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    // Another system, or gone.
    return undefined;
  }
}

/** What operators' scripts read. */
const MODE = 0o644;
/** Bytes: a number has fewer. */
const LONGEST = 64;
const STATE = 0;
const START_TIME = 19;
/** USER_HZ has been 100 wherever Node runs. */
const CLOCK_TICK_MS = 10;
const NS_IN_MS = 1_000_000n;
const CLAIM_LOOKS = 2_000;
const CLAIM_LOOK_MS = 5;
const NEVER: Int32Array = new Int32Array(new SharedArrayBuffer(4));
