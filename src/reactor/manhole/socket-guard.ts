/*
 * Who may come in. Nothing in pure Node tells which user is at the other end of a UNIX socket, so the file system is the
 * guard: the socket has mode 0600 from its first moment on (listenUnix sees to that), and stands where nobody else can put
 * another in its place.
 */
import { lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The path without `.`, `..` and links in its folder. @throws Error unless a manhole may be opened there. */
export function checkManholePath(path: string): string {
  const refuse = (why: string): never => {
    throw new Error(`Cannot open a manhole at "${path}": ${why}`);
  };
  if (path === "") refuse("the path is empty");
  if (path.startsWith("\0")) refuse("an abstract name has no mode that could keep others out; want the path of a file");
  if (/^[a-z][a-z0-9+-]*:/i.test(path)) refuse("want the path of a socket; a manhole is not opened to a network");
  const folder = folderOf(path) ?? refuse(`there is no folder "${dirname(path)}"`);
  const own = process.geteuid?.() ?? 0;
  const { uid, mode } = statSync(folder);
  if (uid !== own && uid !== ROOT) refuse(`its folder belongs to user ${uid}, who could put another socket there`);
  if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0) {
    refuse(`its folder has mode ${octal(mode)}: others could put another socket there; want 0700`);
  }
  const socket = join(folder, basename(path));
  const there = statOf(socket);
  if (there !== undefined && there.uid !== own)
    refuse(`it belongs to user ${there.uid}, and this process is user ${own}`);
  return socket;
}

/**
 * What speaks against typing into a manhole: who listens there sees the keys, and writes to the terminal. Undefined if it is
 * ours; `own` is our user's number.
 */
export function whyNotToEnter(path: string, own: number): string | undefined {
  const stat = statOf(path, statSync);
  if (stat === undefined) return "there is no such file";
  if (!stat.isSocket()) return "it is no socket";
  if (stat.uid === own) return undefined;
  const as = own === ROOT ? `; become that user first, as with "setpriv --reuid=${stat.uid} --clear-groups"` : "";
  return `it belongs to user ${stat.uid}, and you are user ${own}${as}`;
}

function folderOf(path: string): string | undefined {
  try {
    return realpathSync(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function statOf(
  path: string,
  stat: (path: string, options: { throwIfNoEntry: false }) => Stats | undefined = lstatSync,
): Stats | undefined {
  return stat(path, { throwIfNoEntry: false });
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

const ROOT = 0;
const OTHERS_WRITE = 0o022;
/** Of /tmp: who owns a file there is the only one who can move it. */
const STICKY = 0o1000;
