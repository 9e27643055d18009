import { ProcessTerminated, ReactorStateError, UnsupportedError } from "../../core/errors.ts";
import type { ProcessProtocol, ProcessTransport, SpawnOptions } from "../../core/process.ts";
import { ProtocolCalls, reasonOf } from "../../core/process-calls.ts";
import { systemError } from "../../core/system-error.ts";
import { PORTABLE_TEXT } from "../../wire/text-portable.ts";
import type { SimProcess } from "../sim-process.ts";
import { Inbox } from "./descriptors.ts";
import { sendSignal } from "./signals.ts";

/** Starts what a name stands for, and returns it; undefined if it stands for nothing. Nothing of it has happened yet. */
export type StartChild = (program: string, options: SpawnOptions) => ChildProcess | undefined;

/** A process that was made, and whose program has not begun. */
export interface ChildProcess {
  readonly owner: SimProcess;
  readonly pid: number;
  /** Runs its program in a turn of its own. */
  begin(): void;
}

/** A child as its parent sees it. */
export class ChildTransport implements ProcessTransport {
  /** What was asked for. */
  readonly program: string;
  readonly #parent: SimProcess;
  readonly #calls: ProtocolCalls;
  /** What is written to each descriptor that is a pipe; it is there before the child is. */
  readonly #pipes: Map<number, Inbox> = new Map();
  readonly #undrained: Set<number> = new Set();
  #child: ChildProcess | undefined = undefined;
  #isReading = true;
  /** What the child did to its output while reading was paused. */
  readonly #held: (() => void)[] = [];
  #reason: Error | undefined = undefined;
  #hasEnded = false;

  constructor(
    parent: SimProcess,
    protocol: ProcessProtocol,
    program: string,
    options: SpawnOptions,
    startChild: StartChild,
  ) {
    this.#parent = parent;
    this.program = program;
    this.#calls = new ProtocolCalls(protocol, () => this.#kill());
    protocol.transport = this;
    parent.open.add(this);
    const descriptors = options.descriptors ?? ["pipe", "pipe", "pipe"];
    for (const [descriptor, kind] of descriptors.entries()) if (kind === "pipe") this.#makePipe(descriptor);
    parent.soon(() => this.#start(program, options, startChild));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Beyond what a pipe takes. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const { unreadBytes } of this.#pipes.values()) bytes += Math.max(0, unreadBytes - PIPE_BYTES);
    return bytes;
  }

  write(data: Uint8Array | string): void {
    this.writeToChild(0, data);
  }

  writeToChild(descriptor: number, data: Uint8Array | string): void {
    const pipe = this.#pipes.get(descriptor);
    if (pipe === undefined || pipe.hasEnded) return;
    this.#undrained.add(descriptor);
    pipe.put(typeof data === "string" ? PORTABLE_TEXT.encodeUtf8(data) : new Uint8Array(data));
    this.#drainSoon(descriptor);
  }

  closeStdin(): void {
    this.closeChildDescriptor(0);
  }

  closeChildDescriptor(descriptor: number): void {
    const pipe = this.#pipes.get(descriptor);
    if (pipe === undefined) return;
    pipe.end();
    this.#parent.soon(() => this.#lose(descriptor));
  }

  pauseReading(): void {
    this.#isReading = false;
  }

  resumeReading(): void {
    this.#isReading = true;
    this.#parent.soon(() => {
      while (this.#isReading && this.#held.length > 0) this.#held.shift()?.();
    });
  }

