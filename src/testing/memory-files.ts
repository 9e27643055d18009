import type { Deferred } from "../core/deferred/deferred.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import type { FileStatus, Files, WriteFileOptions } from "../core/files.ts";
import { systemError } from "../core/system-error.ts";
import { joinBytes } from "../wire/join-bytes.ts";
import { plainBytes } from "./bytes.ts";

/**
 * Files and directories in a map. Relative paths begin at the root; failures carry the codes that a system would give.
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
  readonly #entries = new Map<string, Entry>();
  readonly #wallTimeMs: () => number;

  constructor(wallTimeMs: () => number) {
    this.#wallTimeMs = wallTimeMs;
    this.#addDirectory("/");
  }

  /** All paths that there are, sorted; directories end in a slash. */
  paths(): string[] {
    return [...this.#entries]
      .filter(([path]) => path !== "/")
      .map(([path, { data }]) => (data === undefined ? `${path}/` : path))
      .sort();
  }

  read(path: string): Deferred<Uint8Array> {
    return maybeDeferred(() => new Uint8Array(this.#file(path, "open")));
  }

  readText(path: string): Deferred<string> {
    return maybeDeferred(() => new TextDecoder().decode(this.#file(path, "open")));
  }

  write(path: string, data: Uint8Array | string, options: WriteFileOptions = {}): Deferred<void> {
    return maybeDeferred(() => {
      // An atomic write makes a new file, which has the permissions of the old one only if it is given none.
      const former = options.atomic === true ? undefined : this.#entries.get(normalise(path))?.mode;
      this.#store(path, plainBytes(data), former ?? options.mode);
    });
  }

  append(path: string, data: Uint8Array | string): Deferred<void> {
    return maybeDeferred(() => {
      const isThere = this.#entries.has(normalise(path));
      const before = isThere ? [this.#file(path, "open")] : [];
      this.#store(path, joinBytes([...before, plainBytes(data)]), undefined);
    });
  }

  stat(path: string): Deferred<FileStatus> {
    return maybeDeferred((): FileStatus => {
      const { data, mode, modifiedMs } = this.#entry(path, "stat");
      return { kind: data === undefined ? "directory" : "file", size: data?.length ?? 0, mode, modifiedMs };
    });
  }

  list(path: string): Deferred<string[]> {
    return maybeDeferred(() => {
      if (this.#entry(path, "scandir").data !== undefined) throw systemError("ENOTDIR", "scandir", path);
      const prefix = prefixOf(normalise(path));
      return this.#inside(prefix)
        .map((inner) => inner.slice(prefix.length))
        .filter((name) => !name.includes("/"))
        .sort();
    });
  }

  rename(from: string, to: string): Deferred<void> {
    return maybeDeferred(() => {
      const moved = this.#entry(from, "rename");
      const [source, target] = [normalise(from), normalise(to)];
      if (source === target) return;
      this.#parent(target, "rename");
      this.#checkReplaceable(moved, target, to);
      for (const inner of [source, ...this.#inside(prefixOf(source))]) {
        const entry = this.#entries.get(inner) as Entry;
        this.#entries.delete(inner);
        this.#entries.set(target + inner.slice(source.length), entry);
      }
    });
  }

  remove(path: string): Deferred<void> {
    return maybeDeferred(() => {
      const whole = normalise(path);
      for (const inner of [whole, ...this.#inside(prefixOf(whole))]) if (inner !== "/") this.#entries.delete(inner);
    });
  }

  makeDirectory(path: string): Deferred<void> {
    return maybeDeferred(() => {
      let made = "";
      for (const part of normalise(path).split("/").slice(1)) {
        made += `/${part}`;
        const there = this.#entries.get(made);
        if (there === undefined) this.#addDirectory(made);
        else if (there.data !== undefined) {
          throw systemError(made === normalise(path) ? "EEXIST" : "ENOTDIR", "mkdir", path);
        }
      }
    });
  }

  #store(path: string, data: Uint8Array, mode: number | undefined): void {
    const whole = normalise(path);
    const former = this.#entries.get(whole);
    if (former !== undefined && former.data === undefined) throw systemError("EISDIR", "open", path);
    this.#parent(whole, "open");
    this.#entries.set(whole, { data, mode: mode ?? former?.mode ?? FILE_MODE, modifiedMs: this.#wallTimeMs() });
  }

  #file(path: string, syscall: string): Uint8Array {
    const { data } = this.#entry(path, syscall);
    if (data === undefined) throw systemError("EISDIR", "read", path);
    return data;
  }

  #entry(path: string, syscall: string): Entry {
    const entry = this.#entries.get(normalise(path));
    if (entry === undefined) throw systemError("ENOENT", syscall, path);
    return entry;
  }

  #parent(whole: string, syscall: string): void {
    const parent = whole.slice(0, whole.lastIndexOf("/")) || "/";
    if (this.#entry(parent, syscall).data !== undefined) throw systemError("ENOTDIR", syscall, whole);
  }

  #checkReplaceable(moved: Entry, target: string, to: string): void {
    const there = this.#entries.get(target);
    if (there === undefined) return;
    if (there.data === undefined && moved.data !== undefined) throw systemError("EISDIR", "rename", to);
    if (there.data !== undefined && moved.data === undefined) throw systemError("ENOTDIR", "rename", to);
    if (this.#inside(prefixOf(target)).length > 0) throw systemError("ENOTEMPTY", "rename", to);
  }

  #addDirectory(path: string): void {
    this.#entries.set(path, { data: undefined, mode: DIRECTORY_MODE, modifiedMs: this.#wallTimeMs() });
  }

  #inside(prefix: string): string[] {
    return [...this.#entries.keys()].filter((path) => path.startsWith(prefix) && path !== prefix);
  }
}

interface Entry {
  /** Undefined for a directory. */
  readonly data: Uint8Array | undefined;
  readonly mode: number;
  readonly modifiedMs: number;
}

/** Absolute, without `.`, `..`, doubled slashes and one at the end. */
function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function prefixOf(whole: string): string {
  return whole === "/" ? "/" : `${whole}/`;
}

/** What most systems leave of 0o666 and 0o777 under their usual umask. */
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
