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
  /** Set by `spawnProcess`, before it returns. */
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
  /** Bytes from standard output, cut anywhere. They belong to the protocol. */
  outReceived(_data: Uint8Array): void {}
  /** Bytes from standard error, cut anywhere. They belong to the protocol. */
  errReceived(_data: Uint8Array): void {}
  /** The child has taken all that was written to one of its descriptors. */
  childDrained(_descriptor: number): void {}
  /** The child, or this side, closed one of its descriptors. */
  childConnectionLost(_descriptor: number): void {}
  /** The child is gone: ProcessDone or ProcessTerminated. More bytes may come: its own children may hold its descriptors. */
  processExited(_reason: Error): void {}
  /** The child is gone and all its descriptors are closed. Called exactly once, and last: ProcessDone or ProcessTerminated. */
  processEnded(_reason: Error): void {}
}

/** A child, and this side's ends of its descriptors. Its calls do nothing on a descriptor that is closed. */
export interface ProcessTransport {
  /** Undefined until the child runs, and if it could not be started. */
  readonly pid: number | undefined;
  /** Bytes that were written, to any descriptor, and that the child has not taken yet. */
  readonly bufferedBytes: number;
  /**
   * Sends bytes to the child's standard input; a string goes as UTF-8. Never blocks: what the child does not take is kept
   * in memory, without a limit; `bufferedBytes` and `childDrained` tell.
   */
  write(data: Uint8Array | string): void;
  /** `write` to another descriptor, one that is a pipe. */
  writeToChild(descriptor: number, data: Uint8Array | string): void;
  /** Closes standard input after what was written: the child reads an end of file. */
  closeStdin(): void;
  /** Closes one of the child's descriptors after what was written to it. */
  closeChildDescriptor(descriptor: number): void;
  /** Stops reading what the child writes, so that it has to wait, until `resumeReading`. */
  pauseReading(): void;
  resumeReading(): void;
  /** Closes all descriptors after what was written to them. On a PTY it hangs up. The child may live on. */
  loseConnection(): void;
  /**
   * Sends a signal by name (`"TERM"` or `"SIGTERM"`).
   *
   * @throws ReactorStateError if the child does not run yet, or any more; TypeError if there is no such signal.
   */
  signalProcess(signal: string): void;
  /** Tells a PTY its size, in characters. @throws UnsupportedError if the child has none. */
  resize(columns: number, rows: number): void;
}

/** How to start a child. */
export interface SpawnOptions {
  /** Arguments after the program's own name. */
  readonly args?: readonly string[] | undefined;
  /** The whole environment; default: this process's own. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The child's working directory; default: this process's. */
  readonly cwd?: string | undefined;
  /** The user to run as; needs the right to change it. */
  readonly uid?: number | undefined;
  /** The group to run as; needs the right to change it. */
  readonly gid?: number | undefined;
  /**
   * The child leads a process group of its own: signals reach all of it, also when the child itself is gone and others of the
   * group hold its descriptors, and a terminal's do not. Default false. On Windows, and in the simulator, there are no groups.
   */
  readonly ownGroup?: boolean | undefined;
  /** What each descriptor of the child is; default `["pipe", "pipe", "pipe"]`. A number is a descriptor to inherit. */
  readonly descriptors?: readonly ("pipe" | "inherit" | "ignore" | number)[] | undefined;
  /** Runs the child on a pseudo-terminal (needs the optional package `node-pty`); default 80 × 24, `xterm-256color`. */
  readonly pty?:
    | { readonly columns?: number | undefined; readonly rows?: number | undefined; readonly term?: string | undefined }
    | undefined;
}

/** The environment of a child that gets what this process has, and some variables besides. */
export function environmentWith(
  own: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const all = Object.entries({ ...own, ...added });
  return Object.fromEntries(all.filter((each): each is [string, string] => each[1] !== undefined));
}
