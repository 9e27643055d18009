import { close, constants, fstat, fsync, open, read, type Stats, write } from "node:fs";
import { Deferred } from "../core/deferred/deferred.ts";
import type { CreateFileOptions, FileStatus, FileWriter, LinkOptions, OpenFile } from "../core/files.ts";
import { type FileCalls, OpenedFile } from "../core/opened-file.ts";

/** `Files.open` over node:fs; by descriptors and callbacks, since node's own FileHandle takes twice the time for each call. */
export function openFile(path: string, options: LinkOptions): Deferred<OpenFile> {
  const flags = options.followLinks === false ? READ_FLAGS | constants.O_NOFOLLOW : READ_FLAGS;
  return opened(path, flags, undefined);
}

/** `Files.create` over node:fs. */
export function createFile(path: string, options: CreateFileOptions): Deferred<FileWriter> {
  const flags = options.exclusive === true ? constants.O_EXCL : constants.O_TRUNC;
  return opened(path, WRITE_FLAGS | flags, options.mode ?? NEW_FILE_MODE);
}

export function statusOf(stats: Stats): FileStatus {
  return {
    kind: stats.isFile() ? "file" : stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "link" : "other",
    size: stats.size,
    modifiedMs: stats.mtimeMs,
    mode: stats.mode & PERMISSIONS,
  };
}

function opened(path: string, flags: number, mode: number | undefined): Deferred<OpenedFile> {
  const file = new Deferred<OpenedFile>();
  open(path, flags, mode, (error, descriptor) => {
    if (error !== null) settle(file, error, undefined);
    else if (!file.called) file.callback(new OpenedFile(path, new NodeCalls(descriptor)));
    // Nobody waits for it any more, so nobody would close it.
    else close(descriptor, ignore);
  });
  return file;
}

class NodeCalls implements FileCalls {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  status(): Deferred<FileStatus> {
    const status = new Deferred<FileStatus>();
    fstat(this.#descriptor, (error, stats) => {
      if (error === null) status.callback(statusOf(stats));
      else status.errback(error);
    });
    return status;
  }

  read(offset: number, maxBytes: number): Deferred<Uint8Array> {
    const bytes = new Deferred<Uint8Array>();
    // No bytes of others are ever in it: what was not read is cut off, and the pool of small buffers is not asked.
    const buffer = Buffer.allocUnsafeSlow(maxBytes);
    read(this.#descriptor, buffer, 0, maxBytes, offset, (error, count) => {
      settle(bytes, error, count === maxBytes ? buffer : buffer.subarray(0, count));
    });
    return bytes;
  }

  append(data: Uint8Array): Deferred<void> {
    const appended = new Deferred<void>();
    const next = (at: number): void => {
      // The system may take less than all of it.
      write(this.#descriptor, data, at, data.length - at, null, (error, count) => {
        if (error !== null || at + count === data.length) settle(appended, error, undefined);
        else next(at + count);
      });
    };
    next(0);
    return appended;
  }

  sync(): Deferred<void> {
    const synced = new Deferred<void>();
    fsync(this.#descriptor, (error) => settle(synced, error, undefined));
    return synced;
  }

  close(): Deferred<void> {
    const closed = new Deferred<void>();
    close(this.#descriptor, (error) => settle(closed, error ?? null, undefined));
    return closed;
  }
}

function settle<T>(deferred: Deferred<T>, error: Error | null, value: T): void {
  if (deferred.called) return;
  if (error === null) deferred.callback(value);
  else deferred.errback(error);
}

function ignore(): void {}

/** Where there is nothing at the other end of a pipe, opening it would hold a thread for good. Windows knows neither of both. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const WRITE_FLAGS = constants.O_WRONLY | constants.O_CREAT;
export const PERMISSIONS = 0o7777;
export const NEW_FILE_MODE = 0o666;
