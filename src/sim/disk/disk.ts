import { Deferred } from "../../core/deferred/deferred.ts";
import { FileNode, FileTree, type NameChange, type TreeNode } from "../../core/file-tree.ts";
import { systemError } from "../../core/system-error.ts";
import type { GrowingBytes } from "../../wire/growing-bytes.ts";
import { type Distribution, uniform } from "../network/link-options.ts";
import { below } from "../random-source.ts";
import type { Scheduler, SimEvent } from "../scheduler.ts";
import type { SimProcess } from "../sim-process.ts";

/** What a host's disk is to be like. */
export interface DiskOptions {
  /** How long one call takes: opening, writing, renaming; default 0.05 to 0.2 ms, so that two at once end in any order. */
  readonly latencyMs?: number | Distribution | undefined;
  /** How long a sync takes; default 1 to 5 ms. */
  readonly syncLatencyMs?: number | Distribution | undefined;
  /** What all files may hold; default: no limit. */
  readonly capacityBytes?: number | undefined;
}

/*
 * Theory of operation. The tree is what the kernel's cache shows to processes. What power has to be on for is kept beside it:
 * - names change in a journal, as on a file system that has one: after a crash the first so many changes since the last
 *   sync hold, and none of the later ones. A sync of anything writes the whole journal.
 * - the contents of each file go their own way: after a crash it holds what was synced, or a later state of it, cut short
 *   anywhere in what was not. So a file that was renamed and never synced may well be empty under its new name.
 */

/** A host's disk, from the inside. It outlives processes, and crashes. */
export class Disk {
  readonly tree: FileTree;
  capacityBytes: number;
  /** The fault: no byte is free, whatever is removed. */
  isFull = false;
  readonly #scheduler: Scheduler;
  readonly #random: () => number;
  readonly #latency: Distribution;
  readonly #syncLatency: Distribution;
  /** Names that changed since the last sync, in order; each step holds or not as a whole. */
  #journal: (readonly NameChange[])[] = [];
  /** What each file held since it was synced last: first what was synced (`syncedBytes` of it), last what it holds. */
  readonly #unsynced: Map<FileNode, Unsynced> = new Map();
  #crashes = 0;

  constructor(scheduler: Scheduler, random: () => number, wallTimeMs: () => number, options: DiskOptions) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#latency = asDistribution("latencyMs", options.latencyMs, USUAL_LATENCY);
    this.#syncLatency = asDistribution("syncLatencyMs", options.syncLatencyMs, USUAL_SYNC_LATENCY);
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
    this.tree = new FileTree(wallTimeMs, (changes) => this.#noteNames(changes));
    for (const path of FIRST_DIRECTORIES) this.tree.makeDirectory(path);
    this.syncAll();
  }

  /** One call of the system: `act` is done after a while, even if the process is gone by then; not after a crash. */
  call<T>(owner: SimProcess, act: () => T): Deferred<T> {
    return this.#begin(owner, this.#latency, act);
  }

  /** `call`, of one that waits for the disk itself. */
  slowCall<T>(owner: SimProcess, act: () => T): Deferred<T> {
    return this.#begin(owner, this.#syncLatency, act);
  }

  truncate(file: FileNode): void {
    const { contents } = this.#remember(file);
    this.tree.truncate(file);
    contents.push(file.content);
    // The states between were written long ago, or never.
    if (contents.length > MOST_CONTENTS) contents.splice(1, 1);
  }

  /** Adds as much as there is room for. @throws ENOSPC if that is not all. */
  append(file: FileNode, data: Uint8Array, path: string): void {
    const room = Math.max(0, this.isFull ? 0 : this.capacityBytes - this.tree.usedBytes);
    this.#remember(file);
    this.tree.append(file, data.length > room ? data.subarray(0, room) : data);
    if (data.length > room) throw systemError("ENOSPC", "write", path);
  }

  /** @throws ENOSPC, and what the tree throws. */
  makeDirectory(path: string): void {
    const isFull = this.isFull || this.tree.usedBytes >= this.capacityBytes;
    if (isFull && this.tree.find(path, "mkdir") === undefined) throw systemError("ENOSPC", "mkdir", path);
    this.tree.makeDirectory(path);
  }