  loseConnection(): void {
    for (const descriptor of [...this.#pipes.keys()]) this.closeChildDescriptor(descriptor);
  }

  signalProcess(signal: string): void {
    if (this.#reason !== undefined || this.#child === undefined) {
      throw new ReactorStateError(`Cannot send ${signal}: the process is gone`);
    }
    sendSignal(this.#child.owner, signal);
  }

  resize(): void {
    throw new UnsupportedError("Cannot resize: the process has no pseudo-terminal");
  }

  /** The parent is dead: the child lives on, and reads the end of its input. */
  killed(): void {
    for (const pipe of this.#pipes.values()) pipe.end();
    this.#pipes.clear();
  }

  #makePipe(descriptor: number): void {
    const pipe = new Inbox();
    pipe.onTaken = () => this.#drainSoon(descriptor);
    this.#pipes.set(descriptor, pipe);
  }

  #start(program: string, options: SpawnOptions, startChild: StartChild): void {
    if (options.pty !== undefined) {
      this.#failed(program, new UnsupportedError("a simulated host has no pseudo-terminals"));
      return;
    }
    const child = startChild(program, options);
    if (child === undefined) {
      this.#failed(program, systemError("ENOENT", "spawn", program));
      return;
    }
    this.#child = child;
    const { owner } = child;
    const { descriptors } = owner;
    for (const [descriptor, kind] of (options.descriptors ?? ["pipe", "pipe", "pipe"]).entries()) {
      if (kind === "pipe") this.#join(descriptor, owner);
      else if (kind !== "ignore") inherit(this.#parent, owner, descriptor, kind === "inherit" ? descriptor : kind);
    }
    owner.onExit = (end) => {
      const reason = reasonOf(end.exitCode ?? null, end.signal ?? null);
      for (const descriptor of [...descriptors.outputs.keys()]) descriptors.close(descriptor);
      this.#parent.soon(() => this.#exited(reason));
    };
    this.#calls.made(this);
    child.begin();
  }

  #join(descriptor: number, { descriptors }: SimProcess): void {
    const pipe = this.#pipes.get(descriptor);
    if (pipe !== undefined) descriptors.inputs.set(descriptor, pipe);
    if (descriptor === 0) return;
    descriptors.outputs.set(descriptor, {
      write: (data) => this.#soonWhenRead(() => this.#received(descriptor, data)),
      close: () => this.#soonWhenRead(() => this.#lose(descriptor)),
    });
  }

  #received(descriptor: number, data: Uint8Array): void {
    if (this.#pipes.has(descriptor)) this.#calls.received(descriptor, data);
  }

  #soonWhenRead(step: () => void): void {
    this.#parent.soon(() => {
      if (this.#isReading && this.#held.length === 0) step();
      else this.#held.push(step);
    });
  }

  #drainSoon(descriptor: number): void {
    this.#parent.soon(() => {
      const pipe = this.#pipes.get(descriptor);
      if (pipe === undefined || pipe.unreadBytes > PIPE_BYTES || this.#child === undefined) return;
      if (this.#undrained.delete(descriptor)) this.#calls.drained(descriptor);
    });
  }

  #lose(descriptor: number): void {
    const pipe = this.#pipes.get(descriptor);
    if (pipe === undefined) return;
    pipe.end();
    this.#pipes.delete(descriptor);
    if (this.#child !== undefined) this.#calls.lost(descriptor);
    this.#endIfAllIsClosed();
  }

  #exited(reason: Error): void {
    this.#reason = reason;
    this.#calls.exited(reason);
    // Its other descriptors it has closed itself, after what it wrote to them.
    this.#lose(0);
    this.#endIfAllIsClosed();
  }

  #failed(program: string, cause: Error): void {
    this.#reason = new ProcessTerminated(`Cannot start program "${program}": ${cause.message}`, { cause });
    this.#pipes.clear();
    this.#endIfAllIsClosed();
  }

  #endIfAllIsClosed(): void {
    if (this.#reason === undefined || this.#pipes.size > 0 || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#parent.open.delete(this);
    this.#calls.ended(this.#reason);
  }

  #kill(): void {
    this.#child?.owner.exit({ signal: "SIGKILL" });
    this.#parent.soon(() => {
      for (const descriptor of [...this.#pipes.keys()]) this.#lose(descriptor);
    });
  }
}

/** The child has what its parent has under `number`. */
function inherit(parent: SimProcess, child: SimProcess, descriptor: number, number: number): void {
  const input = parent.descriptors.inputs.get(number);
  const output = parent.descriptors.outputs.get(number);
  if (input !== undefined) child.descriptors.inputs.set(descriptor, input);
  // The parent has it still when the child closes it.
  if (output !== undefined)
    child.descriptors.outputs.set(descriptor, { write: (data) => output.write(data), close() {} });
}

/** What a pipe of Linux holds. */
const PIPE_BYTES = 65_536;
