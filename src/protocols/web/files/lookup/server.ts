/** Opens what names stand for under a folder, and nothing that is elsewhere. */
import type { FileStatus, OpenFile } from "../../../../core/files.ts";
import type { Reactor } from "../../../../core/reactor.ts";
import { HttpError } from "../../message/http-error.ts";

/** A file or a folder that is open, and is what was asked for. */
export interface Found {
  readonly file: OpenFile;
  readonly status: FileStatus;
}

/** What was at a path when it was opened; without a status, nothing. */
export interface Sight extends Place {
  readonly status: FileStatus | undefined;
}

/** All that was seen on the way to a file, by who wants to know later whether it is so still; undefined where that is unsure. */
export type Trail = (Sight | undefined)[];

interface Place {
  readonly folder: readonly string[];
  /** What the folder's path was, with all links resolved. */
  readonly folderPath: string;
  readonly path: string;
}

interface Look {
  readonly current: Promise<FileStatus | undefined>;
  next: Promise<FileStatus | undefined> | undefined;
}

/** What is in a folder, and how many names more. */
export interface List {
  readonly entries: readonly Entry[];
  readonly leftOut: number;
}

/** A file or a folder in a folder. */
export interface Entry {
  readonly name: string;
  readonly status: FileStatus;
}

/*
 * Theory of operation. Links may lead anywhere, and names on the way to a file may be links. So the folder that a file is in is
 * resolved first, which must give a path below the root; then the file is opened there, with a refusal to follow a link; and
 * if it is one after all, what it points at goes the same way. What is open stays what it is, whoever moves names meanwhile.
 * Somebody who can replace folders below the root by links can win a race between the two steps: such a one has to be kept
 * out by permissions, as with every server that has no openat2.
 */
export class Lookup {
  readonly #reactor: Pick<Reactor, "files" | "now">;
  readonly #root: string;
  readonly #isAnywhere: boolean;
  /** Folders that were found to be below the root, by their path there. */
  readonly #folders: Map<string, Folder> = new Map();
  readonly #looks: Map<string, Look> = new Map();

  /** `isAnywhere` lets links lead out of the root. */
  constructor(reactor: Pick<Reactor, "files" | "now">, root: string, isAnywhere: boolean) {
    this.#reactor = reactor;
    this.#root = root;
    this.#isAnywhere = isAnywhere;
  }

  /**
   * What is there, open; whoever has it closes it. Undefined if nothing is, or if it is neither file nor folder. `names` are
   * safe ones, none for the root itself. What was seen goes to the `trail`. Fails with HttpError 403 if it may not be read, 503 if no descriptor is left.
   */
  async open(names: readonly string[], signal?: AbortSignal, trail: Trail = []): Promise<Found | undefined> {
    let place: Place | undefined;
    let seen: Sight | undefined;
    try {
      place = await this.#place(names);
      const file = place === undefined ? undefined : await this.#openAt(place.path);
      const found = file === undefined ? undefined : await examined(file, signal);
      if (place !== undefined && found?.file.path === place.path) seen = { ...place, status: found.status };
      return found;
    } catch (error) {
      if (place !== undefined && codeOf(error) === "ENOENT") seen = { ...place, status: undefined };
      if (isMissing(error)) return undefined;
      throw refusal(error) ?? error;
    } finally {
      trail.push(seen);
    }
  }

  /** Whether what was seen is there as it was. */
  async holds({ folder, folderPath, path, status }: Sight): Promise<boolean> {
    try {
      if ((await this.folder(folder)) !== folderPath) return false;
      const now = await this.#look(path);
      return now?.kind === status?.kind && now?.size === status?.size && now?.modifiedMs === status?.modifiedMs;
    } catch (error) {
      // Whoever opens it will see what is wrong.
      if (codeOf(error) === "undefined") throw error;
      return false;
    }
  }

