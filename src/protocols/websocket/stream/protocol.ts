/*
 * A WebSocket as a Transport: what is written goes as binary messages, and what comes in them is a stream of bytes again. Each
 * end of it is a whole transport, because a protocol may write, pause, register producers and close here as anywhere;
 * StreamTransport keeps those promises, and here is only the engine. There is no half-close: a Close frame ends both
 * directions.
 */
import type { Address } from "../../../core/address.ts";
import type { Deferred } from "../../../core/deferred/deferred.ts";
import { fail } from "../../../core/deferred/succeed.ts";
import { ConnectionDone, ConnectionLost, UnsupportedError } from "../../../core/errors.ts";
import type { Protocol } from "../../../core/protocol.ts";
import type { StreamOptions } from "../../../core/reactor.ts";
import { type Loop, StreamTransport } from "../../../core/stream-transport.ts";
import type { Clock, DelayedCall } from "../../../core/time/clock.ts";
import type { TlsFacts } from "../../../core/tls.ts";
import type { PullProducer, Transport } from "../../../core/transport.ts";
import type { Piece, TextEncoding } from "../../../core/write-buffer.ts";
import { joinBytes } from "../../../wire/join-bytes.ts";
import { TEXT } from "../../../wire/text.ts";
import { WebSocketProtocol } from "../protocol.ts";

/** The WebSocket under a protocol of bytes. */
export interface CarryingWebSocket<P extends Protocol = Protocol> extends WebSocketProtocol {
  /** The protocol of bytes. */
  readonly inner: P;
}

export class Carrier<P extends Protocol> extends WebSocketProtocol implements CarryingWebSocket<P> {
  readonly inner: P;
  readonly #clock: Clock;
  readonly #options: StreamOptions;
  #carried: CarriedTransport | undefined = undefined;

  constructor(inner: P, clock: Clock, options: StreamOptions) {
    super();
    this.inner = inner;
    this.#clock = clock;
    this.#options = options;
  }

  override get innermost(): Protocol {
    return this.inner.innermost;
  }

  override connectionMade(): void {
    this.#carried = new CarriedTransport(this, this.#clock, this.#options);
    this.#carried.begin(this.inner);
  }

  override messageReceived(data: string | Uint8Array): void {
    if (typeof data === "string") this.close(1003, "bytes only");
    else if (data.length > 0) this.#carried?.deliver(data);
  }

  override connectionLost(reason: Error): void {
    this.#carried?.outerLost(reason);
  }
}

class CarriedTransport extends StreamTransport implements PullProducer {
  readonly #socket: WebSocketProtocol;
  readonly #outer: Transport;
  /** Whether this is registered below as a producer, to hear when the buffer there is empty. */
  #watch: "no" | "beginning" | "yes" = "no";
  #drain: DelayedCall | undefined = undefined;
  #resume: DelayedCall | undefined = undefined;
  readonly #clock: Clock;
  /** What frames added to what was written, since everything had left. */
  #addedBytes = 0;

  constructor(socket: WebSocketProtocol, clock: Clock, options: StreamOptions) {
    const loop: Loop = {
      now: () => clock.now(),
      callLater: (ms, f) => clock.callLater(ms, f),
      // What is written in one turn is joined below.
      flushSoon: (transport) => transport.flush(),
      drainedSoon: () => this.#drainedSoon(),
    };
    super(loop, options);
    this.#clock = clock;
    this.#socket = socket;
    this.#outer = socket.transport;
  }

  get peer(): Address {
    return this.#outer.peer;
  }

  get local(): Address {
    return this.#outer.local;
  }

  get tls(): TlsFacts | undefined {
    return this.#outer.tls;
  }

