/*
 * Theory of operation. Every promise that `Transport` makes about its calls and their order is kept here, once. A subclass is
 * an engine: it moves bytes and knows nothing of protocols. Its seam is thin on purpose, so that a socket, a pair of
 * buffers in memory, a simulated host and a native engine all fit under it.
 *
 *   down (the engine implements)   sendOne sendAll · startReading stopReading · endWriting · close · reset
 *   up   (the engine calls)        opened · received · drained · ended · writeEnded · closed
 *
 * Phases: "new" → opened → "open" → loseConnection or a fault → "closing" → closed → "closed". In "closing" nothing more is
 * delivered; a registered producer may still write. `connectionLost` is called from `closed` and from nowhere else, and an
 * engine never calls `closed` from inside one of the calls down: so it comes exactly once, last, and never re-entrantly.
 */
import type { Address } from "./address.ts";
import { Deferred } from "./deferred/deferred.ts";
import { succeed } from "./deferred/succeed.ts";
import { ConnectionAborted, ConnectionDone, ConnectionLost, toError } from "./errors.ts";
import { Logger } from "./log/logger.ts";
import type { Protocol } from "./protocol.ts";
import type { StreamOptions } from "./reactor.ts";
import type { Clock, DelayedCall } from "./time/clock.ts";
import type { TlsFacts } from "./tls.ts";
import type { Farewell, PullProducer, PushProducer, StartTlsOptions, Transport } from "./transport.ts";
import { type Piece, type PieceSink, type TextEncoding, WriteBuffer } from "./write-buffer.ts";

/** What a transport needs from the loop that it runs on. */
export interface Loop extends Clock {
  /** Calls `transport.flush()` when this turn's reads are dispatched. */
  flushSoon(transport: StreamTransport): void;
  /** Calls `transport.drained()` in the next turn, so that a fast peer does not keep the others waiting. */
  drainedSoon(transport: StreamTransport): void;
}

/** The protocol that hears of this connection; undefined before it has one. */
export let protocolOf: (transport: StreamTransport) => Protocol | undefined;

export abstract class StreamTransport implements Transport, PieceSink {
  abstract readonly peer: Address;
  abstract readonly local: Address;
  abstract readonly tls: TlsFacts | undefined;
  /** Bytes that the engine was given and the kernel has not taken. */
  protected abstract readonly unsentBytes: number;

  protected readonly loop: Loop;
  protected protocol: Protocol | undefined = undefined;
  /** For `close`: there is no need to wait for the peer's end. */
  protected peerIsDone = false;
  #phase: Phase = "new";
  /** One flag for the one question that every write asks. */
  #writable = false;
  #dirty = false;
  #pausedWriting = false;
  #wantsDrain = false;
  #readEnded = false;
  #writeEnded = false;
  #drainedOnce = false;
  #drainIsComing = false;
  #finished = false;
  #pending: WriteBuffer | undefined = undefined;
  readonly #options: StreamOptions;
  #producer: PushProducer | PullProducer | undefined = undefined;
  #producerKind: "push" | "pull" = "push";
  #reason: Error | undefined = undefined;
  #closeTimer: DelayedCall | undefined = undefined;
  #waiters: Set<Deferred<Error>> | undefined = undefined;

  static {
    protocolOf = (transport) => transport.protocol;
  }

  constructor(loop: Loop, options: StreamOptions) {
    this.loop = loop;
    this.#options = options;
  }

  // The engine's side: down.
  abstract sendOne(data: Uint8Array | string, encoding: TextEncoding): void;
  abstract sendAll(pieces: readonly Piece[]): void;
  protected abstract startReading(): void;
  protected abstract stopReading(): void;
  /** FIN after what was sent; `writeEnded()` when it left. */
  protected abstract endWriting(): void;
  /** FIN after what was sent, then let go of everything; `closed()` when done. Input is dropped from here on. */
  protected abstract close(): void;
  /** Drop what was sent, reset, let go of everything; `closed()` in a later turn. Also called after `close`. */
  protected abstract reset(): void;

  abstract startTls(options: StartTlsOptions): Deferred<TlsFacts>;
  abstract setNoDelay(enabled: boolean): void;
  abstract setKeepAlive(idleMs: number): void;

  get connected(): boolean {
    return this.#phase === "open";
  }

