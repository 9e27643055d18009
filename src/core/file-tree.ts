import { GrowingBytes } from "../wire/growing-bytes.ts";
import type { CreateFileOptions, FileStatus } from "./files.ts";
import { systemError } from "./system-error.ts";

/**
 * Files and directories in memory: what stands behind the files of a reactor that has no disk. Each call is done when it
 * returns. Relative paths begin at the root; failures carry the codes that a system would give.
 */
export class FileTree {
  readonly root: DirectoryNode;
  readonly #wallTimeMs: () => number;
  readonly #named: (changes: readonly NameChange[]) => void;
  #usedBytes = 0;

  /** `named` is told of each step that gave a name to something, or took it: a rename does both at once. */
  constructor(wallTimeMs: () => number, named: (changes: readonly NameChange[]) => void = nothing) {
    this.#wallTimeMs = wallTimeMs;
    this.#named = named;
    this.root = new DirectoryNode(wallTimeMs());
  }

  /** What all files hold. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** All paths that there are, sorted; directories end in a slash. */
  paths(): string[] {
    const paths: string[] = [];
    walk(this.root, "", (path, node) => paths.push(node instanceof DirectoryNode ? `${path}/` : path));
    return paths.sort();
  }

  /** Every file that has a name. */
  files(): FileNode[] {
    const files: FileNode[] = [];
    walk(this.root, "", (_path, node) => {
      if (node instanceof FileNode) files.push(node);
    });
    return files;
  }

  /** Takes a step back that `named` was told of; all that came after it must be taken back already. */
  undo(changes: readonly NameChange[]): void {
    for (const { directory, name, before, after } of [...changes].reverse()) this.#set(directory, name, after, before);
  }

  /** Counts again, after contents were changed from outside. */
  recount(): void {
    this.#usedBytes = this.files().reduce((total, { size }) => total + size, 0);
  }

  /** What the path stands for; undefined if there is nothing. @throws ENOTDIR. */
  find(path: string, syscall: string = "stat"): TreeNode | undefined {
    let node: TreeNode | undefined = this.root;
    for (const part of partsOf(path)) {
      if (node === undefined) return undefined;
      if (node instanceof FileNode) throw systemError("ENOTDIR", syscall, path);
      node = node.entries.get(part);
    }
    return node;
  }

  /** What the path stands for. @throws ENOENT, ENOTDIR. */
  node(path: string, syscall: string): TreeNode {
    const node = this.find(path, syscall);
    if (node === undefined) throw systemError("ENOENT", syscall, path);
    return node;
  }

  /** A copy of what the file holds. @throws ENOENT, ENOTDIR, EISDIR. */
  read(path: string): Uint8Array {
    return this.readPart(this.node(path, "open"), path, 0, Number.POSITIVE_INFINITY);
  }

  /** A copy of some of it. @throws EISDIR. */
  readPart(node: TreeNode, path: string, offset: number, maxBytes: number): Uint8Array {
    if (node instanceof DirectoryNode) throw systemError("EISDIR", "read", path);
    return node.content.bytes.slice(Math.min(offset, node.size), Math.min(offset + maxBytes, node.size));
  }

  /** The file, emptied, or a new one. @throws ENOENT, ENOTDIR, EISDIR; EEXIST for what is there and must not be. */
  create(path: string, options: CreateFileOptions): FileNode {
    if (options.exclusive === true && this.find(path, "open") !== undefined) throw systemError("EEXIST", "open", path);
    return this.open(path, options.mode);
  }

  /** The file, to be written to; a new and empty one if there is none. @throws ENOENT, ENOTDIR, EISDIR. */
  open(path: string, mode: number = FILE_MODE): FileNode {
    const { directory, name } = this.#place(path, "open");
    const there = directory.entries.get(name);
    if (there instanceof DirectoryNode) throw systemError("EISDIR", "open", path);
    if (there !== undefined) return there;
    const made = new FileNode(mode, this.#wallTimeMs());
    this.#name([{ directory, name, before: undefined, after: made }]);
    return made;
  }

  /** A new and empty file in the place of the one that is there, whose permissions it has unless given others. @throws as `open`. */
  replace(path: string, mode: number | undefined): FileNode {
    const { directory, name } = this.#place(path, "open");
    const before = directory.entries.get(name);
    if (before instanceof DirectoryNode) throw systemError("EISDIR", "open", path);
    const after = new FileNode(mode ?? before?.mode ?? FILE_MODE, this.#wallTimeMs());
    this.#name([{ directory, name, before, after }]);
    return after;
  }

  /** Empties the file. What it held is left alone, for whoever still has it. */
  truncate(file: FileNode): void {
    if (file.isNamed) this.#usedBytes -= file.size;
    file.content = new GrowingBytes();
    file.modifiedMs = this.#wallTimeMs();
  }

  append(file: FileNode, data: Uint8Array): void {
    if (file.isNamed) this.#usedBytes += data.length;
    file.content.append(data, 0, data.length);
    file.modifiedMs = this.#wallTimeMs();
  }

  /** @throws ENOENT, ENOTDIR. */
  status(path: string): FileStatus {
    return this.statusOf(this.node(path, "stat"));
  }

  statusOf(node: TreeNode): FileStatus {
    const { mode, modifiedMs } = node;
    if (node instanceof FileNode) return { kind: "file", size: node.size, mode, modifiedMs };
    return { kind: "directory", size: 0, mode, modifiedMs };
  }

  /** The path from the root. @throws ENOENT, ENOTDIR. */
  realPath(path: string): string {
    this.node(path, "realpath");
    return `/${partsOf(path).join("/")}`;
  }

  /** The names in a directory, sorted. @throws ENOENT, ENOTDIR. */
  list(path: string): string[] {
    const node = this.node(path, "scandir");
    if (node instanceof FileNode) throw systemError("ENOTDIR", "scandir", path);
    return [...node.entries.keys()].sort();
  }

  /** @throws ENOENT, ENOTDIR, EISDIR, ENOTEMPTY, EINVAL for a directory that would be in itself. */
  rename(from: string, to: string): void {
    const moved = this.node(from, "rename");
    if (moved === this.find(to, "rename")) return;
    if (moved instanceof DirectoryNode && isInside(to, from)) throw systemError("EINVAL", "rename", to);
    const source = this.#place(from, "rename");
    const target = this.#place(to, "rename");
    const replaced = target.directory.entries.get(target.name);
    checkReplaceable(moved, replaced, to);
    this.#name([
      { ...source, before: moved, after: undefined },
      { ...target, before: replaced, after: moved },
    ]);
  }

