import {
  appendFileSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  writeFileSync,
} from "node:fs";

/**
 * The lines that were entered in all sessions of a manhole, the newest first. With a file they outlive the process: a line of
 * JSON each, since an entry may have several lines, in a file that is ours and that nobody else can read.
 */
export class History {
  readonly #path: string | undefined;
  #entries: string[] = [];

  /** @throws Error if the file cannot be opened, is no file, or belongs to somebody else. */
  constructor(path?: string) {
    this.#path = path;
    if (path !== undefined) this.#entries = readEntries(path).slice(-LONGEST).reverse();
  }

  /** A copy, the newest first. */
  get entries(): string[] {
    return [...this.#entries];
  }

  /** @throws the system's error if the file cannot be written; the entry is kept in memory all the same. */
  add(entry: string): void {
    if (this.#entries[0] === entry) return;
    this.#entries.unshift(entry);
    this.#entries.length = Math.min(this.#entries.length, LONGEST);
    if (this.#path === undefined) return;
    withFile(this.#path, O_WRONLY | O_APPEND, (file) => appendFileSync(file, `${JSON.stringify(entry)}\n`));
  }
}

/** What is no entry is passed over; a file that has grown to many times what is used is written anew. */
function readEntries(path: string): string[] {
  return withFile(path, O_RDWR, (file) => {
    const lines = readFileSync(file, "utf8").split("\n");
    const entries = lines.flatMap(entryOf);
    if (lines.length > LONGEST * 4) {
      const kept = entries.slice(-LONGEST).map((entry) => `${JSON.stringify(entry)}\n`);
      withFile(path, O_WRONLY | O_TRUNC, (emptied) => writeFileSync(emptied, kept.join("")));
    }
    return entries;
  });
}

function entryOf(line: string): string[] {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "string" ? [entry] : [];
  } catch {
    return [];
  }
}

/** Passwords get typed at prompts: the file is ours alone, and no link that somebody put in its way is followed. */
function withFile<T>(path: string, flags: number, use: (file: number) => T): T {
  const file = openSync(path, flags | O_CREAT | O_NOFOLLOW | O_NONBLOCK, OWNER_ONLY);
  try {
    const stat = fstatSync(file);
    const own = process.geteuid?.() ?? stat.uid;
    if (!stat.isFile()) throw new Error(`Cannot keep history in "${path}": it is no file`);
    if (stat.uid !== own) {
      throw new Error(
        `Cannot keep history in "${path}": it belongs to user ${stat.uid}, and this process is user ${own}`,
      );
    }
    if ((stat.mode & 0o077) !== 0) fchmodSync(file, OWNER_ONLY);
    return use(file);
  } finally {
    closeSync(file);
  }
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const OWNER_ONLY = 0o600;
/** As many as Node's own REPL keeps. */
const LONGEST = 1_000;
