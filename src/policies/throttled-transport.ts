/*
 * A whole transport between a protocol and the transport below it, because a throttle has a buffer of its own: writes wait
 * in it for tokens, so backpressure, producers, half-close and loseConnection must follow this buffer and not the one
 * below. StreamTransport keeps those promises; here is only the engine: bytes go down as the tolls allow.
 */
import type { Address } from "../core/address.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { ConnectionDone, ConnectionLost } from "../core/errors.ts";
import type { Protocol } from "../core/protocol.ts";
import type { StreamOptions } from "../core/reactor.ts";
import { type Loop, StreamTransport } from "../core/stream-transport.ts";
import type { Clock, DelayedCall } from "../core/time/clock.ts";
import type { TlsFacts } from "../core/tls.ts";
import type { PullProducer, StartTlsOptions, Transport } from "../core/transport.ts";
import type { Piece, TextEncoding } from "../core/write-buffer.ts";
import { ByteQueue } from "../wire/byte-queue.ts";
import { TEXT } from "../wire/text.ts";
import { PatientCall } from "./patient-call.ts";
import type { TokenBucket } from "./token-bucket.ts";
import { Toll } from "./toll.ts";
import { ProtocolWrapper } from "./wrapper.ts";

export interface Buckets {
  readonly reading: readonly TokenBucket[];
  readonly writing: readonly TokenBucket[];
}

export class ThrottledTransport extends StreamTransport implements PullProducer {
  readonly #outer: Transport;
  readonly #reading: Toll;
  readonly #writing: Toll;
  readonly #waiting: ByteQueue = new ByteQueue();
  #waitingBytes = 0;
  /** Bytes that went down since the transport below last seemed blocked. */
  #hasMoved = false;
  #isOuterFull = false;
  #wantsReading = true;
  #isThrottled = false;
  #ending: "no" | "writing" | "all" = "no";
  /** Whether this is registered below as a producer, to hear when the buffer there is empty. */
  #watch: "no" | "beginning" | "yes" = "no";
  #drain: DelayedCall | undefined = undefined;

