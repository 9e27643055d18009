import type { Reactor } from "../../core/reactor.ts";
import type { StreamTransport } from "../../core/stream-transport.ts";

/**
 * Knows since when connections are there, to the second: it looks at them now and then. To note the moment of each would cost a
 * server of short connections a tenth of its time; those that are gone before anybody looks are not noted at all.
 */
export class FirstSeen {
  readonly #reactor: Reactor;
  readonly #seenMs: WeakMap<StreamTransport, number> = new WeakMap();

  /** `present`: those that are there already, so that nobody knows since when. */
  constructor(reactor: Reactor, present: Iterable<StreamTransport>) {
    this.#reactor = reactor;
    for (const transport of present) this.#seenMs.set(transport, Number.NaN);
  }

  look(transports: Iterable<StreamTransport>): void {
    const now = this.#reactor.now();
    for (const transport of transports) if (!this.#seenMs.has(transport)) this.#seenMs.set(transport, now);
  }

  /** Undefined for a connection that was there before. */
  ageMs(transport: StreamTransport): number | undefined {
    const seenMs = this.#seenMs.get(transport);
    if (seenMs !== undefined) return Number.isNaN(seenMs) ? undefined : this.#reactor.now() - seenMs;
    this.look([transport]);
    return 0;
  }
}
