/**
 * A file that a log is written to for years. Each text is in the file when `write` returns: nothing waits in memory that a
 * crash would take, lines stay in order, and a rotation falls between two of them. That costs a system call for each event,
 * and a disk that hangs holds up the program; a log that must not do so goes to syslog.
 */
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  statSync,
  writeSync,
} from "node:fs";
import { archiveByDay, archiveByNumber, dayOf } from "./log-archives.ts";

/** How a log file is kept. */
export interface LogFileOptions {
  /** A new file begins before this one would have more bytes; default: never. A text that is longer has a file of its own. */
  readonly rotateBytes?: number | undefined;
  /** A new file begins with the first text of a new day (UTC, as the stamps in it are); default false. */
  readonly rotateDaily?: boolean | undefined;
  /** How many old files stay; default 10. */
  readonly keep?: number | undefined;
  /** Permission bits of files that are made, whatever the umask is; default 0o640. */
  readonly mode?: number | undefined;
  /** Is told in a sentence what is wrong, and when it is over; default: standard error. */
  readonly onTrouble?: ((words: string) => void) | undefined;
  /** What to write, once it is possible again, in place of so many texts that were lost; default: nothing. */
  readonly lossNote?: ((lost: number) => string) | undefined;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly wallTimeMs?: (() => number) | undefined;
}

/**
 * Appends to a file, and begins a new one by size, by day, or when it is told to (`reopen`). Trouble after the opening, a
 * full disk, a folder that went away, never throws: it is told to `onTrouble` once, and `lost` counts the texts that found
 * no place.
 *
 * @example
 * ```ts
 * import { LogFile } from "ropewalk/app";
 * import { addObserver, Logger, textObserver } from "ropewalk/log";
 *
 * using file = new LogFile("/tmp/ropewalk-example.log", { rotateBytes: 1_000_000, keep: 3 });
 * using observer = addObserver(textObserver((text) => file.write(text)));
 * new Logger("example").info("kept for the morning");
 * ```
 */
export class LogFile implements Disposable {
  readonly path: string;
  readonly #options: LogFileOptions;
  readonly #keep: number;
  readonly #mode: number;
  readonly #wallTimeMs: () => number;
  /** -1 once closed. */
  #descriptor: number;
  #isRegular = false;
  #size = 0;
  #day = "";
  /** Grows when a rotation failed, so that the next attempt is some writes away. */
  #rotateAtBytes: number;
  #checkedMs: number;
  /** Nobody will ever find what is written: the file was deleted, and none could be made in its place. */
  #isGone = false;
  /** The last text was cut off by what went wrong. */
  #isTorn = false;
  /** An opening failed: it is tried again by and by. */
  #wantsReopening = false;
  /** What cannot be done at the moment, and the system's word for why. */
  readonly #troubles: Map<string, string> = new Map();
  #lost = 0;
  /** Those of them that no note in the file tells of yet. */
  #unsaid = 0;

  /** @throws Error of the system if the file cannot be opened; RangeError for an option that makes no sense. */
  constructor(path: string, options: LogFileOptions = {}) {
    const { rotateBytes = Number.POSITIVE_INFINITY, keep = DEFAULT_KEEP } = options;
    if (!(rotateBytes > 0)) throw new RangeError(`rotateBytes must be more than 0, was ${rotateBytes}`);
    if (!(Number.isInteger(keep) && keep >= 0)) throw new RangeError(`keep must be 0 or more, was ${keep}`);
    this.path = path;
    this.#options = options;
    this.#keep = keep;
    this.#mode = options.mode ?? DEFAULT_MODE;
    this.#wallTimeMs = options.wallTimeMs ?? Date.now;
    this.#rotateAtBytes = rotateBytes;
    this.#checkedMs = this.#wallTimeMs();
    this.#descriptor = openForAppending(path, this.#mode);
    this.#look();
  }

  /** Texts that are in no file. */
  get lost(): number {
    return this.#lost;
  }

