import { closeSync, fstatSync, openSync } from "node:fs";
import type { StdioAddress } from "../core/address.ts";
import type { Deferred } from "../core/deferred.ts";
import { ConnectError, ReactorStateError, UnsupportedError } from "../core/errors.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../core/protocol.ts";
import { type Loop, StreamTransport } from "../core/stream-transport.ts";
import { fail, maybeDeferred } from "../core/succeed.ts";
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

/** The engine over the streams that Node has for the two descriptors, whatever they are: pipes, files, a terminal. */
class StdioTransport extends StreamTransport {
  readonly peer: StdioAddress = { kind: "stdio" };
  readonly local: StdioAddress = { kind: "stdio" };
  readonly tls: TlsFacts | undefined = undefined;
  readonly #open: Set<StreamTransport>;
  readonly #input: NodeJS.ReadStream = process.stdin;
  readonly #output: NodeJS.WriteStream = process.stdout;
  #inputOpen = true;
  #outputOpen = true;
  #reading = true;
  readonly #onData = (data: Uint8Array): void => this.received(data);
  readonly #onEnd = (): void => this.ended();
  readonly #onInputError = (error: Error): void => this.#broke(error);
  readonly #onOutputError = (error: Error): void => this.#broke(error);
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
    this.#output.on("error", this.#onOutputError);
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
    this.#afterSent(() => {
      this.#closeOutput();
      this.writeEnded();
    });
  }

  protected close(): void {
    this.#closeInput();
    this.#afterSent(() => {
      this.#closeOutput();
      setImmediate(() => this.#closed());
    });
  }

  protected reset(): void {
    this.#closeInput();
    this.#closeOutput();
    setImmediate(() => this.#closed());
  }

  startTls(): Deferred<TlsFacts> {
    return fail(new UnsupportedError("Cannot start TLS on standard input and output"));
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  // An empty write is called back after all that was written before it.
  #afterSent(step: () => void): void {
    if (this.#outputOpen) this.#output.write("", () => step());
    else setImmediate(step);
  }

  #broke(error: Error): void {
    this.#closeInput();
    this.#closeOutput();
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
  }

  /** The reader sees the end. Files and terminals have nobody who waits for it. */
  #closeOutput(): void {
    if (!this.#outputOpen) return;
    this.#outputOpen = false;
    const kind = fstatSync(STDOUT);
    if (kind.isSocket()) this.#output.end();
    if (!kind.isFIFO()) return;
    // Node keeps its stream for standard output open whatever one does, so the descriptor is closed below it. The next
    // thing that is opened would get the free number, and with it whatever the program prints: /dev/null takes it.
    closeSync(STDOUT);
    openSync("/dev/null", "w");
  }
}

let taken = false;

const STDOUT = 1;