  /** As the protocol counts: without what was added to each message. */
  protected get unsentBytes(): number {
    const bytes = this.#outer.bufferedBytes;
    if (bytes === 0) this.#addedBytes = 0;
    return Math.max(Math.min(bytes, 1), bytes - this.#addedBytes);
  }

  // From below.
  /** @throws what the protocol's makeConnection threw, at a client's end: whoever connects is told. A server only closes. */
  begin(protocol: Protocol): void {
    const thrown = this.opened(protocol);
    if (thrown !== undefined && this.#socket.request === undefined) throw thrown;
  }

  deliver(data: Uint8Array): void {
    this.received(data);
  }

  outerLost(reason: Error): void {
    this.#drain?.cancel();
    this.#drain = undefined;
    this.#stopResuming();
    if (reason instanceof ConnectionDone) {
      this.closed();
    } else if (reason instanceof ConnectionLost) {
      this.closed(reason);
    } else {
      // An abort, an exception, a broken protocol: the reason stays what it is.
      this.fail(reason);
      this.closed();
    }
  }

  /** The transport below took everything. */
  resumeProducing(): void {
    // It also asks at registration.
    if (this.#watch !== "yes") return;
    this.#unwatch();
    this.drained();
  }

  stopProducing(): void {
    this.#watch = "no";
  }

  // From above, through StreamTransport.
  sendOne(data: Uint8Array | string, encoding: TextEncoding): void {
    const bytes = bytesOf(data, encoding);
    const before = this.#outer.bufferedBytes;
    // The peer has a limit, and cannot hand on what is not complete.
    for (let at = 0; at < bytes.length; at += MESSAGE_BYTES) {
      this.#socket.sendMessage(bytes.length <= MESSAGE_BYTES ? bytes : bytes.subarray(at, at + MESSAGE_BYTES));
    }
    if (before === 0) this.#addedBytes = 0;
    this.#addedBytes += Math.max(0, this.#outer.bufferedBytes - before - bytes.length);
    this.#watchOuter();
  }

  sendAll(pieces: readonly Piece[]): void {
    this.sendOne(joinBytes(pieces.map(({ data, encoding }) => bytesOf(data, encoding))), "latin1");
  }

  startTls(): Deferred<TlsFacts> {
    return fail(new UnsupportedError("Cannot start TLS inside of a WebSocket: connect by wss:// instead"));
  }

  setNoDelay(enabled: boolean): void {
    this.#outer.setNoDelay(enabled);
  }

  setKeepAlive(idleMs: number): void {
    this.#outer.setKeepAlive(idleMs);
  }

  /** In a later turn: whoever resumes a transport is not called back at once. */
  protected startReading(): void {
    this.#resume ??= this.#clock.callLater(0, () => {
      this.#resume = undefined;
      this.#socket.resumeReading();
    });
  }

  protected stopReading(): void {
    this.#stopResuming();
    this.#socket.pauseReading();
  }

  /** A Close frame: the other direction ends with this one. */
  protected endWriting(): void {
    this.loseConnection();
  }

  protected close(): void {
    this.#socket.close();
  }

  protected reset(): void {
    this.#unwatch();
    this.#outer.abortConnection();
  }

  #stopResuming(): void {
    this.#resume?.cancel();
    this.#resume = undefined;
  }

  #watchOuter(): void {
    if (this.#watch !== "no" || this.#outer.bufferedBytes === 0) return;
    this.#watch = "beginning";
    this.#outer.registerProducer(this, "pull");
    // Below it may be over, and then this was stopped.
    if ((this.#watch as string) === "beginning") this.#watch = "yes";
  }

  #unwatch(): void {
    if (this.#watch === "no") return;
    this.#watch = "no";
    this.#outer.unregisterProducer();
  }

  /** Nothing is buffered here nor below, so nothing below will tell. */
  #drainedSoon(): void {
    this.#drain ??= this.#clock.callLater(0, () => {
      this.#drain = undefined;
      this.drained();
    });
  }
}

function bytesOf(data: Uint8Array | string, encoding: TextEncoding): Uint8Array {
  if (typeof data !== "string") return data;
  return encoding === "utf8" ? TEXT.encodeUtf8(data) : TEXT.encodeLatin1(data);
}

/** A full write buffer: large enough that a frame's head is nothing, small enough for any peer's limit. */
const MESSAGE_BYTES = 65_536;
