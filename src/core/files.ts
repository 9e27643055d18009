import type { Deferred } from "./deferred/deferred.ts";

/** Whole files and directories, as Deferreds. Failures are the system's own errors, with `code` (`ENOENT`, …). */
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
  /** What the system knows of a path. */
  stat(path: string): Deferred<FileStatus>;
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

/** What the system knows of a file or directory; of what a link points at, not of the link. */
export interface FileStatus {
  readonly kind: "file" | "directory" | "other";
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Permission bits. */
  readonly mode: number;
}
