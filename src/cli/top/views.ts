/** Which live views of this user are open: a file for each, that `ropewalk top` finds by process. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Logger } from "../../core/log/logger.ts";

/** A live view that somebody could look at. */
export interface NotedView {
  readonly pid: number;
  readonly name: string;
  readonly url: string;
  readonly token: string;
}

/** Notes a view until the returned value is disposed. If that cannot be done, it is logged: the link still works. */
export function noteView(view: NotedView, folder: string = viewFolder()): Disposable {
  const file = join(folder, `${view.pid}.json`);
  try {
    mkdirSync(folder, { mode: 0o700, recursive: true });
    checkOurs(folder);
    rmSync(file, { force: true });
    writeFileSync(file, JSON.stringify(view), { mode: 0o600, flag: "wx" });
  } catch (error) {
    log.warn("Cannot note the live view for ropewalk top: {reason}", { reason: (error as Error).message });
    return { [Symbol.dispose]: () => undefined };
  }
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

/** The views of processes that live. Notes of others are taken away. */
export function notedViews(folder: string = viewFolder()): NotedView[] {
  let files: string[];
  try {
    checkOurs(folder);
    files = readdirSync(folder).filter((name) => /^\d+\.json$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return files.flatMap((name) => {
    const file = join(folder, name);
    if (isAlive(Number.parseInt(name, 10))) return readNote(file) ?? [];
    rmSync(file, { force: true });
    return [];
  });
}

/** A folder that only this user can read: the notes have tokens in them. */
function viewFolder(): string {
  const own = process.env["XDG_RUNTIME_DIR"];
  const user = process.getuid?.() ?? "user";
  return own ? join(own, "ropewalk") : join(tmpdir(), `ropewalk-${user}`);
}

/** In a folder for everybody, somebody else may have made it first. @throws Error */
function checkOurs(folder: string): void {
  const found = lstatSync(folder);
  const user = process.getuid?.();
  const isOurs = found.isDirectory() && (user === undefined || (found.uid === user && (found.mode & 0o077) === 0));
  if (!isOurs) throw new Error(`"${folder}" is not a folder that only this user may open`);
}

function readNote(file: string): NotedView | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as NotedView;
  } catch {
    // It went away meanwhile, or is being written.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

const log: Logger = new Logger("ropewalk.inspect");
