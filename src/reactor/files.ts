import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import {
  appendFile,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  unlink,
  writeFile,
} from "node:fs/promises";
import { dirname } from "node:path";
import type { Deferred } from "../core/deferred/deferred.ts";
import { fromAsync } from "../core/deferred/from-async.ts";
import type {
  CreateFileOptions,
  FileStatus,
  Files,
  FileWriter,
  LinkOptions,
  OpenFile,
  WriteFileOptions,
} from "../core/files.ts";
import { createFile, NEW_FILE_MODE, openFile, PERMISSIONS, statusOf } from "./open-file.ts";

/**
 * Files over node:fs. Cancelling `read` and `write` stops the work: an atomic write then leaves the old file, a plain one
 * whatever was written so far. The others are one call of the system each, which goes on; only its result is dropped.
 */
export const nodeFiles: Files = {
  read: (path: string): Deferred<Uint8Array> => fromAsync<Uint8Array>((signal) => readFile(path, { signal })),

  readText: (path: string): Deferred<string> => fromAsync((signal) => readFile(path, { encoding: "utf8", signal })),

  write: (path: string, data: Uint8Array | string, options: WriteFileOptions = {}): Deferred<void> =>
    fromAsync((signal) => {
      if (options.atomic === true) return writeAtomically(path, data, options.mode, signal);
      return writeFile(path, data, { signal, ...(options.mode !== undefined && { mode: options.mode }) });
    }),

  append: (path: string, data: Uint8Array | string): Deferred<void> => fromAsync(() => appendFile(path, data)),

  sync: (path: string): Deferred<void> =>
    fromAsync(async () => {
      await syncOne(path);
      // A link's target is what was synced; its name is in its own directory.
      await syncOne(dirname(await realpath(path)));
    }),

  open: (path: string, options: LinkOptions = {}): Deferred<OpenFile> => openFile(path, options),

  create: (path: string, options: CreateFileOptions = {}): Deferred<FileWriter> => createFile(path, options),

  stat: (path: string, options: LinkOptions = {}): Deferred<FileStatus> =>
    fromAsync(async () => statusOf(await (options.followLinks === false ? lstat(path) : stat(path)))),

  realPath: (path: string): Deferred<string> => fromAsync(() => realpath(path)),

  list: (path: string): Deferred<string[]> => fromAsync(async () => (await readdir(path)).sort()),

  rename: (from: string, to: string): Deferred<void> => fromAsync(() => rename(from, to)),

  remove: (path: string): Deferred<void> => fromAsync(() => rm(path, { recursive: true, force: true })),

  makeDirectory: (path: string): Deferred<void> =>
    fromAsync(async () => {
      await mkdir(path, { recursive: true });
    }),
};

/** After a crash at any point there is the old file or the new one, whole. */
async function writeAtomically(
  path: string,
  data: Uint8Array | string,
  mode: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  // A link stays a link: what it points at is replaced.
  const target = (await orUndefined(realpath(path))) ?? path;
  const former = await orUndefined(stat(target));
  const temporary = `${target}.${randomBytes(6).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", mode ?? (former === undefined ? NEW_FILE_MODE : OWNER_ONLY));
  try {
    await fill(file, data, mode === undefined ? former : undefined, signal);
    await rename(temporary, target);
  } catch (error) {
    await orUndefined(unlink(temporary));
    throw error;
  }
  // The new name is in the directory for good only once that is written too.
  await syncOne(dirname(target));
}

/** Writes, syncs and closes. A file that replaces another has that one's permissions before it has any bytes. */
async function fill(
  file: FileHandle,
  data: Uint8Array | string,
  former: Stats | undefined,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (former !== undefined) await file.chmod(former.mode & PERMISSIONS);
    await file.writeFile(data, { signal });
    await file.sync();
    signal.throwIfAborted();
  } finally {
    await file.close();
  }
}

/** A file, or a directory. */
async function syncOne(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What is not there is undefined; any other failure stays one. */
async function orUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

const OWNER_ONLY = 0o600;
