import type { Address } from "../core/address.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { fail } from "../core/deferred/succeed.ts";
import { ConnectError, ConnectionAborted, ProcessDone, UnsupportedError } from "../core/errors.ts";
import { Logger } from "../core/log/logger.ts";
import { ProcessProtocol } from "../core/process.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../core/protocol.ts";
import type { Reactor } from "../core/reactor.ts";
import { StreamTransport } from "../core/stream-transport.ts";
import type { DelayedCall } from "../core/time/clock.ts";
import type { TlsFacts } from "../core/tls.ts";
import type { Piece, TextEncoding } from "../core/write-buffer.ts";
import { readArguments, required } from "./arguments.ts";
import type { Coercion } from "./coerce.ts";
import type { ClientType } from "./types.ts";
import { splitWords } from "./words.ts";

/** A program whose standard input and output are the connection; what it says on standard error is logged. */
export const processClient: ClientType = {
  name: "process",
  form: "process:PROGRAM ARGUMENT…, words quoted as in a shell, and then \\ : = escaped with \\",
  make(source) {
    const { command } = readArguments(source, ["command"], { command: required(words) });
    return { connect: (reactor, factory) => connectProcess(reactor, command, factory) };
  },
};

const words: Coercion<readonly [string, ...string[]]> = (value) => {
  const [program, ...args] = splitWords(value);
  if (program === undefined || program === "") throw new Error("it names no program");
  return [program, ...args];
};

function connectProcess<P extends Protocol>(
  reactor: Reactor,
  [program, ...args]: readonly [string, ...string[]],
  factory: ProtocolFactory<P>,
): Deferred<P> {
  const child = new Child(reactor, program, factory);
  reactor.spawnProcess(child, program, { args });
  return child.connected;
}

/** Passes what the child does to its transport, and starts the protocol when the child runs. */
class Child<P extends Protocol> extends ProcessProtocol {
  readonly connected: Deferred<P>;
  readonly #reactor: Reactor;
  readonly #program: string;
  readonly #factory: ProtocolFactory<P>;
  readonly #decoder = new TextDecoder();
  #stream: ProcessStream | undefined;
  #complaint = "";

  constructor(reactor: Reactor, program: string, factory: ProtocolFactory<P>) {
    super();
    this.#reactor = reactor;
    this.#program = program;
    this.#factory = factory;
    this.connected = new Deferred<P>(() => this.kill());
  }

