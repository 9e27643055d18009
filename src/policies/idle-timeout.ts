import { formatAddress } from "../core/address.ts";
import { Logger } from "../core/log/logger.ts";
import type { Factory, Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { Clock, DelayedCall } from "../core/time/clock.ts";
import type { Transport } from "../core/transport.ts";
import { ProtocolWrapper, TransportWrapper, wrapFactory } from "./wrapper.ts";

/** What counts as idle, and how an idle connection ends. */
export interface IdleTimeoutOptions {
  /** The reactor, or a test's Clock. */
  readonly clock: Clock;
  /** No default: a minute is long for a web client and short for a person who thinks before typing. */
  readonly idleTimeoutMs: number;
  /**
   * What keeps a connection alive; default `"both"`. Writing counts while the peer takes what is written, so that a peer
   * that stopped reading is not kept by what piles up for it.
   */
  readonly activity?: "reading" | "writing" | "both" | undefined;
  /**
   * How an idle connection ends; default `"lose"`: what is written leaves first, within the transport's close timeout.
   * `"abort"` resets it at once.
   */
  readonly close?: "lose" | "abort" | undefined;
}

/**
 * Closes connections on which nothing happens for `idleTimeoutMs`. Activity costs a look at the clock: there is one timer
 * for each connection, and it is set anew only when it runs out.
 *
 * @throws RangeError if `idleTimeoutMs` is not above 0.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { idleTimeout } from "ropewalk/policies";
 * import { Clock, MemoryTransport } from "ropewalk/testing";
 *
 * const clock = new Clock();
 * const factory = idleTimeout(() => new Protocol(), { clock, idleTimeoutMs: 60_000 });
 * const transport = new MemoryTransport();
 * transport.attach(factory.buildProtocol(transport.peer) as Protocol);
 * clock.advance(60_000);
 * console.log(transport.connected); // false
 * ```
 */
export function idleTimeout<P extends Protocol>(
  factory: ProtocolFactory<P>,
  options: IdleTimeoutOptions,
): Factory<ProtocolWrapper<P>> {
  if (!(options.idleTimeoutMs > 0)) {
    throw new RangeError(`Cannot time out after ${options.idleTimeoutMs} ms: idleTimeoutMs must be above 0`);
  }
  return wrapFactory(factory, (inner) => new TimedProtocol(inner, options));
}

class TimedProtocol<P extends Protocol> extends ProtocolWrapper<P> {
  readonly #options: IdleTimeoutOptions;
  readonly #countsReading: boolean;
  readonly #countsWriting: boolean;
  #lastActiveMs = 0;
  #isPeerTaking = true;
  #timer: DelayedCall | undefined = undefined;

  constructor(inner: P, options: IdleTimeoutOptions) {
    super(inner);
    this.#options = options;
    this.#countsReading = options.activity !== "writing";
    this.#countsWriting = options.activity !== "reading";
  }

  override makeConnection(transport: Transport): void {
    this.active();
    this.#arm(this.#options.idleTimeoutMs);
    super.makeConnection(transport);
  }

  override dataReceived(data: Uint8Array): void {
    if (this.#countsReading) this.active();
    this.inner.dataReceived(data);
  }

  override writingPaused(): void {
    this.#isPeerTaking = false;
    this.inner.writingPaused();
  }

  override writingResumed(): void {
    this.#isPeerTaking = true;
    this.written();
    this.inner.writingResumed();
  }

  override connectionLost(reason: Error): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.inner.connectionLost(reason);
  }

  protected override wrapTransport(transport: Transport): Transport {
    return this.#countsWriting ? new WatchedTransport(transport, this) : transport;
  }

  active(): void {
    this.#lastActiveMs = this.#options.clock.now();
  }

  written(): void {
    if (this.#countsWriting && this.#isPeerTaking) this.active();
  }

  #arm(ms: number): void {
    this.#timer = this.#options.clock.callLater(ms, () => this.#check());
  }

  #check(): void {
    const { clock, idleTimeoutMs, close = "lose" } = this.#options;
    this.#timer = undefined;
    const leftMs = this.#lastActiveMs + idleTimeoutMs - clock.now();
    if (leftMs > 0) {
      this.#arm(leftMs);
      return;
    }
    log.info("Connection with {peer} was idle for {idleTimeoutMs} ms: closing it", {
      peer: formatAddress(this.transport.peer),
      idleTimeoutMs,
    });
    // Through the policies inside of this one, too: what waits for its turn there leaves first.
    const { transport } = this.innermost;
    if (close === "abort") transport.abortConnection();
    else transport.loseConnection();
  }
}

/** Tells of every write. */
class WatchedTransport extends TransportWrapper {
  readonly #watcher: { written(): void };

  constructor(outer: Transport, watcher: { written(): void }) {
    super(outer);
    this.#watcher = watcher;
  }

  override write(data: Uint8Array | string): void {
    this.#watcher.written();
    this.outer.write(data);
  }

  override writeLatin1(text: string): void {
    this.#watcher.written();
    this.outer.writeLatin1(text);
  }
}

const log: Logger = new Logger("ropewalk.policies");
