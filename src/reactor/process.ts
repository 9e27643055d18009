import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { platform } from "node:process";
import { ProcessTerminated, ReactorStateError, UnsupportedError } from "../core/errors.ts";
import { Logger } from "../core/log/logger.ts";
import type { ProcessProtocol, ProcessTransport, SpawnOptions } from "../core/process.ts";
import { ProtocolCalls, reasonOf } from "../core/process-calls.ts";

/**
 * Starts a program; its transport is in `running` until `processEnded`. What is written is kept in memory until the child
 * takes it, without a limit: `bufferedBytes` and `childDrained` say how far that is.
 */
export function spawnProcess(
  protocol: ProcessProtocol,
  program: string,
  options: SpawnOptions,
  running: Set<RunningProcess>,
): ProcessTransport {
  return new NodeProcess(protocol, program, options, running);
}

/** What a reactor knows of a process that it started. */
export interface RunningProcess extends ProcessTransport {
  /** What was asked for. */
  readonly program: string;
  /** Lets this process end before it. */
  unref(): void;
}

/** A child over node:child_process. */
class NodeProcess implements RunningProcess {
  readonly program: string;
  readonly #calls: ProtocolCalls;
  readonly #running: Set<RunningProcess>;
  readonly #hasGroup: boolean;
  #child: ChildProcess | undefined = undefined;
  /** This side's ends of the child's descriptors that are pipes, until they are closed. */
  readonly #pipes: Map<number, Socket> = new Map();
  readonly #corked: Set<Socket> = new Set();
  /** Descriptors that were written to, and whose `childDrained` has not come yet. */
  readonly #undrained: Set<number> = new Set();
  #reason: Error | undefined = undefined;