  /** What `node` holds is on the disk now, and all names are. */
  sync(node: TreeNode): void {
    if (node instanceof FileNode) this.#unsynced.delete(node);
    this.#journal = [];
  }

  syncAll(): void {
    this.#unsynced.clear();
    this.#journal = [];
  }

  /** Power fails: calls that are under way are never done, and of what was not synced there is left what chance has it. */
  crash(): void {
    this.#crashes += 1;
    const kept = this.#drawKept(this.#journal.length);
    for (const changes of this.#journal.slice(kept).reverse()) this.tree.undo(changes);
    for (const [file, unsynced] of this.#unsynced) this.#lose(file, unsynced);
    this.syncAll();
    this.tree.recount();
  }

  #begin<T>(owner: SimProcess, latency: Distribution, act: () => T): Deferred<T> {
    const deferred = new Deferred<T>();
    // Code of a dead process may have a few microtasks left.
    if (!owner.isAlive) return deferred;
    const crashes = this.#crashes;
    const event = new KernelEvent(() => {
      if (crashes !== this.#crashes) return;
      const settle = attempt(act);
      owner.settleSoon(deferred, settle);
    });
    this.#scheduler.at(this.#scheduler.nowMs + latency(this.#random), event);
    return deferred;
  }

  /** Call it before the file changes. */
  #remember(file: FileNode): Unsynced {
    let unsynced = this.#unsynced.get(file);
    if (unsynced === undefined) {
      unsynced = { contents: [file.content], syncedBytes: file.size };
      this.#unsynced.set(file, unsynced);
    }
    return unsynced;
  }

  #noteNames(changes: readonly NameChange[]): void {
    this.#journal.push(changes);
    // By then the system has written the older ones of its own accord.
    if (this.#journal.length > MOST_JOURNAL) this.#journal.splice(0, this.#journal.length / 2);
  }

  /** Nothing of `total`, all of it, or some. */
  #drawKept(total: number): number {
    const fate = total === 0 ? 0 : below(this.#random, 3);
    return fate === 0 ? 0 : fate === 1 ? total : below(this.#random, total + 1);
  }

  #lose(file: FileNode, { contents, syncedBytes }: Unsynced): void {
    const fate = below(this.#random, 3);
    const last = contents.length - 1;
    const at = fate === 0 ? 0 : fate === 1 ? last : below(this.#random, last + 1);
    const content = contents[at] as GrowingBytes;
    const least = at === 0 ? syncedBytes : 0;
    const most = content.length;
    file.content = content;
    content.length = fate === 0 ? least : fate === 1 ? most : least + below(this.#random, most - least + 1);
  }
}

interface Unsynced {
  readonly contents: GrowingBytes[];
  /** Of the first one. */
  readonly syncedBytes: number;
}

class KernelEvent implements SimEvent {
  timeMs = 0;
  order = 0;
  slot = -1;
  readonly happen: () => void;

  constructor(happen: () => void) {
    this.happen = happen;
  }
}

function attempt<T>(act: () => T): (deferred: Deferred<T>) => void {
  try {
    const value = act();
    return (deferred) => deferred.callback(value);
  } catch (error) {
    return (deferred) => deferred.errback(error);
  }
}

function asDistribution(name: string, given: number | Distribution | undefined, usual: Distribution): Distribution {
  if (given === undefined) return usual;
  if (typeof given === "function") return given;
  if (!(given >= 0 && given < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`Cannot make a disk with a ${name} of ${given}: give a finite number, zero or more`);
  }
  return () => given;
}

/** As a new machine has them. */
const FIRST_DIRECTORIES: readonly string[] = ["/etc", "/run", "/tmp", "/var"];

/** A disk of flash memory that writes for good only when it is told to. */
const USUAL_LATENCY: Distribution = uniform(0.05, 0.2);
const USUAL_SYNC_LATENCY: Distribution = uniform(1, 5);

/** Former contents of one file, and steps of names, that a crash can bring back: a program that never syncs has many. */
const MOST_CONTENTS = 8;
const MOST_JOURNAL = 1_024;
