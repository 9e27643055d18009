import { PORTABLE_TEXT } from "../../wire/text-portable.ts";
import type { Disk } from "./disk.ts";

/** Only a host makes disks. */
export let makeDisk: (disk: Disk) => SimDisk;

/**
 * The disk of one simulated host, as a test sees it: at once, and without a process. Programs see it as `reactor.files`. It
 * outlives processes and crashes. After a crash there is what was synced; of the rest each file may have all, nothing, or a
 * first part, as the seed has it, and names (new files, renames, removals) hold up to some point since the last sync of
 * anything. `write(path, data, { atomic: true })` syncs; so does `sync(path)`.
 *
 * @example
 * ```ts
 * import { Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * const host = sim.host("a");
 * host.disk.put("/etc/motd", "hello");
 * await sim.run(async () => {
 *   const { files } = host.reactor;
 *   await files.append("/var/log", "kept,");
 *   await files.sync("/var/log");
 *   await files.append("/var/log", " or not");
 * });
 * host.crash();
 * host.restart();
 * console.log(host.disk.text("/var/log").startsWith("kept,")); // true
 *
 * host.disk.isFull = true;
 * const full = host.reactor.files.append("/var/log", "more");
 * full.addErrback((error: Error) => console.log(error.message)); // ENOSPC: no space left on device, write '/var/log'
 * await sim.advance(1);
 * ```
 */
export class SimDisk {
  readonly #disk: Disk;

  static {
    makeDisk = (disk) => new SimDisk(disk);
  }

  private constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** A fault: as long as it is set, there is no room, whatever is removed. What is written fails with ENOSPC. */
  get isFull(): boolean {
    return this.#disk.isFull;
  }

  set isFull(isFull: boolean) {
    this.#disk.isFull = isFull;
  }

  /** What all files together may hold. Of a write that is too much, what fits is written: then it fails with ENOSPC. */
  get capacityBytes(): number {
    return this.#disk.capacityBytes;
  }

  set capacityBytes(bytes: number) {
    this.#disk.capacityBytes = bytes;
  }

  /** What all files together hold. */
  get usedBytes(): number {
    return this.#disk.tree.usedBytes;
  }

  /** All paths that there are, sorted; directories end in a slash. */
  paths(): string[] {
    return this.#disk.tree.paths();
  }

  /** What a process would read. @throws the system's error, if there is no such file. */
  bytes(path: string): Uint8Array {
    return this.#disk.tree.read(path);
  }

  /** `bytes` as UTF-8 text. */
  text(path: string): string {
    return new TextDecoder().decode(this.bytes(path));
  }

  /** Puts a file there, with the directories on the way, and syncs it. @throws the system's error: EISDIR, ENOSPC, … */
  put(path: string, data: Uint8Array | string): void {
    const disk = this.#disk;
    disk.makeDirectory(`${path}/..`);
    const file = disk.tree.open(path);
    disk.truncate(file);
    disk.append(file, typeof data === "string" ? PORTABLE_TEXT.encodeUtf8(data) : data, path);
    disk.sync(file);
  }
}
