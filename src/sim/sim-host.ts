import type { DiskOptions } from "./disk/disk.ts";
import { makeDisk, type SimDisk } from "./disk/sim-disk.ts";
import type { HostKernel } from "./host-kernel.ts";
import type { ChildProgram } from "./process/child.ts";
import { sendSignal } from "./process/signals.ts";
import type { SimTerminal } from "./process/terminal.ts";
import type { SimReactor } from "./sim-reactor.ts";

/** What a host runs, from its start and again after each restart. It fails the host's log if it throws. */
export type Program = (reactor: SimReactor, host: SimHost) => unknown;

/** What a host is to be like. */
export interface HostOptions {
  /** IP literals; default: one IPv4 address of the simulation's choice. */
  readonly addresses?: readonly string[] | undefined;
  /** Names that links and faults can use for several hosts. */
  readonly groups?: readonly string[] | undefined;
  /** What it runs; without one, a test works with its reactor. */
  readonly program?: Program | undefined;
  /** `reactor.environment.variables` of its processes. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** What its processes can start by name: see `programs` of the host. */
  readonly programs?: Readonly<Record<string, ChildProgram>> | undefined;
  /** What its disk is like. */
  readonly disk?: DiskOptions | undefined;
}

/** Only a simulation makes hosts. */
export let makeHost: (make: (host: SimHost) => HostKernel) => SimHost;

/** The inside of a host. */
export let kernelOf: (host: SimHost) => HostKernel;

/**
 * One machine of a simulation: it has addresses, a clock, a disk, a kernel that speaks TCP and UDP, and a process that
 * runs on it. Made by `sim.host(name)`.
 *
 * @example
 * ```ts
 * import { Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * let boots = 0;
 * const host = sim.host("a", { program: () => void (boots += 1) });
 * await sim.advance(1_000);
 * host.crash();
 * host.restart();
 * await sim.advance(1_000);
 * console.log(host.address, boots); // 10.0.0.1 2
 * ```
 */
export class SimHost {
  /** Its files, as they are without a process; they outlive crashes as far as they were synced. */
  readonly disk: SimDisk;
  readonly #kernel: HostKernel;

  static {
    makeHost = (make) => new SimHost(make);
    kernelOf = (host) => host.#kernel;
  }

  private constructor(make: (host: SimHost) => HostKernel) {
    this.#kernel = make(this);
    this.disk = makeDisk(this.#kernel.disk);
  }

  get name(): string {
    return this.#kernel.name;
  }

  /** The first of its addresses. */
  get address(): string {
    return this.#kernel.address;
  }

  get addresses(): readonly string[] {
    return this.#kernel.addresses;
  }

  get groups(): ReadonlySet<string> {
    return this.#kernel.groups;
  }

  /** Of the process that runs now: a restart makes a new one. */
  get reactor(): SimReactor {
    return this.#kernel.reactor;
  }

  /** The terminal of the process that runs now. */
  get stdio(): SimTerminal {
    return this.#kernel.terminal;
  }

  /** What `reactor.spawnProcess` finds by name; more can be put in. There is nothing else to start. */
  get programs(): Map<string, ChildProgram> {
    return this.#kernel.programs;
  }

  get isUp(): boolean {
    return this.#kernel.isUp;
  }

  /** Puts a label on this host's life, for traces and diagrams. */
  note(text: string): void {
    this.#kernel.note("note", text);
  }

  /** Power fails: nothing is flushed, nobody is told, and of the disk there is left what was synced. */
  crash(): void {
    this.#kernel.crash();
  }

  /**
   * The process is killed, as by SIGKILL: its kernel closes what it had open, and its program starts anew if it has one.
   * Its children live on.
   */
  kill(): void {
    this.#kernel.kill();
  }

  /**
   * Sends its process a signal (`"SIGHUP"`), which it hears in a turn of its own. One that does not listen ends by most of
   * them, and its program starts anew; a reactor that runs is stopped by SIGINT and SIGTERM.
   *
   * @throws TypeError if there is no such signal; UnsupportedError for those that stop a process: `pause` does that.
   */
  raiseSignal(signal: string): void {
    sendSignal(this.#kernel.process, signal);
  }

  /** Switches on a machine that crashed: its program starts anew. Does nothing to one that is up. */
  restart(): void {
    this.#kernel.restart();
  }

  /** Stops all its processes for `ms`, as a garbage collection or a debugger does; the kernel goes on. */
  pause(ms: number): void {
    this.#kernel.pause(ms);
  }

  /** Sets the wall clock `offsetMs` ahead of the others, and lets both clocks run `rate` times as fast from now on. */
  skewClock(offsetMs: number, rate: number = 1): void {
    this.#kernel.clock.skew(offsetMs, rate);
  }
}
