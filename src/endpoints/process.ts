import type { Address } from "../core/address.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { fail } from "../core/deferred/succeed.ts";
import { endProcess } from "../core/end-process.ts";
import { ConnectError, ConnectionAborted, ProcessDone, UnsupportedError } from "../core/errors.ts";
import { LineSplitter } from "../core/line-splitter.ts";
import { Logger } from "../core/log/logger.ts";
import { ProcessProtocol, type SpawnOptions } from "../core/process.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "../core/protocol.ts";
import type { Reactor } from "../core/reactor.ts";
import { StreamTransport } from "../core/stream-transport.ts";
import type { DelayedCall } from "../core/time/clock.ts";
import type { TlsFacts } from "../core/tls.ts";
import type { Piece, TextEncoding } from "../core/write-buffer.ts";
import { readArguments, required } from "./arguments.ts";
import type { Coercion } from "./coerce.ts";
import type { ClientEndpoint, ClientType } from "./types.ts";
import { splitWords } from "./words.ts";

/** A program whose standard input and output are the connection; what it says on standard error is logged. */
export const processClient: ClientType = {
  name: "process",
  form: "process:PROGRAM ARGUMENT…, words quoted as in a shell, and then \\ : = escaped with \\",
  make(source) {
    const { command } = readArguments(source, ["command"], { command: required(words) });
    return processEndpoint(command);
  },
};

/** How the program of `processEndpoint` runs and ends. */
export interface ProcessEndpointOptions extends Pick<SpawnOptions, "env" | "cwd" | "uid" | "gid" | "ownGroup"> {
  /** An abort asks the program to end (SIGTERM) and kills it after so long; default: it kills at once. */
  readonly killTimeoutMs?: number | undefined;
  /**
   * However the program ends, the connection ends cleanly, and a failure is logged; default: a failure breaks the connection,
   * and what the other end has not got yet may be lost.
   */
  readonly endsCleanly?: boolean | undefined;
}

/**
 * What `process:` stands for, with more to say about it: each connection is a program of its own, talked to by its standard
 * input and output. What it says on standard error is logged.
 *
 * @example
 * ```ts
 * import { connect, NodeReactor, Protocol } from "ropewalk";
 * import { processEndpoint } from "ropewalk/endpoints";
 *
 * class Listener extends Protocol {
 *   override dataReceived(data: Uint8Array): void {
 *     console.log(new TextDecoder().decode(data).trimEnd()); // /
 *   }
 * }
 * const pwd = processEndpoint(["pwd"], { cwd: "/" });
 * const listener = await connect(new NodeReactor(), pwd, () => new Listener());
 * await listener.transport.whenClosed();
 * ```
 */
export function processEndpoint(
  command: readonly [string, ...string[]],
  options: ProcessEndpointOptions = {},
): ClientEndpoint {
  return { connect: (reactor, factory) => connectProcess(reactor, command, options, factory) };
}

const words: Coercion<readonly [string, ...string[]]> = (value) => {
  const [program, ...args] = splitWords(value);
  if (program === undefined || program === "") throw new Error("it names no program");
  return [program, ...args];
};

function connectProcess<P extends Protocol>(
  reactor: Reactor,
  [program, ...args]: readonly [string, ...string[]],
  options: ProcessEndpointOptions,
  factory: ProtocolFactory<P>,
): Deferred<P> {
  const child = new Child(reactor, program, options, factory);
  const { env, cwd, uid, gid, ownGroup } = options;
  reactor.spawnProcess(child, program, { args, env, cwd, uid, gid, ...(ownGroup && { ownGroup }) });
  return child.connected;
}

/** Passes what the child does to its transport, and starts the protocol when the child runs. */
class Child<P extends Protocol> extends ProcessProtocol {
  readonly connected: Deferred<P>;
  readonly #reactor: Reactor;
  readonly #program: string;
  readonly #options: ProcessEndpointOptions;
  readonly #factory: ProtocolFactory<P>;
  readonly #complaints: LineSplitter;
  #stream: ProcessStream | undefined;
  #ending: Disposable | undefined;

  constructor(reactor: Reactor, program: string, options: ProcessEndpointOptions, factory: ProtocolFactory<P>) {
    super();
    this.#reactor = reactor;
    this.#program = program;
    this.#options = options;
    this.#complaints = new LineSplitter((line) => log.info("{program}: {line}", { program, line }));
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
    this.#complaints.push(data);
  }

  override childDrained(descriptor: number): void {
    if (descriptor === 0) this.#stream?.drained();
  }

  override childConnectionLost(descriptor: number): void {
    if (descriptor === 0) this.#stream?.inputClosed();
    if (descriptor === 1) this.#stream?.outputEnded();
  }

  override processEnded(reason: Error): void {
    this.#ending?.[Symbol.dispose]();
    this.#complaints.end();
    if (!this.connected.called) this.connected.errback(new ConnectError(reason.message, { cause: reason }));
    const { endsCleanly = false } = this.#options;
    if (endsCleanly && !(reason instanceof ProcessDone)) {
      log.warn("{program} failed: {problem}", { program: this.#program, problem: reason.message });
    }
    this.#stream?.over(reason, endsCleanly);
  }

  /** Ends it for good. */
  kill(): void {
    const { killTimeoutMs } = this.#options;
    if (killTimeoutMs !== undefined && this.transport.pid !== undefined) {
      this.#ending ??= endProcess(this.#reactor, this.transport, killTimeoutMs);
      // What it still says is dropped, and must not hold it up.
      this.transport.closeStdin();
      this.transport.resumeReading();
      return;
    }
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

  over(reason: Error, endsCleanly: boolean): void {
    this.#atShutdown[Symbol.dispose]();
    this.#killTimer?.cancel();
    this.#killTimer = undefined;
    const clean = reason instanceof ProcessDone || this.#ownClose || endsCleanly;
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

/** As long as any peer has to take what was written: a program that is well ends soon after its input. */
const CLOSE_TIMEOUT_MS = 30_000;

/** As long as a NodeReactor waits for its other connections. */
const SHUTDOWN_TIMEOUT_MS = 5_000;
