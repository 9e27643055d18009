import type { Address } from "../core/address.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { fail } from "../core/deferred/succeed.ts";
import { ConnectionLost, UnsupportedError } from "../core/errors.ts";
import { Protocol } from "../core/protocol.ts";
import type { StreamOptions } from "../core/reactor.ts";
import { StreamTransport } from "../core/stream-transport.ts";
import type { TlsFacts } from "../core/tls.ts";
import type { StartTlsOptions } from "../core/transport.ts";
import type { Piece, TextEncoding } from "../core/write-buffer.ts";
import { encode, encodeAll } from "./bytes.ts";
import type { MemoryLoop } from "./memory-loop.ts";
import type { Pipe } from "./pipe.ts";

/** Where the ends are, and what TLS agreed on. */
export interface PipeTransportOptions extends StreamOptions {
  readonly peer: Address;
  readonly local: Address;
  readonly tls?: TlsFacts | undefined;
}

/**
 * The engine over two pipes: one end of every connection in memory. It is open from the start, so that a protocol can be
 * given it at any time; until then what comes in waits.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { connectedPair } from "ropewalk/testing";
 *
 * const { transportA, transportB, flush } = connectedPair(new Protocol(), new Protocol());
 * transportB.pauseReading();
 * transportA.write("hello");
 * flush();
 * console.log(transportB.unreadBytes); // 5
 * ```
 */
export class PipeTransport extends StreamTransport {
  /** Free to set, for tests of what looks at it. */
  peer: Address;
  /** Free to set, for tests of what looks at it. */
  local: Address;
  /** Free to set, for tests of what looks at it. */
  tls: TlsFacts | undefined;
  noDelay: boolean;
  keepAliveMs: number;
  /** A `startTls` that waits for `completeTls` or `failTls`. */
  tlsRequest: StartTlsOptions | undefined = undefined;
  declare protected readonly loop: MemoryLoop;
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  #tlsWaiter: Deferred<TlsFacts> | undefined = undefined;
  /** Written after `startTls`: it waits for the handshake. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #isAttached = false;
  #isReading = true;
  #willHear = false;
  #heardEnd = false;
  #isBlocked = false;
  #ending: "no" | "writing" | "all" = "no";
  #isGone = false;

  constructor(loop: MemoryLoop, incoming: Pipe, outgoing: Pipe, options: PipeTransportOptions) {
    super(loop, options);
    this.peer = options.peer;
    this.local = options.local;
    this.tls = options.tls;
    this.noDelay = options.noDelay ?? true;
    this.keepAliveMs = options.keepAliveMs ?? 0;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    incoming.onInput = () => this.#hear();
    outgoing.onRoom = () => this.#makeProgress();
    this.opened(new Protocol());
  }

  /** Bytes that came and that the protocol has not been given, because it paused reading or is not there yet. */
  get unreadBytes(): number {
    return this.#incoming.size;
  }

