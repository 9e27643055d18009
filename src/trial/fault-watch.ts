import { CallSite } from "../core/call-site.ts";
import { type Chain, traceChains } from "../core/deferred/chain.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { afterNextTurn } from "../core/deferred/turn.ts";
import { setUnhandledSink } from "../core/deferred/unhandled.ts";
import type { LogEvent } from "../core/log/event.ts";
import { formatEvent } from "../core/log/format.ts";
import { LogLevels } from "../core/log/levels.ts";
import { logPublisher } from "../core/log/publisher.ts";
import { sourcePlace } from "../reactor/source-place.ts";
import type { LoggedFault } from "./errors.ts";
import type { ErrorType } from "./results.ts";

/** Collects what goes wrong aside while a test runs: errors that are logged, and those that nobody takes from a Deferred. */
export class FaultWatch implements Disposable {
  readonly #faults: LoggedFault[] = [];
  /** Of each Deferred that was made since; and of the errors that ended in one. */
  readonly #madeAt: WeakMap<Chain, CallSite> = new WeakMap();
  readonly #deferredOf: Map<unknown, CallSite> = new Map();
  readonly #log: Disposable;
  readonly #restore: () => void;
  #chains = 0;
  /** The latest that were made, for a test that hangs. */
  readonly #latest: WeakRef<Chain>[] = [];

  constructor() {
    const observe = (event: LogEvent): void => this.#observe(event, CallSite.above(observe));
    this.#log = logPublisher.addOnlooker(observe, new LogLevels("error"));
    const made = (chain: Chain): void => {
      this.#latest[this.#chains % LATEST] = new WeakRef(chain);
      this.#chains += 1;
      this.#madeAt.set(chain, CallSite.above(made));
    };
    traceChains(made);
    const sink = setUnhandledSink((error, source) => {
      const site = source === undefined ? undefined : this.#madeAt.get(source as Chain);
      if (site !== undefined) this.#deferredOf.set(error, site);
      sink(error, source);
    });
    this.#restore = () => void setUnhandledSink(sink);
  }

  /** Waits until every error that ended in a Deferred so far has been reported. */
  async settle(): Promise<void> {
    if (this.#chains === 0) return;
    await new Promise<void>((resolve) => afterNextTurn(resolve));
  }

  /** Deferreds without a result that somebody waits for, in words. */
  get waiting(): string[] {
    const waiting = this.#latest.flatMap((reference) => {
      const chain = reference.deref();
      if (!(chain instanceof Deferred)) return [];
      const { state, links } = chain.inspect();
      const place = this.#madeAt.get(chain)?.userPlace;
      if (state !== "unfired" || links === 0 || place === undefined) return [];
      return [`Deferred that was not fired, made at ${sourcePlace(place)}`];
    });
    return [...new Set(waiting)].slice(0, SHOWN);
  }

  /** The faults that were not flushed. */
  get faults(): readonly LoggedFault[] {
    return this.#faults;
  }

  /** Takes those whose error is of one of these types out; all, without a type. */
  flush(types: readonly ErrorType[]): unknown[] {
    const isWanted = ({ error }: LoggedFault): boolean =>
      types.length === 0 || types.some((type) => error instanceof type);
    const flushed = this.#faults.filter(isWanted);
    const kept = this.#faults.filter((fault) => !isWanted(fault));
    this.#faults.splice(0, this.#faults.length, ...kept);
    return flushed.map(({ error, message }) => error ?? new Error(message));
  }

  [Symbol.dispose](): void {
    this.#log[Symbol.dispose]();
    traceChains(undefined);
    this.#restore();
  }

  #observe(event: LogEvent, site: CallSite): void {
    const error = event["error"];
    const logged = site.userPlace;
    const thrown = error instanceof Error ? CallSite.of(error).place : undefined;
    const deferred = this.#deferredOf.get(error)?.place;
    this.#faults.push({
      namespace: event.namespace,
      message: formatEvent(event),
      error,
      places: { logged: mapped(logged), thrown: mapped(thrown), deferred: mapped(deferred) },
    });
  }
}

function mapped(place: string | undefined): string | undefined {
  return place === undefined ? undefined : sourcePlace(place);
}

/** A test that hangs made what it hangs on shortly before. */
const LATEST = 256;
const SHOWN = 10;
