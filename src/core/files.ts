import type { Deferred } from "./deferred/deferred.ts";

/** Files and directories, as Deferreds. Failures are the system's own errors, with `code` (`ENOENT`, …). */
export interface Files {
  /** All of a file. */
  read(path: string): Deferred<Uint8Array>;
  /** All of a file as UTF-8; what is malformed becomes U+FFFD. */
  readText(path: string): Deferred<string>;
  /** Replaces the file, or makes it; a string goes as UTF-8. `atomic` writes beside it, syncs and renames, so that readers see the old or the new one, whole. */
  write(path: string, data: Uint8Array | string, options?: WriteFileOptions): Deferred<void>;
  /** Adds to the end of the file, or makes it. */
  append(path: string, data: Uint8Array | string): Deferred<void>;
  /**
   * Fires when the file, with its name, is on the disk, and outlives a power failure; for a directory, the names in it and its
   * own. What was written and not synced may be there after one, or not, or in part.
   */
  sync(path: string): Deferred<void>;
  /** Opens a file to be read in parts, or a directory for its `status`. Whoever has it closes it. Never waits for the other end of a pipe. */
  open(path: string, options?: LinkOptions): Deferred<OpenFile>;
  /** Makes a file to be written bit by bit, or empties the one that is there. Whoever has it closes it. */
  create(path: string, options?: CreateFileOptions): Deferred<FileWriter>;
  /** What the system knows of a path. */
  stat(path: string, options?: LinkOptions): Deferred<FileStatus>;
  /** The path from the root, without `.`, `..` and links. */
  realPath(path: string): Deferred<string>;
  /** The names in a directory, sorted. */
  list(path: string): Deferred<string[]>;
  /** Moves a file or directory within a file system; a file at `to` is replaced. */
  rename(from: string, to: string): Deferred<void>;
  /** Removes a file, or a directory with all that is in it. What is not there is no error. */
  remove(path: string): Deferred<void>;
  /** Makes the directory and its parents. One that is there is no error. */
  makeDirectory(path: string): Deferred<void>;
}

/** How a file is written. */
export interface WriteFileOptions {
  /** Writes beside the file, syncs and renames: after a crash there is the old file or the new one, whole. Default false. */
  readonly atomic?: boolean | undefined;
  /**
   * Permission bits of a new file, less the umask; default 0o666. A file that is there keeps its own, unless `atomic` puts a
   * new one in its place: a secret should be written so.
   */
  readonly mode?: number | undefined;
}

/** How a file is made. */
export interface CreateFileOptions {
  /** Fails with EEXIST if there is something of that name, be it a link that leads nowhere. Default false. */
  readonly exclusive?: boolean | undefined;
  /** Permission bits of a new file, less the umask; default 0o666. A file that is there keeps its own. */
  readonly mode?: number | undefined;
}

/** What is done about a link at the end of a path. Those on the way are always followed. */
export interface LinkOptions {
  /** Default true. With false, `stat` tells of the link itself, and `open` fails with ELOOP. */
  readonly followLinks?: boolean | undefined;
}

/** What the system knows of a file or directory. */
export interface FileStatus {
  /** "link" comes only where links are not followed; "other" is a device, a pipe or a socket. */
  readonly kind: "file" | "directory" | "link" | "other";
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, with a fraction where the system keeps one. */
  readonly modifiedMs: number;
  /** Permission bits. */
  readonly mode: number;
}

/** What open files have in common. Calls after `close` fail with EBADF. To cancel a call is to drop its result: it goes on. */
interface Opened extends AsyncDisposable {
  readonly path: string;
  /** What the system knows of it now, whatever its name stands for meanwhile. */
  status(): Deferred<FileStatus>;
  /** Gives it back to the system, once what was called before is done. Again is no error. */
  close(): Deferred<void>;
}

/**
 * A file that is open for reading. It costs a descriptor until it is closed.
 *
 * @example
 * ```ts
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const { files } = new MemoryReactor();
 * await files.write("/log", "one two three");
 * await using log = await files.open("/log");
 * console.log(new TextDecoder().decode(await log.read(4, 3)), (await log.status()).size); // two 13
 * ```
 */
export interface OpenFile extends Opened {
  /**
   * Bytes from `offset` on, up to so many of them, as an array of its own: fewer where the file ends, none behind it.
   *
   * @throws RangeError, at once, unless `offset` is zero or more and `maxBytes` more than zero, both whole.
   */
  read(offset: number, maxBytes: number): Deferred<Uint8Array>;
}

/**
 * A file that is open to be written from its beginning to its end. It costs a descriptor until it is closed.
 *
 * @example
 * ```ts
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const { files } = new MemoryReactor();
 * {
 *   await using upload = await files.create("/upload", { exclusive: true });
 *   for (const part of ["one ", "two"]) await upload.write(part);
 * }
 * console.log(await files.readText("/upload")); // one two
 * ```
 */
export interface FileWriter extends Opened {
  /**
   * Adds to the end, in the order of the calls; a string goes as UTF-8. Fires when the system has it: who waits for that
   * before the next call holds one part in memory. Bytes must not change until then. When one write has failed, all later
   * ones do, with its error: what is in the file is always a first part of what was written.
   */
  write(data: Uint8Array | string): Deferred<void>;
  /** Fires when all that was written before outlives a power failure. Its name in the directory does so after `files.sync`. */
  sync(): Deferred<void>;
}