  override connectionMade(): void {
    if (this.connected.called) {
      this.kill();
      return;
    }
    const stream = new ProcessStream(this.#reactor, this);
    this.#stream = stream;
    let protocol: P | undefined;
    try {
      protocol = buildProtocol(this.#factory, stream.peer);
    } catch (error) {
      this.#giveUp(error);
      return;
    }
    if (protocol === undefined) {
      this.#giveUp(new ConnectError(`Factory built no protocol for the connection with "${this.#program}"`));
      return;
    }
    const thrown = stream.begin(protocol);
    if (thrown === undefined) this.connected.callback(protocol);
    else this.connected.errback(thrown);
  }

  override outReceived(data: Uint8Array): void {
    this.#stream?.receive(data);
  }

  override errReceived(data: Uint8Array): void {
    const lines = (this.#complaint + this.#decoder.decode(data, { stream: true })).split("\n");
    this.#complaint = (lines.pop() ?? "").slice(-LONGEST_COMPLAINT);
    for (const line of lines) log.info("{program}: {line}", { program: this.#program, line });
  }

  override childDrained(descriptor: number): void {
    if (descriptor === 0) this.#stream?.drained();
  }

  override childConnectionLost(descriptor: number): void {
    if (descriptor === 0) this.#stream?.inputClosed();
    if (descriptor === 1) this.#stream?.outputEnded();
  }

  override processEnded(reason: Error): void {
    if (this.#complaint !== "") log.info("{program}: {line}", { program: this.#program, line: this.#complaint });
    if (!this.connected.called) this.connected.errback(new ConnectError(reason.message, { cause: reason }));
    this.#stream?.over(reason);
  }

  /** Ends it for good. */
  kill(): void {
    if (this.transport.pid !== undefined) this.transport.signalProcess("KILL");
    this.transport.loseConnection();
  }

  #giveUp(error: unknown): void {
    this.#stream = undefined;
    this.kill();
    this.connected.errback(error);
  }
}

/** The engine over a child: it keeps a transport's promises with the child's standard input and output. */
class ProcessStream extends StreamTransport {
  readonly peer: Address;
  readonly local: Address;
  readonly tls: TlsFacts | undefined = undefined;
  readonly #reactor: Reactor;
  readonly #child: Child<Protocol>;
  /** It ends as other connections do, though the reactor leaves children alone. */
  readonly #atShutdown: Disposable;
  #patienceMs = CLOSE_TIMEOUT_MS;
  #killTimer: DelayedCall | undefined = undefined;
  #ownClose = false;
  #peerEnded = false;

  constructor(reactor: Reactor, child: Child<Protocol>) {
    // The child's own pipes gather what one turn writes, so there is nothing to wait for here.
    const loop = {
      now: () => reactor.now(),
      callLater: (ms: number, f: () => void) => reactor.callLater(ms, f),
      flushSoon: (transport: StreamTransport) => transport.flush(),
      drainedSoon: (transport: StreamTransport) => void reactor.callLater(0, () => transport.drained()),
    };
    super(loop, {});
    this.#reactor = reactor;
    this.#child = child;
    this.#atShutdown = reactor.addTrigger("during", "shutdown", () => {
      this.#patienceMs = SHUTDOWN_TIMEOUT_MS;
      if (this.#killTimer?.active) this.#killTimer.reset(SHUTDOWN_TIMEOUT_MS);
      this.loseConnection();
      return this.whenClosed();
    });
    this.peer = { kind: "process", pid: child.transport.pid ?? 0 };
    this.local = { kind: "process", pid: reactor.environment.pid };
  }

  protected get unsentBytes(): number {
    return this.#child.transport.bufferedBytes;
  }

  begin(protocol: Protocol): Error | undefined {
    return this.opened(protocol);
  }

  receive(data: Uint8Array): void {
    this.received(data);
  }

  inputClosed(): void {
    this.writeEnded();
  }

  outputEnded(): void {
    this.#peerEnded = true;
    this.ended();
  }

  over(reason: Error): void {
    this.#atShutdown[Symbol.dispose]();
    this.#killTimer?.cancel();
    this.#killTimer = undefined;
    const clean = reason instanceof ProcessDone || this.#ownClose;
    this.closed(clean ? undefined : reason);
  }

  sendOne(data: Uint8Array | string, encoding: TextEncoding): void {
    this.#child.transport.write(typeof data === "string" && encoding === "latin1" ? latin1Bytes(data) : data);
  }

  sendAll(pieces: readonly Piece[]): void {
    for (const { data, encoding } of pieces) this.sendOne(data, encoding);
  }

  protected startReading(): void {
    this.#child.transport.resumeReading();
  }

  protected stopReading(): void {
    this.#child.transport.pauseReading();
  }

  protected endWriting(): void {
    this.#child.transport.closeStdin();
  }

  protected close(): void {
    this.#ownClose = !this.#peerEnded;
    this.#child.transport.resumeReading();
    this.#child.transport.loseConnection();
    this.#killTimer = this.#reactor.callLater(this.#patienceMs, () => {
      this.#killTimer = undefined;
      this.fail(new ConnectionAborted(`Program did not end within ${this.#patienceMs} ms of the end of its input`));
    });
  }

  protected reset(): void {
    this.#child.kill();
  }

  startTls(): Deferred<TlsFacts> {
    return fail(new UnsupportedError("Cannot start TLS on the standard input and output of a process"));
  }

  // There is no TCP here to tell.
  setNoDelay(): void {}
  setKeepAlive(): void {}
}

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const log: Logger = new Logger("ropewalk.endpoints.process");

/** Characters of an unfinished line that are kept: enough for a message, little for a child that never ends a line. */
const LONGEST_COMPLAINT = 8_192;

/** As long as any peer has to take what was written: a program that is well ends soon after its input. */
const CLOSE_TIMEOUT_MS = 30_000;

/** As long as a NodeReactor waits for its other connections. */
const SHUTDOWN_TIMEOUT_MS = 5_000;
