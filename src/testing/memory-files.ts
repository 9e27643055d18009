import type { Deferred } from "../core/deferred/deferred.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import { FileTree } from "../core/file-tree.ts";
import type { FileStatus, Files, WriteFileOptions } from "../core/files.ts";
import { plainBytes } from "./bytes.ts";

/**
 * Files and directories in memory. Relative paths begin at the root; failures carry the codes that a system would give.
 *
 * @example
 * ```ts
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const { files } = new MemoryReactor();
 * await files.makeDirectory("/etc");
 * await files.write("/etc/motd", "hello");
 * console.log(files.paths()); // [ '/etc/', '/etc/motd' ]
 * ```
 */
export class MemoryFiles implements Files {
  readonly #tree: FileTree;

  constructor(wallTimeMs: () => number) {
    this.#tree = new FileTree(wallTimeMs);
  }

  /** All paths that there are, sorted; directories end in a slash. */
  paths(): string[] {
    return this.#tree.paths();
  }

  read(path: string): Deferred<Uint8Array> {
    return maybeDeferred(() => this.#tree.read(path));
  }

  readText(path: string): Deferred<string> {
    return maybeDeferred(() => new TextDecoder().decode(this.#tree.read(path)));
  }

  write(path: string, data: Uint8Array | string, options: WriteFileOptions = {}): Deferred<void> {
    return maybeDeferred(() => {
      const file = this.#tree.open(path, options.mode);
      // An atomic write makes a new file, which has the permissions of the old one only if it is given none.
      if (options.atomic === true) file.mode = options.mode ?? file.mode;
      this.#tree.truncate(file);
      this.#tree.append(file, plainBytes(data));
    });
  }

  append(path: string, data: Uint8Array | string): Deferred<void> {
    return maybeDeferred(() => this.#tree.append(this.#tree.open(path), plainBytes(data)));
  }

  /** Nothing is ever lost: only a path that is not there fails. */
  sync(path: string): Deferred<void> {
    return maybeDeferred(() => void this.#tree.node(path, "open"));
  }

  stat(path: string): Deferred<FileStatus> {
    return maybeDeferred(() => this.#tree.status(path));
  }

  list(path: string): Deferred<string[]> {
    return maybeDeferred(() => this.#tree.list(path));
  }

  rename(from: string, to: string): Deferred<void> {
    return maybeDeferred(() => this.#tree.rename(from, to));
  }

  remove(path: string): Deferred<void> {
    return maybeDeferred(() => this.#tree.remove(path));
  }

  makeDirectory(path: string): Deferred<void> {
    return maybeDeferred(() => this.#tree.makeDirectory(path));
  }
}