  get bufferedBytes(): number {
    return (this.#pending?.size ?? 0) + this.unsentBytes;
  }

  write(data: Uint8Array | string): void {
    if (!this.#writable) return;
    this.#pending ??= new WriteBuffer();
    if (typeof data === "string") this.#pending.addText(data, "utf8");
    else this.#pending.addBytes(data);
    this.#written();
  }

  writeLatin1(text: string): void {
    if (!this.#writable) return;
    this.#pending ??= new WriteBuffer();
    this.#pending.addText(text, "latin1");
    this.#written();
  }

  pauseReading(): void {
    if (this.#phase === "open") this.stopReading();
  }

  resumeReading(): void {
    if (this.#phase === "open") this.startReading();
  }

  loseConnection(how?: Farewell): void {
    // In the middle of a handshake there is nothing to flush.
    if (this.#phase === "new") this.#abort(new ConnectionAborted());
    if (this.#phase !== "open") return;
    this.#phase = "closing";
    if (how?.peerIsDone === true) this.peerIsDone = true;
    if (this.#producer === undefined) this.#finish();
    else this.#armCloseTimer();
  }

  loseWriteConnection(): void {
    if (!this.#writable || this.#phase !== "open") return;
    this.#writable = false;
    // What it makes from now on would be dropped.
    this.#stopProducer();
    this.flush();
    this.endWriting();
  }

  abortConnection(): void {
    this.#abort(new ConnectionAborted());
  }

  registerProducer(producer: PushProducer | PullProducer, kind: "push" | "pull"): void {
    if (this.#producer !== undefined) {
      throw new Error("Cannot register a second producer: unregister the first one before");
    }
    if (!this.#writable) {
      producer.stopProducing();
      return;
    }
    this.#producer = producer;
    this.#producerKind = kind;
    if (kind === "pull") this.#askPullProducer();
    else if (this.#pausedWriting) this.#guard("pauseProducing", () => (producer as PushProducer).pauseProducing());
  }

  unregisterProducer(): void {
    this.#producer = undefined;
    if (this.#phase !== "closing" || this.#finished) return;
    // The peer has the whole timeout for what the producer wrote last.
    this.#closeTimer?.cancel();
    this.#armCloseTimer();
    this.#finish();
  }

  whenClosed(): Deferred<Error> {
    if (this.#phase === "closed") return succeed(this.#reason as Error);
    this.#waiters ??= new Set();
    const waiters = this.#waiters;
    const waiter = new Deferred<Error>((cancelled) => waiters.delete(cancelled as Deferred<Error>));
    waiters.add(waiter);
    return waiter;
  }

  /** Called by the loop at the end of the turn that wrote. */
  flush(): void {
    this.#dirty = false;
    this.#pending?.drainTo(this);
    if (this.#drainIsComing || this.unsentBytes > 0 || !(this.#pausedWriting || this.#wantsDrain)) return;
    this.#drainIsComing = true;
    this.loop.drainedSoon(this);
  }

  /** The engine's buffer is empty (again): producers may go on. */
  drained(): void {
    this.#drainIsComing = false;
    if (this.#phase === "closed" || this.#phase === "aborting" || this.bufferedBytes > 0) return;
    this.#drainedOnce = true;
    const producer = this.#producer;
    if (this.#pausedWriting) {
      this.#pausedWriting = false;
      if (this.#phase === "open") this.#guard("writingResumed", () => this.protocol?.writingResumed());
      if (producer !== undefined && producer === this.#producer && this.#producerKind === "push") {
        this.#guard("resumeProducing", () => producer.resumeProducing());
      }
    }
    if (this.#wantsDrain) this.#askPullProducer();
  }

  /** The connection is usable. Returns what the protocol threw, if it did. */
  protected opened(protocol: Protocol): Error | undefined {
    this.protocol = protocol;
    this.#phase = "open";
    this.#writable = true;
    try {
      protocol.makeConnection(this);
      return undefined;
    } catch (error) {
      return this.#threw("makeConnection", error);
    }
  }

  /** Bytes came. They are dropped once the connection is closing. */
  protected received(data: Uint8Array): void {
    if (this.#phase !== "open") return;
    try {
      (this.protocol as Protocol).dataReceived(data);
    } catch (error) {
      this.#threw("dataReceived", error);
    }
  }

  /** The peer will send nothing more. */
  protected ended(): void {
    if (this.#readEnded || this.#phase !== "open") return;
    this.#readEnded = true;
    if (this.protocol?.readConnectionLost === undefined) {
      this.#closeAtOnce();
      return;
    }
    this.#guard("readConnectionLost", () => this.protocol?.readConnectionLost?.());
    if (this.#writeEnded) this.loseConnection();
  }

  /** The FIN of `endWriting` left. */
  protected writeEnded(): void {
    if (this.#writeEnded || this.#phase !== "open") return;
    this.#writeEnded = true;
    if (this.protocol?.readConnectionLost !== undefined) {
      this.#guard("writeConnectionLost", () => this.protocol?.writeConnectionLost?.());
    }
    if (this.#readEnded) this.loseConnection();
  }

  /** All is over. `error` is what broke the connection, if something did. Further calls do nothing. */
  protected closed(error?: Error): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#writable = false;
    this.#pending?.clear();
    this.#closeTimer?.cancel();
    this.#closeTimer = undefined;
    this.#reason ??= error === undefined ? CLEAN_END : asLoss(error);
    const reason = this.#reason;
    this.#stopProducer();
    this.#guard("connectionLost", () => this.protocol?.connectionLost(reason));
    const waiters = this.#waiters;
    this.#waiters = undefined;
    if (waiters !== undefined) for (const waiter of waiters) waiter.callback(reason);
  }

  /** A fault of this side's engine or peer that ends the connection with `reason`. */
  protected fail(reason: Error): void {
    this.#abort(reason);
  }

  #written(): void {
    if (!this.#dirty) {
      this.#dirty = true;
      this.loop.flushSoon(this);
    }
    if (!this.#pausedWriting && this.bufferedBytes > (this.#options.highWaterBytes ?? HIGH_WATER_BYTES)) {
      this.#pausedWriting = true;
      const producer = this.#producer;
      if (this.#phase === "open") this.#guard("writingPaused", () => this.protocol?.writingPaused());
      if (producer !== undefined && producer === this.#producer && this.#producerKind === "push") {
        this.#guard("pauseProducing", () => (producer as PushProducer).pauseProducing());
      }
    }
  }

  #askPullProducer(): void {
    this.#wantsDrain = false;
    const producer = this.#producer;
    if (producer === undefined) return;
    this.#wantsDrain = true;
    this.#guard("resumeProducing", () => producer.resumeProducing());
    if (this.#producer === undefined) this.#wantsDrain = false;
  }

  #stopProducer(): void {
    const producer = this.#producer;
    this.#producer = undefined;
    this.#wantsDrain = false;
    if (producer !== undefined) this.#guard("stopProducing", () => producer.stopProducing());
  }

  /** Closes without waiting for the producer: the peer is gone, or the protocol is broken. */
  #closeAtOnce(): void {
    if (this.#phase === "open") this.#phase = "closing";
    if (this.#phase !== "closing") return;
    this.#stopProducer();
    this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#writable = false;
    this.flush();
    // What the kernel has taken is no longer ours to wait for; TLS has a farewell of its own to send.
    if (this.#closeTimer === undefined && (this.bufferedBytes > 0 || this.tls !== undefined)) this.#armCloseTimer();
    this.close();
  }

  #abort(reason: Error): void {
    if (this.#phase === "closed" || this.#phase === "aborting") return;
    this.#phase = "aborting";
    this.#writable = false;
    this.#pending?.clear();
    this.#reason ??= reason;
    this.reset();
  }

  #armCloseTimer(): void {
    const timeoutMs = this.#options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS;
    this.#drainedOnce = false;
    this.#closeTimer = this.loop.callLater(timeoutMs, () => {
      this.#closeTimer = undefined;
      // A producer may take longer than one timeout, as long as the peer keeps taking what it makes.
      const takes = this.#drainedOnce || this.bufferedBytes === 0;
      if (this.#producer !== undefined && takes) this.#armCloseTimer();
      else this.#abort(new ConnectionAborted(`Peer did not take the last bytes within ${timeoutMs} ms`));
    });
  }

  #guard(method: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#threw(method, error);
    }
  }

  #threw(method: string, thrown: unknown): Error {
    const error = toError(thrown);
    log.error("{method} of {protocol} threw: closing this connection", {
      method,
      protocol: this.protocol?.innermost.constructor.name,
      error,
    });
    if (this.#phase !== "closed") {
      this.#reason ??= error;
      this.#closeAtOnce();
    }
    return error;
  }
}

type Phase = "new" | "open" | "closing" | "aborting" | "closed";

function asLoss(error: Error): Error {
  return error instanceof ConnectionLost
    ? error
    : new ConnectionLost(`Connection was lost: ${error.message}`, { cause: error });
}

/** One for all connections: there is nothing to say of any one of them, and most end so. */
const CLEAN_END: ConnectionDone = Object.freeze(new ConnectionDone());

const log: Logger = new Logger("ropewalk.transport");

/** The kernel's own buffers hold about as much again; more in user memory only adds delay and weight per slow reader. */
const HIGH_WATER_BYTES = 65_536;

/** Long enough for a slow link to take a full buffer, short enough that dead peers do not pile up. */
const CLOSE_TIMEOUT_MS = 30_000;
