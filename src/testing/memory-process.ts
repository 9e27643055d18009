import { ProcessDone, ProcessTerminated, ReactorStateError } from "../core/errors.ts";
import { Logger } from "../core/log/logger.ts";
import type { ProcessProtocol, ProcessTransport, SpawnOptions } from "../core/process.ts";
import { joinBytes } from "../wire/join-bytes.ts";
import { plainBytes } from "./bytes.ts";
import type { MemoryLoop } from "./memory-loop.ts";

/**
 * A child process that a test plays. It runs from the turn after `spawnProcess`; what it is told is recorded, and the
 * test says what it writes and how it ends. Each verb also runs the turns that follow from it.
 *
 * @example
 * ```ts
 * import { ProcessProtocol } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * class Sorter extends ProcessProtocol {
 *   override connectionMade(): void {
 *     this.transport.write("b\na\n");
 *     this.transport.closeStdin();
 *   }
 *   override outReceived(data: Uint8Array): void {
 *     console.log(new TextDecoder().decode(data));
 *   }
 *   override processEnded(reason: Error): void {
 *     console.log(reason.name);
 *   }
 * }
 * const child = new MemoryReactor().spawnProcess(new Sorter(), "sort");
 * child.say("a b"); // a b
 * console.log(JSON.stringify(child.text())); // "b\na\n"
 * child.exit(); // ProcessDone
 * ```
 */
export class MemoryProcess implements ProcessTransport {
  readonly protocol: ProcessProtocol;
  readonly program: string;
  readonly options: SpawnOptions;
  pid: number | undefined = undefined;
  /** Signals that it was sent, as they were named. */
  readonly signals: string[] = [];
  /** Of its terminal, after `resize`. */
  size: { readonly columns: number; readonly rows: number } | undefined;
  state: "starting" | "running" | "exited" | "ended" = "starting";
  readonly #loop: MemoryLoop;
  readonly #written = new Map<number, Uint8Array[]>();
  readonly #open: Set<number>;
  /** Descriptors that were written to since their last childDrained. */
  readonly #undrained = new Set<number>();
  #isTaking = true;
  #untakenBytes = 0;
  #isReading = true;
  /** What the child did to its output while reading was paused. */
  readonly #held: (() => void)[] = [];
  #reason: Error | undefined = undefined;

  constructor(loop: MemoryLoop, protocol: ProcessProtocol, program: string, options: SpawnOptions, pid: number) {
    this.#loop = loop;
    this.protocol = protocol;
    this.program = program;
    this.options = options;
    const { pty } = options;
    this.size = pty === undefined ? undefined : { columns: pty.columns ?? 80, rows: pty.rows ?? 24 };
    const descriptors = options.descriptors ?? ["pipe", "pipe", "pipe"];
    this.#open = new Set(descriptors.flatMap((kind, descriptor) => (kind === "pipe" ? [descriptor] : [])));
    protocol.transport = this;
    loop.soon(() => {
      if (this.state === "starting") this.#start(pid);
    });
  }

  /** What it was sent on a descriptor (0: standard input), as bytes. */
  bytes(descriptor: number = 0): Uint8Array {
    return joinBytes(this.#written.get(descriptor) ?? []);
  }

  /** `bytes` as UTF-8 text. */
  text(descriptor: number = 0): string {
    return new TextDecoder().decode(this.bytes(descriptor));
  }

  /** Whether a descriptor is still open: neither side has closed it. */
  isOpen(descriptor: number): boolean {
    return this.#open.has(descriptor);
  }

  /** The child writes, to standard output unless another descriptor is given; it is read when reading is not paused. */
  say(data: Uint8Array | string, descriptor: number = 1): void {
    this.#loop.settle();
    this.#whenRead(() => {
      if (!this.#open.has(descriptor)) return;
      this.#guard("childDataReceived", () => this.protocol.childDataReceived(descriptor, plainBytes(data)));
    });
    this.#loop.settle();
  }

  /** The child closes one of its descriptors. */
  hangUp(descriptor: number): void {
    this.#loop.settle();
    this.#closedByChild(descriptor);
    this.#loop.settle();
  }

  /** The child takes nothing more of what it is sent. */
  stopTaking(): void {
    this.#loop.settle();
    this.#isTaking = false;
  }

  /** The child takes what it was sent, and everything from now on. */
  startTaking(): void {
    this.#isTaking = true;
    this.#untakenBytes = 0;
    this.#drainSoon();
    this.#loop.settle();
  }

