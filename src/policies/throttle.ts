import type { Factory, Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { Clock } from "../core/time/clock.ts";
import type { Transport } from "../core/transport.ts";
import { type Buckets, ThrottledTransport } from "./throttled-transport.ts";
import { TokenBucket } from "./token-bucket.ts";
import { ProtocolWrapper, wrapFactory } from "./wrapper.ts";

/** Bytes a second, each way; without a number, that way is not throttled. */
export interface Rates {
  readonly readBytesPerSecond?: number | undefined;
  readonly writeBytesPerSecond?: number | undefined;
  /** What may go at once after a silence; default: what goes in 100 ms. At least what goes in 10 ms, for timers are coarse. */
  readonly burstBytes?: number | undefined;
}

/** What is held to which rate. */
export interface ThrottleOptions {
  /** The reactor, or a test's Clock. */
  readonly clock: Clock;
  /** For all connections of this factory together. */
  readonly total?: Rates | undefined;
  /** For each connection. */
  readonly perConnection?: Rates | undefined;
  /** writingPaused comes when more than this waits for its turn; default 65 536 bytes. */
  readonly highWaterBytes?: number | undefined;
  /** How long loseConnection waits for a peer that takes nothing, not counting the throttle; default 30 000 ms. */
  readonly closeTimeoutMs?: number | undefined;
}

/**
 * Holds connections to a rate, both ways. Writes wait in order, with backpressure as on any transport, and
 * `loseConnection` sends what waits at the same rate before it closes. Reading is paused after what was read, until that
 * is paid for: a single read may go over the rate, the average does not.
 *
 * @throws RangeError if a rate or a burst is not above 0.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { throttle } from "ropewalk/policies";
 * import { Clock, MemoryTransport } from "ropewalk/testing";
 *
 * const clock = new Clock();
 * const factory = throttle(() => new Protocol(), { clock, perConnection: { writeBytesPerSecond: 1_000 } });
 * const transport = new MemoryTransport();
 * const protocol = factory.buildProtocol(transport.peer);
 * if (protocol !== undefined) transport.attach(protocol);
 * protocol?.inner.transport.write("x".repeat(1_100));
 * console.log(transport.bytes().length); // 100
 * clock.advance(500);
 * console.log(transport.bytes().length); // 600
 * ```
 */
export function throttle<P extends Protocol>(
  factory: ProtocolFactory<P>,
  options: ThrottleOptions,
): Factory<ProtocolWrapper<P>> {
  const { clock, total = {}, perConnection = {} } = options;
  check(total);
  check(perConnection);
  const shared = bucketsFor(clock, total);
  return wrapFactory(factory, (inner) => {
    const own = bucketsFor(clock, perConnection);
    const buckets = { reading: [...own.reading, ...shared.reading], writing: [...own.writing, ...shared.writing] };
    return new ThrottledProtocol(inner, (transport) => new ThrottledTransport(clock, transport, buckets, options));
  });
}

class ThrottledProtocol<P extends Protocol> extends ProtocolWrapper<P> {
  readonly #wrap: (transport: Transport) => ThrottledTransport;
  #throttled!: ThrottledTransport;

  constructor(inner: P, wrap: (transport: Transport) => ThrottledTransport) {
    // Half-close is always on below: what waits must still leave after the peer's end. The inner protocol does not notice.
    super(inner, true);
    this.#wrap = wrap;
  }

  override makeConnection(transport: Transport): void {
    this.transport = transport;
    this.#throttled = this.#wrap(transport);
    this.#throttled.begin(this.inner);
  }

  override dataReceived(data: Uint8Array): void {
    this.#throttled.deliver(data);
  }

  override writingPaused(): void {
    this.#throttled.outerFull();
  }

  override writingResumed(): void {
    this.#throttled.outerEmpty();
  }

  override connectionLost(reason: Error): void {
    this.#throttled.outerLost(reason);
  }

  protected override readingEnded(): void {
    this.#throttled.readingEnded();
  }

  protected override writingEnded(): void {
    this.#throttled.writingEnded();
  }
}

function bucketsFor(clock: Clock, { readBytesPerSecond, writeBytesPerSecond, burstBytes }: Rates): Buckets {
  const bucket = (rate: number | undefined) => {
    if (rate === undefined) return [];
    const burst = burstBytes ?? rate * BURST_SECONDS;
    return [new TokenBucket(clock, rate, Math.max(1 + rate * TIMER_SECONDS, rate * LEAST_BURST_SECONDS, burst))];
  };
  return { reading: bucket(readBytesPerSecond), writing: bucket(writeBytesPerSecond) };
}

function check(rates: Rates): void {
  for (const [name, value] of Object.entries(rates)) {
    if (value !== undefined && !(value > 0))
      throw new RangeError(`Cannot throttle with ${name} ${value}: it must be above 0`);
  }
}

/** Long enough that a timer's lateness costs no speed, short enough that the peer's buffers never see a flood. */
const BURST_SECONDS = 0.1;
/** Timers come at whole milliseconds, and half a burst must not be less than what goes in one. */
const LEAST_BURST_SECONDS = 0.01;
/** A bucket that holds one byte and no more would spill what comes while a timer is late by part of this. */
const TIMER_SECONDS = 0.001;