  /**
   * Gives the connection to `protocol`. Returns what its connectionMade threw, if it did.
   *
   * @throws Error if another protocol has it.
   */
  attach(protocol: Protocol): Error | undefined {
    if (this.#isAttached) throw new Error("Cannot attach a second protocol: this transport has one");
    this.#isAttached = true;
    const thrown = this.connected ? this.opened(protocol) : undefined;
    this.#hear();
    return thrown;
  }

  /** One read: some bytes, or the end, or the reset. Returns whether there is more to read. */
  #readOnce(): boolean {
    const incoming = this.#incoming;
    if (this.#isGone) return false;
    if (incoming.wasReset) {
      if (this.#noticesReset()) this.#lose(connectionReset());
      return false;
    }
    if (!this.#isReading || !this.#isAttached) return false;
    if (incoming.size > 0) {
      const size = incoming.nextCut(incoming.size);
      this.received(incoming.take(size));
    } else if (incoming.hasEnded && !this.#heardEnd) {
      this.#heardEnd = true;
      this.ended();
    }
    return this.#hasInput();
  }

  sendOne(data: Uint8Array | string, encoding: TextEncoding): void {
    this.#send(encode(data, encoding));
  }

  sendAll(pieces: readonly Piece[]): void {
    this.#send(encodeAll(pieces));
  }

  /** Only takes note: `completeTls` or `failTls` settles it. What is written meanwhile leaves after it. */
  startTls(options: StartTlsOptions): Deferred<TlsFacts> {
    if (this.tls !== undefined || this.tlsRequest !== undefined) {
      return fail(new UnsupportedError("Cannot start TLS: this connection has it already"));
    }
    if (!this.connected) return fail(new ConnectionLost("Cannot start TLS: the connection is closed"));
    this.flush();
    this.tlsRequest = options;
    this.#tlsWaiter = new Deferred<TlsFacts>(() => {
      this.tlsRequest = undefined;
      this.#tlsWaiter = undefined;
      this.abortConnection();
    });
    return this.#tlsWaiter;
  }

  /** The handshake went well. @throws Error if no `startTls` waits. */
  completeTls(facts: TlsFacts): void {
    const waiter = this.#endTlsRequest();
    this.tls = facts;
    const held = this.#held;
    this.#dropHeld();
    for (const data of held) this.#send(data);
    waiter.callback(facts);
  }

  /** The handshake failed, which also closes the connection. @throws Error if no `startTls` waits. */
  failTls(error: Error): void {
    const waiter = this.#endTlsRequest();
    this.fail(error);
    waiter.errback(error);
  }

  setNoDelay(enabled: boolean): void {
    this.noDelay = enabled;
  }

  setKeepAlive(idleMs: number): void {
    this.keepAliveMs = idleMs;
  }

  protected get unsentBytes(): number {
    return this.#heldBytes + this.#outgoing.excess;
  }

  protected startReading(): void {
    this.#isReading = true;
    this.#hear();
  }

  protected stopReading(): void {
    this.#isReading = false;
  }

  protected endWriting(): void {
    this.#ending = "writing";
    this.#makeProgress();
  }

  protected close(): void {
    this.#ending = "all";
    this.#incoming.refuse();
    this.#makeProgress();
  }

  protected reset(): void {
    this.#dropHeld();
    this.#outgoing.reset();
    this.#incoming.refuse();
    this.loop.soon(() => this.#over(undefined));
  }

  /** The peer broke the connection. */
  #lose(error: Error): void {
    if (this.#isGone) return;
    this.#dropHeld();
    this.#outgoing.refuse();
    this.#incoming.refuse();
    this.#over(error);
  }

  #over(error: Error | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const waiter = this.#tlsWaiter;
    this.tlsRequest = undefined;
    this.#tlsWaiter = undefined;
    this.closed(error);
    waiter?.errback(error ?? new ConnectionLost("Connection was closed during the TLS handshake"));
  }

  #send(data: Uint8Array): void {
    if (this.tlsRequest !== undefined) {
      this.#held.push(data);
      this.#heldBytes += data.length;
    } else if (this.#incoming.wasReset || (this.#outgoing.isRefused && this.#heardEnd)) {
      // The system says so only when something is sent to a peer that is gone.
      this.loop.soon(() => this.#lose(connectionReset()));
      return;
    } else {
      this.#outgoing.put(data);
    }
    if (this.unsentBytes > 0) this.#isBlocked = true;
  }

  /** The peer did something, or this side wants to read again. */
  #hear(): void {
    if (this.#willHear || this.#isGone || !this.#hasInput()) return;
    this.#willHear = true;
    this.loop.soon(() => {
      this.#willHear = false;
      if (this.#readOnce()) this.#hear();
    });
  }

  #hasInput(): boolean {
    const incoming = this.#incoming;
    return incoming.size > 0 || incoming.wasReset || (incoming.hasEnded && !this.#heardEnd);
  }

  #noticesReset(): boolean {
    return this.#isReading || this.#ending === "all";
  }

  /** There is room in the pipe, or something that waits for all bytes to leave. */
  #makeProgress(): void {
    if (this.unsentBytes > 0) return;
    if (this.#isBlocked) {
      this.#isBlocked = false;
      this.loop.drainedSoon(this);
    }
    if (this.#ending === "no" || this.#isGone) return;
    this.#outgoing.end();
    const isClosing = this.#ending === "all";
    this.loop.soon(() => {
      if (isClosing) this.#over(undefined);
      else this.writeEnded();
    });
  }

  #endTlsRequest(): Deferred<TlsFacts> {
    const waiter = this.#tlsWaiter;
    if (waiter === undefined) throw new Error("Cannot settle TLS: no startTls waits");
    this.tlsRequest = undefined;
    this.#tlsWaiter = undefined;
    return waiter;
  }

  #dropHeld(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}

function connectionReset(): ConnectionLost {
  const cause = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
  return new ConnectionLost("Connection was lost: read ECONNRESET", { cause });
}
