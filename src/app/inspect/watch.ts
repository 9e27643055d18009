import type { Reactor } from "../../core/reactor.ts";
import { StreamTransport } from "../../core/stream-transport.ts";
import type { DelayedCall } from "../../core/time/clock.ts";
import { countRequests, forgetRequests, type RequestTally } from "../../protocols/web/server/request-tally.ts";
import type { Vitals } from "../../reactor/vitals.ts";
import { connectionsAmong } from "./connections.ts";
import type { OriginFacts, Sample } from "./facts.ts";
import { FirstSeen } from "./first-seen.ts";
import { FrugalOrigins } from "./frugal-origins.ts";
import { LogTail, type LogTailOptions } from "./log-tail.ts";
import { Samples } from "./samples.ts";

/** What a Watch looks at besides the reactor. */
export interface WatchOptions {
  /** How the process is doing; default: not measured. `nodeVitals()` measures it. */
  readonly vitals?: Vitals | undefined;
  /** Which log; default: the program's. */
  readonly log?: LogTailOptions | undefined;
  /** Remember where timers, ports and the rest were made; default true. Some microseconds for each. */
  readonly origins?: boolean | undefined;
}

/**
 * Remembers of a running program what can be told only by somebody who was there: since when connections are open, where
 * timers were made, the end of the log, the last minutes of its vitals. Begin it before the program starts; disposing it
 * ends all of that, and from then on the program runs as if it had never been, but that web servers made meanwhile go on
 * counting what nobody reads.
 *
 * @example
 * ```ts
 * import { inspect, Watch } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * using watch = new Watch(reactor);
 * reactor.callLater(5_000, () => {});
 * console.log(inspect(reactor, undefined, { watch }).timers.items[0]?.dueInMs); // 5000
 * ```
 */
export class Watch implements Disposable {
  /** On the reactor's clock. */
  readonly startedMs: number;
  readonly log: LogTail;
  readonly samples: Samples | undefined;
  /** Of the web servers that are made while this is looking on; the view's own is none of them. */
  readonly requests: RequestTally;
  /** Where the view itself listens: who looks at it is not what it is to show. */
  readonly ownAddresses: Set<string> = new Set();
  readonly #vitals: Vitals | undefined;
  readonly #firstSeen: FirstSeen;
  readonly #origins: FrugalOrigins | undefined;
  readonly #reactor: Reactor;
  #next: DelayedCall;
  readonly #listeners: Set<(sample: Sample | undefined) => void> = new Set();

  constructor(reactor: Reactor, options: WatchOptions = {}) {
    this.#reactor = reactor;
    this.startedMs = reactor.now();
    this.requests = countRequests(reactor);
    this.log = new LogTail(options.log);
    this.#vitals = options.vitals;
    this.samples = options.vitals && new Samples(options.vitals);
    // As it is before it is replaced: its own timer is no news to anybody.
    const callLater = reactor.callLater.bind(reactor);
    const second = (): void => {
      // In step with the start, and none twice if the program was held up.
      const waitMs = SECOND_MS - ((reactor.now() - this.startedMs) % SECOND_MS);
      this.#next = callLater(waitMs, second);
      this.#sample(reactor);
    };
    this.#next = callLater(SECOND_MS, second);
    this.#firstSeen = new FirstSeen(reactor, connectionsAmong(reactor.holdings(), this.ownAddresses));
    this.#origins = (options.origins ?? true) ? new FrugalOrigins(reactor) : undefined;
  }

  /**
   * How long a connection, which is the `subject` of a Holding, is open, to the second; undefined if it was there before.
   */
  ageMs(subject: object): number | undefined {
    return subject instanceof StreamTransport ? this.#firstSeen.ageMs(subject) : undefined;
  }

  /** Where the `subject` of a Holding was made. */
  originOf(subject: object): OriginFacts | undefined {
    return this.#origins?.of(subject);
  }

  /** Whether a delayed call is the watch's own, which is no part of the program. */
  isOwn(call: DelayedCall): boolean {
    return call === this.#next;
  }

  /** Calls `f` each second with the latest sample, until disposed. */
  eachSecond(f: (sample: Sample | undefined) => void): Disposable {
    this.#listeners.add(f);
    return { [Symbol.dispose]: () => void this.#listeners.delete(f) };
  }

  [Symbol.dispose](): void {
    this.#origins?.[Symbol.dispose]();
    this.#next[Symbol.dispose]();
    this.log[Symbol.dispose]();
    this.#vitals?.[Symbol.dispose]();
    forgetRequests(this.#reactor, this.requests);
  }

  #sample(reactor: Reactor): void {
    this.#origins?.refill();
    const connections = connectionsAmong(reactor.holdings(), this.ownAddresses);
    this.#firstSeen.look(connections);
    const tallies = { connections: connections.length, logged: this.log.lastId };
    const sample = this.samples?.take(reactor.wallTimeMs(), tallies);
    for (const listener of this.#listeners) listener(sample);
  }
}

const SECOND_MS = 1_000;