  constructor(clock: Clock, outer: Transport, buckets: Buckets, options: StreamOptions) {
    const loop: Loop = {
      now: () => clock.now(),
      // Only the close timer is set by StreamTransport. The time that the throttle takes is not the peer's fault.
      callLater: (ms, f) => {
        this.#hasMoved = false;
        return new PatientCall(clock, ms, () => this.#isPeerStuck(), f);
      },
      flushSoon: (transport) => transport.flush(),
      drainedSoon: () => this.#drainedSoon(clock),
    };
    super(loop, options);
    this.#outer = outer;
    this.#reading = new Toll(buckets.reading, () => this.#mayRead());
    this.#writing = new Toll(buckets.writing, () => this.#pump());
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

  protected get unsentBytes(): number {
    return this.#waitingBytes + this.#outer.bufferedBytes;
  }

  // From below.
  /** @throws what the protocol's makeConnection threw, for the transport below to deal with. */
  begin(protocol: Protocol): void {
    const beginner = new Beginner(protocol);
    this.opened(beginner);
    if (beginner.thrown === undefined) return;
    this.flush();
    this.#send(this.#waitingBytes, true);
    throw beginner.thrown.error;
  }

  deliver(data: Uint8Array): void {
    this.#reading.spend(data.length);
    if (!this.#isThrottled && this.#reading.allowance() < 1 && this.connected) {
      this.#isThrottled = true;
      this.#outer.pauseReading();
      this.#reading.wait();
    }
    this.received(data);
  }

  outerFull(): void {
    this.#isOuterFull = true;
  }

  outerEmpty(): void {
    this.#isOuterFull = false;
    this.#hasMoved = true;
    this.#pump();
  }

  /** The transport below took everything. */
  resumeProducing(): void {
    // It also asks at registration.
    if (this.#watch !== "yes") return;
    this.#unwatch();
    this.#hasMoved = true;
    this.#pump();
    this.drained();
  }

  stopProducing(): void {
    this.#watch = "no";
  }

  readingEnded(): void {
    this.ended();
  }

  writingEnded(): void {
    this.writeEnded();
  }

  outerLost(reason: Error): void {
    this.#reading.stopWaiting();
    this.#writing.stopWaiting();
    this.#drain?.cancel();
    this.#drain = undefined;
    if (reason instanceof ConnectionDone) {
      this.closed();
    } else if (reason instanceof ConnectionLost) {
      this.closed(reason);
    } else {
      // Another policy's abort, or its exception: the reason stays what it is.
      this.fail(reason);
      this.closed();
    }
  }

  // From above, through StreamTransport.
  sendOne(data: Uint8Array | string, encoding: TextEncoding): void {
    if (this.#waitingBytes === 0 && !this.#isOuterFull && this.#sentWhole(data, encoding)) {
      this.#watchOuter();
      return;
    }
    this.#push(data, encoding);
    this.#pump();
  }

  sendAll(pieces: readonly Piece[]): void {
    for (const { data, encoding } of pieces) this.sendOne(data, encoding);
  }

  startTls(options: StartTlsOptions): Deferred<TlsFacts> {
    // What was written goes in clear before the handshake, and pays afterwards.
    this.flush();
    this.#send(this.#waitingBytes, true);
    return this.#outer.startTls(options);
  }

  setNoDelay(enabled: boolean): void {
    this.#outer.setNoDelay(enabled);
  }

  setKeepAlive(idleMs: number): void {
    this.#outer.setKeepAlive(idleMs);
  }

  protected startReading(): void {
    this.#wantsReading = true;
    if (!this.#isThrottled) this.#outer.resumeReading();
  }

  protected stopReading(): void {
    this.#wantsReading = false;
    this.#outer.pauseReading();
  }

  protected endWriting(): void {
    this.#ending = "writing";
    this.#pump();
  }

  protected close(): void {
    this.#ending = "all";
    // What comes is dropped; only the end or the loss of the connection is waited for.
    this.#reading.stopWaiting();
    this.#outer.resumeReading();
    this.#pump();
  }

  protected reset(): void {
    this.#reading.stopWaiting();
    this.#writing.stopWaiting();
    this.#waiting.takeAll();
    this.#waitingBytes = 0;
    this.#outer.abortConnection();
  }

  #mayRead(): void {
    this.#isThrottled = false;
    if (this.#wantsReading) this.#outer.resumeReading();
  }

  #sentWhole(data: Uint8Array | string, encoding: TextEncoding): boolean {
    const isText = typeof data === "string";
    if (!this.#writing.isFree) {
      const size = isText && encoding === "utf8" ? TEXT.utf8Length(data) : data.length;
      if (this.#writing.allowance() < size) return false;
      this.#writing.spend(size);
    }
    this.#hasMoved = true;
    if (isText && encoding === "latin1") this.#outer.writeLatin1(data);
    else this.#outer.write(data);
    return true;
  }

  #push(data: Uint8Array | string, encoding: TextEncoding): void {
    const bytes =
      typeof data !== "string" ? data : encoding === "utf8" ? TEXT.encodeUtf8(data) : TEXT.encodeLatin1(data);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #pump(): void {
    while (this.#waitingBytes > 0 && !this.#isOuterFull) {
      const allowance = this.#writing.allowance();
      if (allowance < 1) {
        this.#writing.wait();
        return;
      }
      this.#send(allowance, false);
    }
    if (this.#ending === "no") {
      this.#watchOuter();
    } else if (this.#waitingBytes === 0) {
      this.#unwatch();
      if (this.#ending === "all") this.#outer.loseConnection();
      else this.#outer.loseWriteConnection();
    }
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

  /** Sends at most so many bytes down, whether or not they are allowed; unless `isForced`, no more than go down freely. */
  #send(limit: number, isForced: boolean): void {
    const queue = this.#waiting;
    let left = limit;
    while (left > 0 && (isForced || !this.#isOuterFull) && queue.ready()) {
      const { chunk, at } = queue;
      const end = Math.min(chunk.length, at + left);
      queue.at = end;
      left -= end - at;
      this.#waitingBytes -= end - at;
      this.#writing.spend(end - at);
      this.#hasMoved = true;
      this.#outer.write(end - at === chunk.length ? chunk : chunk.subarray(at, end));
    }
  }

  #isPeerStuck(): boolean {
    const isStuck = this.#isOuterFull && !this.#hasMoved;
    this.#hasMoved = false;
    return isStuck;
  }

  /** Nothing is buffered here nor below, so nothing below will tell. */
  #drainedSoon(clock: Clock): void {
    this.#drain ??= clock.callLater(0, () => {
      this.#drain = undefined;
      this.drained();
    });
  }
}

/** Keeps what makeConnection throws: the transport below is the one to log it and to close, once. */
class Beginner extends ProtocolWrapper {
  thrown: { readonly error: unknown } | undefined = undefined;

  override makeConnection(transport: Transport): void {
    try {
      this.inner.makeConnection(transport);
    } catch (error) {
      this.thrown = { error };
    }
  }
}
