import type { Deferred } from "../core/deferred/deferred.ts";
import { maybeDeferred, succeed } from "../core/deferred/succeed.ts";
import { type FileNode, FileTree, type TreeNode } from "../core/file-tree.ts";
import type { CreateFileOptions, FileStatus, Files, FileWriter, OpenFile, WriteFileOptions } from "../core/files.ts";
import { OpenedFile } from "../core/opened-file.ts";
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
  #openFiles = 0;

  constructor(wallTimeMs: () => number) {
    this.#tree = new FileTree(wallTimeMs);
  }

  /** All paths that there are, sorted; directories end in a slash. */
  paths(): string[] {
    return this.#tree.paths();
  }

  /** How many were opened and not closed. */
  get openFiles(): number {
    return this.#openFiles;
  }

  read(path: string): Deferred<Uint8Array> {
    return maybeDeferred(() => this.#tree.read(path));
  }

  readText(path: string): Deferred<string> {
    return maybeDeferred(() => new TextDecoder().decode(this.#tree.read(path)));
  }

  write(path: string, data: Uint8Array | string, options: WriteFileOptions = {}): Deferred<void> {
    return maybeDeferred(() => {
      const { atomic = false, mode } = options;
      const file = atomic ? this.#tree.replace(path, mode) : this.#tree.open(path, mode);
      if (!atomic) this.#tree.truncate(file);
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

  open(path: string): Deferred<OpenFile> {
    return maybeDeferred(() => this.#opened(path, this.#tree.node(path, "open")));
  }

  create(path: string, options: CreateFileOptions = {}): Deferred<FileWriter> {
    return maybeDeferred(() => {
      const file = this.#tree.create(path, options);
      this.#tree.truncate(file);
      return this.#opened(path, file);
    });
  }

  /** There are no links. */
  stat(path: string): Deferred<FileStatus> {
    return maybeDeferred(() => this.#tree.status(path));
  }

  realPath(path: string): Deferred<string> {
    return maybeDeferred(() => this.#tree.realPath(path));
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

  #opened(path: string, node: TreeNode): OpenedFile {
    this.#openFiles += 1;
    const tree = this.#tree;
    return new OpenedFile(path, {
      status: () => succeed(tree.statusOf(node)),
      read: (offset, maxBytes) => maybeDeferred(() => tree.readPart(node, path, offset, maxBytes)),
      append: (data) => succeed(tree.append(node as FileNode, data)),
      sync: () => succeed(),
      close: () => {
        this.#openFiles -= 1;
        return succeed();
      },
    });
  }
}