  /** Appends a text, which ends with a line feed. */
  write(text: string): void {
    if (this.#descriptor < 0) return;
    const nowMs = this.#wallTimeMs();
    if (this.#isRegular) this.#prepare(nowMs, text);
    if (this.#isGone) {
      this.#lose();
      return;
    }
    const note = this.#unsaid > 0 ? (this.#options.lossNote?.(this.#unsaid) ?? "") : "";
    this.#append(Buffer.from(`${this.#isTorn ? "\n" : ""}${note}${text}`));
  }

  /** Opens the path anew: the file that was moved away gets nothing more. If that fails, the former file stays in use. */
  reopen(): void {
    if (this.#descriptor < 0) return;
    try {
      const opened = openForAppending(this.path, this.#mode);
      this.#isTorn &&= isSameFile(this.path, this.#descriptor);
      closeSync(this.#descriptor);
      this.#descriptor = opened;
      this.#isGone = false;
      this.#wantsReopening = false;
      this.#look();
      this.#worksAgain("reopen");
    } catch (error) {
      this.#wantsReopening = true;
      this.#isGone = this.#isRegular && fstatSync(this.#descriptor).nlink === 0;
      this.#complain("reopen", error, this.#isGone ? "what is logged is lost" : "the former file stays in use");
    }
  }

  /** Makes the file a user's, who can then go on writing to it and reopen it after root is given up. */
  giveTo(uid: number, gid: number): void {
    if (this.#isRegular) fchownSync(this.#descriptor, uid, gid);
  }

  /** Closes the file; later texts are ignored. */
  [Symbol.dispose](): void {
    if (this.#descriptor < 0) return;
    closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  #prepare(nowMs: number, text: string): void {
    if (Math.abs(nowMs - this.#checkedMs) >= CHECK_INTERVAL_MS) {
      this.#checkedMs = nowMs;
      // A deleted file takes all that is written and shows it to nobody.
      if (this.#wantsReopening || fstatSync(this.#descriptor).nlink === 0) this.reopen();
    }
    if (this.#isGone) return;
    const today = this.#options.rotateDaily === true ? dayOf(nowMs) : "";
    if (this.#size === 0) this.#day = today;
    // A clock that was set back is no new day.
    else if (today > this.#day) this.#rotate(today);
    else if (this.#size + Buffer.byteLength(text) > this.#rotateAtBytes) this.#rotate(today);
  }

  #rotate(today: string): void {
    try {
      // What lies at the path may be another's by now: then it is not ours to move.
      if (isSameFile(this.path, this.#descriptor)) {
        if (this.#options.rotateDaily === true) archiveByDay(this.path, this.#day, this.#keep);
        else archiveByNumber(this.path, this.#keep);
      }
    } catch (error) {
      // Gone since the look at it: whoever moved it was faster.
      if (existsSync(this.path)) {
        this.#complain("rotate", error, "it goes on growing");
        this.#putOff(today);
        return;
      }
    }
    this.#worksAgain("rotate");
    this.reopen();
    if (this.#wantsReopening) this.#putOff(today);
    else this.#day = today;
  }

  #putOff(today: string): void {
    this.#day = today;
    this.#rotateAtBytes = this.#size + (this.#options.rotateBytes ?? Number.POSITIVE_INFINITY);
  }

  #append(bytes: Uint8Array): void {
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.#descriptor, bytes, at);
    } catch (error) {
      this.#size += at;
      this.#isTorn = at > 0 || this.#isTorn;
      this.#lose();
      this.#complain("write to", error, "what is logged is lost");
      return;
    }
    this.#size += at;
    this.#isTorn = false;
    if (this.#troubles.size > 0) this.#worksAgain("write to");
    this.#unsaid = 0;
  }

  #lose(): void {
    this.#lost += 1;
    this.#unsaid += 1;
  }

  #look(): void {
    const stats = fstatSync(this.#descriptor);
    this.#isRegular = stats.isFile();
    this.#size = stats.size;
    this.#day = this.#options.rotateDaily === true ? dayOf(stats.mtimeMs) : "";
    this.#rotateAtBytes = this.#options.rotateBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Once for each kind of trouble: a full disk would be told about with each event. */
  #complain(doing: string, error: unknown, consequence: string): void {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code ?? message;
    if (this.#troubles.get(doing) === why) return;
    this.#troubles.set(doing, why);
    this.#tell(`Cannot ${doing} log file "${this.path}": ${message}; ${consequence}`);
  }

  #worksAgain(doing: string): void {
    if (!this.#troubles.delete(doing)) return;
    const lost = this.#unsaid > 0 ? `; ${this.#unsaid} entries were lost` : "";
    this.#tell(`Log file "${this.path}" is well again${lost}`);
  }

  #tell(words: string): void {
    (this.#options.onTrouble ?? tellOnStandardError)(words);
  }
}

/** Standard error as the system knows it: a program may have led Node's own one into the log, which is what fails here. */
export function tellOnStandardError(words: string): void {
  try {
    writeSync(STANDARD_ERROR, `${words}\n`);
  } catch {
    // It is closed, or its reader is gone. There is nowhere left to say so.
  }
}

/** Root follows no link that another user may have put in the log's place; and no terminal becomes the process's own. */
export function openForAppending(path: string, mode: number = DEFAULT_MODE): number {
  const following = process.geteuid?.() === 0 && !path.startsWith("/dev/") ? constants.O_NOFOLLOW : 0;
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOCTTY | following;
  try {
    const descriptor = openSync(path, flags | constants.O_CREAT | constants.O_EXCL, mode);
    // The umask has taken from it what it says about files without a mode of their own.
    fchmodSync(descriptor, mode);
    return descriptor;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return openSync(path, flags | constants.O_CREAT, mode);
  }
}

function isSameFile(path: string, descriptor: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  const own = fstatSync(descriptor);
  return found !== undefined && found.ino === own.ino && found.dev === own.dev;
}

const DEFAULT_KEEP = 10;
/** The group, which logs are often given to, reads; others do not: logs hold addresses and names. */
const DEFAULT_MODE = 0o640;
/** How long a deleted log may go unnoticed. */
const CHECK_INTERVAL_MS = 1_000;
const STANDARD_ERROR = 2;
