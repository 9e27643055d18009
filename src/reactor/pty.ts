import { closeSync, constants as fsConstants, openSync } from "node:fs";
import { constants } from "node:os";
import { ProcessTerminated, ReactorStateError, UnsupportedError } from "../core/errors.ts";
import { Logger } from "../core/log/logger.ts";
import type { ProcessProtocol, ProcessTransport, SpawnOptions } from "../core/process.ts";
import { ProtocolCalls, reasonOf } from "../core/process-calls.ts";
import { type RunningProcess, signalName } from "./process.ts";

/**
 * Starts a program on a pseudo-terminal, whose output comes as descriptor 1; its transport is in `running` until
 * `processEnded`. Where the optional package `node-pty` is missing, that has an UnsupportedError for its cause.
 * `load` is how the package is got.
 */
export function spawnOnPty(
  protocol: ProcessProtocol,
  program: string,
  options: SpawnOptions,
  running: Set<RunningProcess>,
  load: () => Promise<NodePty> = loadNodePty,
): ProcessTransport {
  return new PtyProcess(protocol, program, options, running, load);
}

/** A child over node-pty. What is asked of it while that is being loaded is done when it has started. */
class PtyProcess implements RunningProcess {
  readonly #calls: ProtocolCalls;
  readonly #running: Set<RunningProcess>;
  readonly program: string;
  #terminal: Terminal | undefined = undefined;
  #held: number | undefined = undefined;
  #asked: ((terminal: Terminal) => void)[] = [];
  #gone = false;

  constructor(
    protocol: ProcessProtocol,
    program: string,
    options: SpawnOptions,
    running: Set<RunningProcess>,
    load: () => Promise<NodePty>,
  ) {
    this.#calls = new ProtocolCalls(protocol, () => this.#terminal?.kill("SIGKILL"));
    this.#running = running;
    this.program = program;
    protocol.transport = this;
    running.add(this);
    load().then(
      (nodePty) => this.#start(nodePty, options),
      (error: Error) => this.#failed(error),
    );
  }

  get pid(): number | undefined {
    return this.#terminal?.pid;
  }

  /** What a terminal has not taken is not known. */
  get bufferedBytes(): number {
    return 0;
  }

  write(data: Uint8Array | string): void {
    this.#ask((terminal) => terminal.write(data));
  }

  writeToChild(_descriptor: number, data: Uint8Array | string): void {
    this.write(data);
  }

  /** A terminal has no end of input of its own: this types what stands for it, Control-D. */
  closeStdin(): void {
    this.write(END_OF_TRANSMISSION);
  }

  closeChildDescriptor(descriptor: number): void {
    if (descriptor === 0) this.closeStdin();
    else this.loseConnection();
  }

  pauseReading(): void {
    this.#ask((terminal) => terminal.pause());
  }

  resumeReading(): void {
    this.#ask((terminal) => terminal.resume());
  }

  /** Hangs up. */
  loseConnection(): void {
    this.#ask((terminal) => terminal.kill("SIGHUP"));
  }

  unref(): void {
    // Its terminal ends with this process, which cannot end before it otherwise.
    this.loseConnection();
  }

  signalProcess(signal: string): void {
    const name = signalName(signal);
    if (this.#gone) throw new ReactorStateError(`Cannot send ${name}: the process is gone`);
    this.#ask((terminal) => terminal.kill(name));
  }

  resize(columns: number, rows: number): void {
    this.#ask((terminal) => terminal.resize(columns, rows));
  }

  #ask(what: (terminal: Terminal) => void): void {
    if (this.#gone) return;
    if (this.#terminal === undefined) this.#asked.push(what);
    else what(this.#terminal);
  }

  #start(nodePty: NodePty, options: SpawnOptions): void {
    const { args = [], env, cwd, uid, gid, pty = {} } = options;
    let terminal: Terminal;
    try {
      terminal = nodePty.spawn(this.program, [...args], {
        name: pty.term ?? "xterm-256color",
        cols: pty.columns ?? 80,
        rows: pty.rows ?? 24,
        env: { ...(env ?? process.env) },
        encoding: null,
        ...(cwd !== undefined && { cwd }),
        ...(uid !== undefined && { uid }),
        ...(gid !== undefined && { gid }),
      });
    } catch (error) {
      this.#failed(error as Error);
      return;
    }
    this.#terminal = terminal;
    terminal.onData((data) => this.#calls.received(1, data));
    this.#held = holdOpen(terminal);
    terminal.onExit(({ exitCode, signal }) => this.#exited(exitCode, signal));
    this.#calls.made(this);
    for (const what of this.#asked.splice(0)) what(terminal);
  }

  #exited(exitCode: number, signal: number | undefined): void {
    this.#gone = true;
    if (this.#held !== undefined) closeSync(this.#held);
    const reason = reasonOf(exitCode, signal ? nameOf(signal) : null);
    this.#calls.exited(reason);
    this.#calls.lost(1);
    this.#ended(reason);
  }

  #failed(error: Error): void {
    this.#gone = true;
    this.#asked = [];
    log.debug("Program {program} could not be started: {error}", { program: this.program, error });
    this.#ended(
      new ProcessTerminated(`Cannot start program "${this.program}" on a pseudo-terminal: ${error.message}`, {
        cause: error,
      }),
    );
  }

  #ended(reason: Error): void {
    this.#running.delete(this);
    this.#calls.ended(reason);
  }
}

/**
 * Opens the program's end of its terminal here as well, until it is gone. Otherwise the terminal hangs up as soon as the
 * program has closed its own descriptors, which many do before they exit: then a part of what it said last is lost, and it
 * may be killed by the SIGHUP that follows. Returns the descriptor, where the platform has one.
 */
function holdOpen(terminal: Terminal): number | undefined {
  if (terminal.ptsName === undefined) return undefined;
  try {
    return openSync(terminal.ptsName, O_RDWR | O_NOCTTY);
  } catch (error) {
    log.warn("Cannot hold {terminal} open: its program's last words may be lost", {
      terminal: terminal.ptsName,
      error,
    });
    return undefined;
  }
}

/** As much of the package `node-pty` as is used here: it is optional, so its own types may not be there. */
export interface NodePty {
  spawn(program: string, args: string[], options: object): Terminal;
}

interface Terminal {
  readonly pid: number;
  /** Where the program's end is; not on every platform. */
  readonly ptsName?: string;
  /** Bytes, since no encoding is asked for. */
  onData(listener: (data: Uint8Array) => void): unknown;
  onExit(listener: (exit: { exitCode: number; signal?: number }) => void): unknown;
  write(data: Uint8Array | string): void;
  pause(): void;
  resume(): void;
  resize(columns: number, rows: number): void;
  kill(signal: string): void;
}

/**
 * The optional package, or that of another name.
 *
 * @throws UnsupportedError where it cannot be loaded; the promise is rejected with it.
 */
export async function loadNodePty(name = "node-pty"): Promise<NodePty> {
  try {
    return (await import(name)) as NodePty;
  } catch (error) {
    throw new UnsupportedError(`the optional package "${name}" cannot be loaded: run "npm install ${name}"`, {
      cause: error,
    });
  }
}

function nameOf(signal: number): string {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? String(signal);
}

const { O_NOCTTY, O_RDWR } = fsConstants;

const END_OF_TRANSMISSION = "\x04";

const log: Logger = new Logger("ropewalk.reactor");