  /** The child ends with a status; its descriptors close with it unless `keepOpen` names some (a grandchild has them). */
  exit(exitCode: number = 0, { keepOpen = [] }: { readonly keepOpen?: readonly number[] } = {}): void {
    const reason =
      exitCode === 0 ? new ProcessDone() : new ProcessTerminated(`Process ended with status ${exitCode}`, { exitCode });
    this.#end(reason, keepOpen);
  }

  /** A signal ends the child. */
  die(signal: string): void {
    this.#end(new ProcessTerminated(`Process was killed by signal ${signal}`, { signal }), []);
  }

  /**
   * The program cannot be started, of which only processEnded tells.
   *
   * @throws ReactorStateError after the turn of `spawnProcess`: then it runs.
   */
  failToStart(cause: Error): void {
    if (this.state !== "starting") throw new ReactorStateError(`Cannot fail to start "${this.program}": it runs`);
    this.state = "exited";
    this.#open.clear();
    this.#reason = new ProcessTerminated(`Cannot start program "${this.program}": ${cause.message}`, { cause });
    this.#loop.soon(() => this.#endIfAllClosed());
    this.#loop.settle();
  }

  get bufferedBytes(): number {
    return this.#untakenBytes;
  }

  write(data: Uint8Array | string): void {
    this.writeToChild(0, data);
  }

  writeToChild(descriptor: number, data: Uint8Array | string): void {
    if (!this.#open.has(descriptor)) return;
    const former = this.#written.get(descriptor) ?? [];
    const bytes = plainBytes(data);
    this.#written.set(descriptor, [...former, bytes]);
    this.#undrained.add(descriptor);
    if (this.#isTaking) this.#drainSoon();
    else this.#untakenBytes += bytes.length;
  }

  pauseReading(): void {
    this.#isReading = false;
  }

  resumeReading(): void {
    this.#isReading = true;
    this.#loop.soon(() => {
      while (this.#isReading && this.#held.length > 0) this.#held.shift()?.();
    });
  }

  closeStdin(): void {
    this.closeChildDescriptor(0);
  }

  closeChildDescriptor(descriptor: number): void {
    this.#loop.soon(() => this.#closeDescriptor(descriptor));
  }

  loseConnection(): void {
    for (const descriptor of this.#open) this.closeChildDescriptor(descriptor);
  }

  signalProcess(signal: string): void {
    if (this.state === "exited" || this.state === "ended") {
      throw new ReactorStateError(`Cannot send ${signal} to process "${this.program}": it is gone`);
    }
    this.signals.push(signal);
  }

  resize(columns: number, rows: number): void {
    this.size = { columns, rows };
  }

  #start(pid: number): void {
    this.pid = pid;
    this.state = "running";
    this.#guard("connectionMade", () => this.protocol.makeConnection(this));
  }

  #whenRead(step: () => void): void {
    if (this.#isReading && this.#held.length === 0) step();
    else this.#held.push(step);
  }

  #closedByChild(descriptor: number): void {
    if (descriptor === 0) this.#closeDescriptor(descriptor);
    else this.#whenRead(() => this.#closeDescriptor(descriptor));
  }

  #drainSoon(): void {
    this.#loop.soon(() => {
      if (!this.#isTaking) return;
      const drained = [...this.#undrained].filter((descriptor) => this.#open.has(descriptor));
      this.#undrained.clear();
      for (const descriptor of drained) this.#guard("childDrained", () => this.protocol.childDrained(descriptor));
    });
  }

  #closeDescriptor(descriptor: number): void {
    if (!this.#open.delete(descriptor)) return;
    this.#guard("childConnectionLost", () => this.protocol.childConnectionLost(descriptor));
    this.#endIfAllClosed();
  }

  #end(reason: Error, keepOpen: readonly number[]): void {
    if (this.state === "exited" || this.state === "ended") {
      throw new ReactorStateError(`Cannot end process "${this.program}": it is gone`);
    }
    this.#loop.settle();
    this.state = "exited";
    this.#reason = reason;
    this.#loop.soon(() => {
      this.#guard("processExited", () => this.protocol.processExited(reason));
      for (const descriptor of [...this.#open]) if (!keepOpen.includes(descriptor)) this.#closedByChild(descriptor);
      this.#endIfAllClosed();
    });
    this.#loop.settle();
  }

  #endIfAllClosed(): void {
    const reason = this.#reason;
    if (reason === undefined || this.#open.size > 0 || this.state === "ended") return;
    this.state = "ended";
    this.#guard("processEnded", () => this.protocol.processEnded(reason));
  }

  #guard(method: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      const protocol = this.protocol.constructor.name;
      log.error("{method} of {protocol} threw: killing the child", { method, protocol, error });
      if (this.state === "running") this.signals.push("SIGKILL");
    }
  }
}

const log: Logger = new Logger("ropewalk.testing");
