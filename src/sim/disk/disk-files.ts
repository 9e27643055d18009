import type { Deferred } from "../../core/deferred/deferred.ts";
import { fromAsync } from "../../core/deferred/from-async.ts";
import type { FileNode, TreeNode } from "../../core/file-tree.ts";
import type { CreateFileOptions, FileStatus, Files, FileWriter, OpenFile, WriteFileOptions } from "../../core/files.ts";
import { OpenedFile } from "../../core/opened-file.ts";
import { PORTABLE_TEXT } from "../../wire/text-portable.ts";
import { below } from "../random-source.ts";
import type { SimProcess } from "../sim-process.ts";
import type { Disk } from "./disk.ts";

/**
 * A host's disk as one of its processes sees it. As on a real system, what takes several calls can be interrupted between
 * them, and calls that are under way at the same time may be done in any order.
 */
export class DiskFiles implements Files {
  readonly #disk: Disk;
  readonly #owner: SimProcess;
  readonly #random: () => number;

  /** `random` names the files beside those that are written atomically. */
  constructor(disk: Disk, owner: SimProcess, random: () => number) {
    this.#disk = disk;
    this.#owner = owner;
    this.#random = random;
  }

  read(path: string): Deferred<Uint8Array> {
    return this.#call((disk) => disk.tree.read(path));
  }

  readText(path: string): Deferred<string> {
    return this.#call((disk) => new TextDecoder().decode(disk.tree.read(path)));
  }

  write(path: string, data: Uint8Array | string, options: WriteFileOptions = {}): Deferred<void> {
    const bytes = ownBytes(data);
    return fromAsync((signal) => {
      const { atomic = false, mode } = options;
      return atomic ? this.#writeAtomically(path, bytes, mode, signal) : this.#write(path, bytes, mode, signal);
    });
  }

  append(path: string, data: Uint8Array | string): Deferred<void> {
    const bytes = ownBytes(data);
    return this.#call((disk) => disk.append(disk.tree.open(path), bytes, path));
  }

  sync(path: string): Deferred<void> {
    return this.#slowCall((disk) => disk.sync(disk.tree.node(path, "open")));
  }

  open(path: string): Deferred<OpenFile> {
    return this.#call((disk) => disk.tree.node(path, "open")).addCallback((node) => this.#opened(path, node));
  }

  create(path: string, options: CreateFileOptions = {}): Deferred<FileWriter> {
    const created = this.#call((disk) => {
      const file = disk.tree.create(path, options);
      disk.truncate(file);
      return file;
    });
    return created.addCallback((file) => this.#opened(path, file));
  }

  /** There are no links. */
  stat(path: string): Deferred<FileStatus> {
    return this.#call((disk) => disk.tree.status(path));
  }

  realPath(path: string): Deferred<string> {
    return this.#call((disk) => disk.tree.realPath(path));
  }

  list(path: string): Deferred<string[]> {
    return this.#call((disk) => disk.tree.list(path));
  }

  rename(from: string, to: string): Deferred<void> {
    return this.#call((disk) => disk.tree.rename(from, to));
  }

  remove(path: string): Deferred<void> {
    return this.#call((disk) => disk.tree.remove(path));
  }

  makeDirectory(path: string): Deferred<void> {
    return this.#call((disk) => disk.makeDirectory(path));
  }

  async #write(path: string, data: Uint8Array, mode: number | undefined, signal: AbortSignal): Promise<void> {
    const file = await this.#call((disk) => {
      const opened = disk.tree.open(path, mode);
      disk.truncate(opened);
      return opened;
    });
    signal.throwIfAborted();
    await this.#call((disk) => disk.append(file, data, path));
  }

  async #writeAtomically(path: string, data: Uint8Array, mode: number | undefined, signal: AbortSignal): Promise<void> {
    const former = await this.#call((disk) => disk.tree.find(path, "open"));
    const temporary = `${path}.${below(this.#random, 2 ** 32).toString(16)}.tmp`;
    const file = await this.#call((disk) => disk.tree.open(temporary, mode ?? former?.mode));
    try {
      await this.#call((disk) => disk.append(file, data, temporary));
      await this.#slowCall((disk) => disk.sync(file));
      signal.throwIfAborted();
      await this.#call((disk) => disk.tree.rename(temporary, path));
    } catch (error) {
      await this.#call((disk) => disk.tree.remove(temporary));
      throw error;
    }
    await this.#slowCall((disk) => disk.sync(disk.tree.root));
  }

  #opened(path: string, node: TreeNode): OpenedFile {
    return new OpenedFile(path, {
      status: () => this.#call((disk) => disk.tree.statusOf(node)),
      read: (offset, maxBytes) => this.#call((disk) => disk.tree.readPart(node, path, offset, maxBytes)),
      append: (data) => this.#call((disk) => disk.append(node as FileNode, data, path)),
      sync: () => this.#slowCall((disk) => disk.sync(node)),
      close: () => this.#call(() => undefined),
    });
  }

  #call<T>(act: (disk: Disk) => T): Deferred<T> {
    return this.#disk.call(this.#owner, () => act(this.#disk));
  }

  #slowCall<T>(act: (disk: Disk) => T): Deferred<T> {
    return this.#disk.slowCall(this.#owner, () => act(this.#disk));
  }
}

/** What the caller changes later in its array is not written. */
function ownBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? PORTABLE_TEXT.encodeUtf8(data) : new Uint8Array(data);
}
