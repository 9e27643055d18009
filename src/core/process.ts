/**
 * Talks with one child process. An exception in a method is logged and kills the child.
 *
 * @example
 * ```ts
 * import { ProcessProtocol } from "ropewalk";
 *
 * class Collector extends ProcessProtocol {
 *   readonly chunks: Uint8Array[] = [];
 *   override outReceived(data: Uint8Array): void {
 *     this.chunks.push(data);
 *   }
 * }
 * const collector = new Collector();
 * collector.childDataReceived(1, new TextEncoder().encode("to standard output"));
 * console.log(collector.chunks.length); // 1
 * ```
 */
export class ProcessProtocol {
  transport!: ProcessTransport;

  /** Called by the transport; override connectionMade instead. */
  makeConnection(transport: ProcessTransport): void {
    this.transport = transport;
    this.connectionMade();
  }

  /** The child runs, and can be written to. */
  connectionMade(): void {}
  /** Bytes from any of the child's descriptors; calls outReceived (1) and errReceived (2) by default. */
  childDataReceived(descriptor: number, data: Uint8Array): void {
    if (descriptor === 1) this.outReceived(data);
    else if (descriptor === 2) this.errReceived(data);
  }
  outReceived(_data: Uint8Array): void {}
  errReceived(_data: Uint8Array): void {}
  /** The child has taken all that was written to one of its descriptors. */
  childDrained(_descriptor: number): void {}
  /** The child, or this side, closed one of its descriptors. */
  childConnectionLost(_descriptor: number): void {}
  /** The child is gone; its descriptors may still hold bytes (grandchildren keep them open). */
  processExited(_reason: Error): void {}
  /** The child is gone and all its descriptors are closed. Called exactly once, and last: ProcessDone or ProcessTerminated. */
  processEnded(_reason: Error): void {}
}

/** A running child. */
export interface ProcessTransport {
  /** Undefined until the child runs, and if it could not be started. */
  readonly pid: number | undefined;
  /** Bytes that were written, to any descriptor, and that the child has not taken yet. */
  readonly bufferedBytes: number;
  /** To the child's standard input. */
  write(data: Uint8Array | string): void;
  writeToChild(descriptor: number, data: Uint8Array | string): void;
  closeStdin(): void;
  closeChildDescriptor(descriptor: number): void;
  /** Stops reading what the child writes, so that it has to wait, until `resumeReading`. */
  pauseReading(): void;
  resumeReading(): void;
  /** Closes all descriptors that this side holds. */
  loseConnection(): void;
  /** Sends a signal by name (`"TERM"`, `"SIGTERM"`). @throws ReactorStateError if the child is gone. */
  signalProcess(signal: string): void;
  /** For a PTY. */
  resize(columns: number, rows: number): void;
}

/** How to start a child. */
export interface SpawnOptions {
  /** Arguments after the program's own name. */
  readonly args?: readonly string[];
  /** The whole environment; default: this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** What each descriptor of the child is; default `["pipe", "pipe", "pipe"]`. A number is a descriptor to inherit. */
  readonly descriptors?: readonly ("pipe" | "inherit" | "ignore" | number)[];
  /** Runs the child on a pseudo-terminal (needs the optional package `node-pty`). */
  readonly pty?: { readonly columns?: number; readonly rows?: number; readonly term?: string };
}
