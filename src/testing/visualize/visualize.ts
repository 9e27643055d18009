import type { Deferred } from "../../core/deferred/deferred.ts";
import { describeChain } from "./describe.ts";
import { drawChain } from "./draw.ts";
import { type ChainRecord, recordChain } from "./record.ts";

/** What a picture of a Deferred is to show. */
export interface VisualizeOptions {
  /** Its name in the picture's text alternative; default `Chain of a Deferred`. */
  readonly title?: string | undefined;
  /** Tells the time, for how long the chain waited; default: waits have no length. */
  readonly clock?: { now(): number } | undefined;
}

/** A Deferred's chain as it ran so far. */
export interface DeferredPicture {
  /** As SVG. The same run gives the same bytes. */
  svg(): string;
  /** In words, a line for each link. */
  toString(): string;
}

/**
 * Watches one Deferred from now on, and makes a picture of its chain: which links ran, on which side, what went from one to
 * the next, where the chain waited for another Deferred, and how it ended. Call it right after the Deferred was made; links
 * that are there already are counted, but not seen. Asking for the same Deferred again gives the same picture.
 *
 * It puts methods of its own in front of those of this very object. No other Deferred is touched or slowed. What values look
 * like is noted when they pass, cut to a few words.
 *
 * The SVG takes its colours from the page it stands in: `--picture-ink`, `-quiet`, `-line`, `-good`, `-bad`, `-panel`.
 *
 * @example
 * ```ts
 * import { Deferred } from "ropewalk";
 * import { visualize } from "ropewalk/testing";
 *
 * const d = new Deferred<number>();
 * const picture = visualize(d);
 * d.addErrback(() => 0).addCallback(function twice(n) {
 *   return n * 2;
 * });
 * d.callback(21);
 * console.log(String(picture));
 * // callback(21)
 * // 1. addErrback () => 0: passed by
 * // 2. addCallback twice: ran with 21, returned 42
 * // ends with 42
 * console.log(picture.svg().startsWith("<svg")); // true
 * ```
 */
export function visualize<T>(deferred: Deferred<T>, options: VisualizeOptions = {}): DeferredPicture {
  const watched = deferred as Deferred<unknown>;
  let record = records.get(watched);
  if (record === undefined) {
    record = recordChain(watched, options.clock);
    records.set(watched, record);
  }
  return new ChainPicture(record, options.title ?? "Chain of a Deferred");
}

class ChainPicture implements DeferredPicture {
  readonly #record: ChainRecord;
  readonly #title: string;

  constructor(record: ChainRecord, title: string) {
    this.#record = record;
    this.#title = title;
  }

  svg(): string {
    return drawChain(this.#record.story(), this.#title);
  }

  toString(): string {
    return describeChain(this.#record.story()).join("\n");
  }
}

const records = new WeakMap<Deferred<unknown>, ChainRecord>();