  /** The path of a folder, if it is below the root. Fails as the system does. */
  async folder(names: readonly string[]): Promise<string | undefined> {
    const below = names.join("/");
    if (this.#isAnywhere) return `${this.#root}/${below}`;
    const known = this.#folders.get(below);
    if (known !== undefined && this.#reactor.now() - known.checkedMs <= TRUST_MS) return known.path;
    const path = await this.#reactor.files.realPath(`${this.#root}/${below}`);
    const root = names.length === 0 ? path : await this.folder([]);
    if (root === undefined || !isInside(path, root)) return undefined;
    if (this.#folders.size >= MOST_FOLDERS) this.#folders.clear();
    this.#folders.set(below, { path, checkedMs: this.#reactor.now() });
    return path;
  }

  /** The first so many names in a folder that are `isShown`, without what a request would not get. Undefined if there is no such folder. */
  async list(
    names: readonly string[],
    isShown: (name: string) => boolean,
    mostNames: number,
    signal?: AbortSignal,
  ): Promise<List | undefined> {
    try {
      const folder = await this.folder(names);
      if (folder === undefined) return undefined;
      const shown = (await this.#reactor.files.list(folder)).filter(isShown);
      const entries: Entry[] = [];
      for (const name of shown.slice(0, mostNames)) {
        signal?.throwIfAborted();
        const status = await this.#statusOf(`${folder}/${name}`);
        if (status?.kind === "file" || status?.kind === "directory") entries.push({ name, status });
      }
      return { entries, leftOut: Math.max(0, shown.length - mostNames) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw refusal(error) ?? error;
    }
  }

  async #statusOf(path: string): Promise<FileStatus | undefined> {
    const { files } = this.#reactor;
    try {
      const status = await files.stat(path, { followLinks: this.#isAnywhere });
      if (status.kind !== "link") return status;
      const target = await this.#targetOf(path);
      return target === undefined ? undefined : await files.stat(target, { followLinks: false });
    } catch (error) {
      // It went while the list was made, or leads nowhere.
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Where a link leads to; undefined if that is not below the root. */
  async #targetOf(path: string): Promise<string | undefined> {
    const root = await this.folder([]);
    const target = await this.#reactor.files.realPath(path);
    return root !== undefined && isInside(target, root) ? target : undefined;
  }

  async #place(names: readonly string[]): Promise<Place | undefined> {
    const name = names.at(-1);
    const folder = names.slice(0, -1);
    const folderPath = await this.folder(folder);
    if (folderPath === undefined) return undefined;
    return { folder, folderPath, path: name === undefined ? folderPath : `${folderPath}/${name}` };
  }

  async #openAt(path: string): Promise<OpenFile | undefined> {
    const { files } = this.#reactor;
    if (this.#isAnywhere) return await files.open(path);
    try {
      return await files.open(path, { followLinks: false });
    } catch (error) {
      if (!LINK_CODES.has(codeOf(error))) throw error;
    }
    const target = await this.#targetOf(path);
    return target === undefined ? undefined : await files.open(target, { followLinks: false });
  }

  /**
   * The status of a path, undefined if nothing is there. Of those who ask at the same time one does, for all. Who comes while
   * that is under way waits for another look: the first one may have missed what happened just before.
   */
  #look(path: string): Promise<FileStatus | undefined> {
    const look = this.#looks.get(path);
    if (look === undefined) return this.#lookNow(path);
    const again = (): Promise<FileStatus | undefined> => this.#lookNow(path);
    look.next ??= look.current.then(again, again);
    return look.next;
  }

  #lookNow(path: string): Promise<FileStatus | undefined> {
    const look: Look = { current: this.#presentStatus(path), next: undefined };
    this.#looks.set(path, look);
    const done = (): void => {
      if (look.next === undefined) this.#looks.delete(path);
    };
    look.current.then(done, done);
    return look.current;
  }

  async #presentStatus(path: string): Promise<FileStatus | undefined> {
    try {
      return await this.#reactor.files.stat(path, { followLinks: this.#isAnywhere });
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }
}

async function examined(file: OpenFile, signal: AbortSignal | undefined): Promise<Found | undefined> {
  let isKept = false;
  try {
    signal?.throwIfAborted();
    const status = await file.status();
    signal?.throwIfAborted();
    isKept = status.kind === "file" || status.kind === "directory";
    return isKept ? { file, status } : undefined;
  } finally {
    if (!isKept) file.close();
  }
}

interface Folder {
  readonly path: string;
  readonly checkedMs: number;
}

function isInside(path: string, root: string): boolean {
  if (!path.startsWith(root)) return false;
  return path.length === root.length || /[/\\]$/.test(root) || path[root.length] === "/" || path[root.length] === "\\";
}

/** Whether there is nothing to open: no such file, or nothing that one could read. */
function isMissing(error: unknown): boolean {
  return MISSING_CODES.has(codeOf(error));
}

function refusal(error: unknown): HttpError | undefined {
  const code = codeOf(error);
  if (code === "EACCES" || code === "EPERM") return new HttpError(403, "This may not be read", { cause: error });
  if (code !== "EMFILE" && code !== "ENFILE") return undefined;
  return new HttpError(503, "Too many files are open", { cause: error, headers: { "Retry-After": "1" } });
}

function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown } | undefined)?.code);
}

/** A link where none is followed; some systems say it in other words. */
const LINK_CODES: ReadonlySet<string> = new Set(["ELOOP", "EMLINK", "EFTYPE"]);
const MISSING_CODES: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ENAMETOOLONG",
  "EINVAL",
  "ELOOP",
  "ENXIO",
  "ENODEV",
]);
/** How long a folder that was below the root is taken to be there still: a call of the system less for most files. */
const TRUST_MS = 1_000;
/** More than sites have; each is some hundred bytes. */
const MOST_FOLDERS = 1_024;
