import { closeSync, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import type { StdioAddress } from "../core/address.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { fail, maybeDeferred } from "../core/deferred/succeed.ts";
import { ConnectError, ReactorStateError, UnsupportedError } from "../core/errors.ts";
import { Logger } from "../core/log/logger.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../core/protocol.ts";
import { type Loop, StreamTransport } from "../core/stream-transport.ts";
import type { TlsFacts } from "../core/tls.ts";
import type { Piece, TextEncoding } from "../core/write-buffer.ts";

/**
 * Makes one connection of standard input and output; it is in `open` until it is closed. Works once in a process: later
 * calls fail with a ReactorStateError.
 */
export function openStdio<P extends Protocol>(
  loop: Loop,
  factory: ProtocolFactory<P>,
  open: Set<StreamTransport>,
): Deferred<P> {
  if (taken) return fail(new ReactorStateError("Cannot open standard input and output twice in one process"));
  taken = true;
  return maybeDeferred(() => {
    const transport = new StdioTransport(loop, open);
    const protocol = buildProtocol(factory, transport.peer);
    if (protocol === undefined) throw new ConnectError("Factory built no protocol for standard input and output");
    const thrown = transport.opened(protocol);
    if (thrown !== undefined) throw thrown;
    return protocol;
  });
}

/**
 * The engine. Node's own stream for standard output can never be closed, so a pipe or socket gets one of ours; a file or
 * terminal, whose end nobody waits for, keeps Node's.
 */
class StdioTransport extends StreamTransport {
  readonly peer: StdioAddress = { kind: "stdio" };
  readonly local: StdioAddress = { kind: "stdio" };
  readonly tls: TlsFacts | undefined = undefined;
  readonly #open: Set<StreamTransport>;
  readonly #input: NodeJS.ReadStream = process.stdin;
  readonly #ownOutput: Socket | undefined = hasReader() ? new Socket({ fd: STDOUT, readable: false }) : undefined;
  readonly #output: Socket | NodeJS.WriteStream = this.#ownOutput ?? process.stdout;
  #inputOpen = true;
  #outputOpen = true;
  #reading = true;
  readonly #onData = (data: Uint8Array): void => this.received(data);
  readonly #onEnd = (): void => this.ended();
  readonly #onError = (error: Error): void => this.#broke(error);
  readonly #onInputError = (error: NodeJS.ErrnoException): void => {
    // A terminal that hangs up ends with EIO or with an end, as chance has it.
    if (error.code === "EIO" && this.#input.isTTY) this.ended();
    else this.#broke(error);
  };
  readonly #onSent = (): void => {
    if (this.unsentBytes === 0) this.drained();
  };

  constructor(loop: Loop, open: Set<StreamTransport>) {
    super(loop, {});
    this.#open = open;
  }

  protected get unsentBytes(): number {
    return this.#outputOpen ? this.#output.writableLength : 0;
  }

  override opened(protocol: Protocol): Error | undefined {
    this.#open.add(this);
    this.#input.on("end", this.#onEnd).on("error", this.#onInputError);
    this.#output.on("error", this.#onError);
    const thrown = super.opened(protocol);
    // The listener makes it flow: not before the protocol could say that it wants to wait.
    if (this.#inputOpen) this.#input.on("data", this.#onData);
    if (!this.#reading) this.#input.pause();
    return thrown;
  }

  sendOne(data: Uint8Array | string, encoding: TextEncoding): void {
    this.#output.write(data, encoding, this.#onSent);
  }

  sendAll(pieces: readonly Piece[]): void {
    this.#output.cork();
    for (const { data, encoding } of pieces) this.#output.write(data, encoding);
    this.#output.write("", this.#onSent);
    this.#output.uncork();
  }

  protected startReading(): void {
    this.#reading = true;
    if (this.#inputOpen) this.#input.resume();
  }

  protected stopReading(): void {
    this.#reading = false;
    this.#input.pause();
  }

  protected endWriting(): void {
    this.#endOutput(() => this.writeEnded());
  }

  protected close(): void {
    this.#closeInput();
    this.#endOutput(() => this.#closed());
  }

  protected reset(): void {
    this.#closeInput();
    this.#dropOutput();
    setImmediate(() => this.#closed());
  }

  startTls(): Deferred<TlsFacts> {
    return fail(new UnsupportedError("Cannot start TLS on standard input and output"));
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  #broke(error: Error): void {
    this.#closeInput();
    this.#dropOutput();
    this.#closed(error);
  }

  #closed(error?: Error): void {
    this.#open.delete(this);
    this.closed(error);
  }

  #closeInput(): void {
    if (!this.#inputOpen) return;
    this.#inputOpen = false;
    this.#input.off("data", this.#onData).off("end", this.#onEnd);
    this.#input.pause();
    // A paused pipe keeps the process alive until its writer leaves; a file has no such hold, and no `unref`.
    (this.#input as { unref?: () => void }).unref?.();
  }

  /** Calls `then` in a later turn, when all is written and the reader sees the end. */
  #endOutput(then: () => void): void {
    if (!this.#outputOpen) {
      setImmediate(then);
    } else if (this.#ownOutput === undefined && this.unsentBytes === 0) {
      // Not even an empty write: on a terminal that hung up it fails.
      this.#outputOpen = false;
      setImmediate(then);
    } else if (this.#ownOutput === undefined) {
      // An empty write is called back after all that was written before it.
      this.#output.write("", () => setImmediate(then));
      this.#outputOpen = false;
    } else {
      this.#ownOutput.end(() => {
        this.#dropOutput();
        setImmediate(then);
      });
    }
  }

  #dropOutput(): void {
    if (!this.#outputOpen) return;
    this.#outputOpen = false;
    if (this.#ownOutput === undefined) return;
    this.#ownOutput.destroy();
    // libuv spares the descriptors below 3. Once one is closed, the next thing that is opened gets its number, and with it
    // whatever the program prints.
    closeSync(STDOUT);
    if (openSync("/dev/null", "w") !== STDOUT)
      log.warn("Standard output is closed, and its number taken by another file");
  }
}

function hasReader(): boolean {
  const kind = fstatSync(STDOUT);
  return kind.isFIFO() || kind.isSocket();
}

let taken = false;

const STDOUT = 1;

const log: Logger = new Logger("ropewalk.reactor");