  /** Removes a file, or a directory with all that is in it, one by one. @throws ENOTDIR. */
  remove(path: string): void {
    const node = this.find(path, "rm");
    if (node instanceof DirectoryNode) this.#empty(node);
    if (node !== undefined && node !== this.root) {
      this.#name([{ ...this.#place(path, "rm"), before: node, after: undefined }]);
    }
  }

  /** Makes the directory and its parents. @throws ENOTDIR, EEXIST for a file. */
  makeDirectory(path: string): void {
    const parts = partsOf(path);
    let directory = this.root;
    for (const [at, name] of parts.entries()) {
      let next = directory.entries.get(name);
      if (next instanceof FileNode) throw systemError(at === parts.length - 1 ? "EEXIST" : "ENOTDIR", "mkdir", path);
      if (next === undefined) {
        next = new DirectoryNode(this.#wallTimeMs());
        this.#name([{ directory, name, before: undefined, after: next }]);
      }
      directory = next;
    }
  }

  /** Where a name is, or would be. The root has none. */
  #place(path: string, syscall: string): Place {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) throw systemError(syscall === "open" ? "EISDIR" : "EINVAL", syscall, path);
    let directory: TreeNode | undefined = this.root;
    for (const part of parts) {
      directory = directory.entries.get(part);
      if (directory === undefined) throw systemError("ENOENT", syscall, path);
      if (directory instanceof FileNode) throw systemError("ENOTDIR", syscall, path);
    }
    return { directory, name };
  }

  #empty(directory: DirectoryNode): void {
    for (const [name, node] of [...directory.entries]) {
      if (node instanceof DirectoryNode) this.#empty(node);
      this.#name([{ directory, name, before: node, after: undefined }]);
    }
  }

  #name(changes: readonly NameChange[]): void {
    for (const { directory, name, before, after } of changes) this.#set(directory, name, before, after);
    this.#named(changes);
  }

  #set({ entries }: DirectoryNode, name: string, before: TreeNode | undefined, after: TreeNode | undefined): void {
    if (before instanceof FileNode) {
      before.isNamed = false;
      this.#usedBytes -= before.size;
    }
    if (after instanceof FileNode) {
      after.isNamed = true;
      this.#usedBytes += after.size;
    }
    if (after === undefined) entries.delete(name);
    else entries.set(name, after);
  }
}

export type TreeNode = FileNode | DirectoryNode;

export class FileNode {
  /** One that lost its name is written to by those who had opened it, and counts no more. */
  isNamed = false;
  content: GrowingBytes = new GrowingBytes();
  mode: number;
  modifiedMs: number;

  constructor(mode: number, modifiedMs: number) {
    this.mode = mode;
    this.modifiedMs = modifiedMs;
  }

  /** Bytes. */
  get size(): number {
    return this.content.length;
  }
}

export class DirectoryNode {
  readonly entries: Map<string, TreeNode> = new Map();
  readonly mode: number = DIRECTORY_MODE;
  readonly modifiedMs: number;

  constructor(modifiedMs: number) {
    this.modifiedMs = modifiedMs;
  }
}

/** A name in a directory stands for something else than before, or for nothing. */
export interface NameChange {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly before: TreeNode | undefined;
  readonly after: TreeNode | undefined;
}

interface Place {
  readonly directory: DirectoryNode;
  readonly name: string;
}

function walk(directory: DirectoryNode, path: string, visit: (path: string, node: TreeNode) => void): void {
  for (const [name, node] of directory.entries) {
    visit(`${path}/${name}`, node);
    if (node instanceof DirectoryNode) walk(node, `${path}/${name}`, visit);
  }
}

/** The names on the way from the root, without `.`, `..`, doubled slashes and one at the end. */
function partsOf(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

function isInside(path: string, directory: string): boolean {
  const [inner, outer] = [partsOf(path), partsOf(directory)];
  return inner.length > outer.length && outer.every((part, at) => part === inner[at]);
}

function checkReplaceable(moved: TreeNode, there: TreeNode | undefined, to: string): void {
  if (there === undefined) return;
  const isDirectory = there instanceof DirectoryNode;
  if (isDirectory && moved instanceof FileNode) throw systemError("EISDIR", "rename", to);
  if (!isDirectory && moved instanceof DirectoryNode) throw systemError("ENOTDIR", "rename", to);
  if (isDirectory && there.entries.size > 0) throw systemError("ENOTEMPTY", "rename", to);
}

function nothing(): void {}

/** What most systems leave of 0o666 and 0o777 under their usual umask. */
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