  constructor(protocol: ProcessProtocol, program: string, options: SpawnOptions, running: Set<RunningProcess>) {
    this.#calls = new ProtocolCalls(protocol, () => this.#kill());
    this.#running = running;
    this.program = program;
    this.#hasGroup = options.ownGroup === true && platform !== "win32";
    protocol.transport = this;
    running.add(this);
    try {
      this.#follow(start(program, options));
    } catch (error) {
      process.nextTick(() => this.#failed(program, error as Error));
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get bufferedBytes(): number {
    let bytes = 0;
    for (const pipe of this.#pipes.values()) bytes += pipe.writableLength;
    return bytes;
  }

  write(data: Uint8Array | string): void {
    this.writeToChild(0, data);
  }

  writeToChild(descriptor: number, data: Uint8Array | string): void {
    const pipe = this.#pipes.get(descriptor);
    if (pipe === undefined || !pipe.writable) return;
    if (!this.#corked.has(pipe)) {
      // What one turn writes leaves in one system call.
      pipe.cork();
      if (this.#corked.size === 0) process.nextTick(() => this.#uncork());
      this.#corked.add(pipe);
    }
    this.#undrained.add(descriptor);
    pipe.write(data, (error) => {
      if (!error && pipe.writableLength === 0 && this.#undrained.delete(descriptor)) this.#calls.drained(descriptor);
    });
  }

  closeStdin(): void {
    this.closeChildDescriptor(0);
  }

  closeChildDescriptor(descriptor: number): void {
    // After what was written to it.
    this.#pipes.get(descriptor)?.destroySoon();
  }

  pauseReading(): void {
    for (const [descriptor, pipe] of this.#pipes) if (descriptor !== 0) pipe.pause();
  }

  resumeReading(): void {
    for (const [descriptor, pipe] of this.#pipes) if (descriptor !== 0) pipe.resume();
  }

  loseConnection(): void {
    for (const descriptor of this.#pipes.keys()) this.closeChildDescriptor(descriptor);
  }

  unref(): void {
    for (const pipe of this.#pipes.values()) pipe.unref();
    this.#child?.unref();
  }

  signalProcess(signal: string): void {
    const name = signalName(signal);
    const pid = this.#child?.pid;
    // A group outlives its first process, and keeps its number as long as somebody is in it.
    const isThere = this.#reason === undefined || (this.#hasGroup && this.#running.has(this));
    if (pid === undefined || !isThere || !this.#send(pid, name)) {
      throw new ReactorStateError(`Cannot send ${name}: the process is gone`);
    }
  }

  resize(): void {
    throw new UnsupportedError("Cannot resize: the process has no pseudo-terminal");
  }

  /** Returns whether there was anybody to send it to. */
  #send(pid: number, name: NodeJS.Signals): boolean {
    if (!this.#hasGroup) {
      this.#child?.kill(name);
      return true;
    }
    try {
      process.kill(-pid, name);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
      throw error;
    }
  }

  #follow(child: ChildProcess): void {
    this.#child = child;
    child.stdio.forEach((pipe, descriptor) => {
      if (pipe) this.#followPipe(descriptor, pipe as Socket);
    });
    child.once("spawn", () => this.#calls.made(this));
    child.on("error", (error) => {
      // Without a pid it never ran; with one, a signal could not be sent.
      if (child.pid === undefined) this.#failed(child.spawnfile, error);
      else log.warn("Process {pid} reports {error}", { pid: child.pid, error });
    });
    child.once("exit", (code, signal) => {
      this.#reason = reasonOf(code, signal);
      this.#calls.exited(this.#reason);
      this.#endIfAllIsClosed();
    });
  }

  #followPipe(descriptor: number, pipe: Socket): void {
    this.#pipes.set(descriptor, pipe);
    if (descriptor !== 0) pipe.on("data", (data: Uint8Array) => this.#calls.received(descriptor, data));
    // A pipe that breaks is closed next, and that is what its protocol hears.
    pipe.on("error", (error) => log.debug("Descriptor {descriptor} of a process: {error}", { descriptor, error }));
    pipe.once("close", () => {
      this.#pipes.delete(descriptor);
      if (this.#child?.pid === undefined) return;
      this.#calls.lost(descriptor);
      this.#endIfAllIsClosed();
    });
  }

  // Not at the "close" of the child: that comes before this side's pipes have said that they are closed.
  #endIfAllIsClosed(): void {
    if (this.#reason !== undefined && this.#pipes.size === 0) this.#ended(this.#reason);
  }

  #uncork(): void {
    const corked = [...this.#corked];
    this.#corked.clear();
    for (const pipe of corked) pipe.uncork();
  }

  #failed(program: string, error: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = new ProcessTerminated(`Cannot start program "${program}": ${error.message}`, { cause: error });
    this.#destroyPipes();
    this.#ended(this.#reason);
  }

  #kill(): void {
    if (this.#child?.pid !== undefined) this.#send(this.#child.pid, "SIGKILL");
    // Its own children may live on and hold them open.
    this.#destroyPipes();
  }

  #destroyPipes(): void {
    for (const pipe of this.#pipes.values()) pipe.destroy();
  }

  #ended(reason: Error): void {
    if (this.#running.delete(this)) this.#calls.ended(reason);
  }
}

/** `"TERM"` or `"SIGTERM"` as Node names it. @throws TypeError if there is no such signal. */
export function signalName(signal: string): NodeJS.Signals {
  const name = signal.startsWith("SIG") ? signal : `SIG${signal}`;
  if (!Object.hasOwn(constants.signals, name))
    throw new TypeError(`Cannot send signal "${signal}": there is none of that name`);
  return name as NodeJS.Signals;
}

function start(program: string, options: SpawnOptions): ChildProcess {
  const { args = [], env, cwd, uid, gid, ownGroup = false, descriptors = ["pipe", "pipe", "pipe"] } = options;
  return spawn(program, [...args], {
    stdio: [...descriptors],
    ...(env && { env: { ...env } }),
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(ownGroup && { detached: true }),
  });
}

const log: Logger = new Logger("ropewalk.reactor");
