import { placeOf } from "../../core/call-site.ts";
import { type Origins, traceOrigins } from "../../core/origins.ts";
import type { Reactor } from "../../core/reactor.ts";
import type { OriginFacts } from "./facts.ts";

/**
 * Where things were made, for a price that has a limit: a stack costs as much as two hundred timers. A program that makes few
 * timers learns of each; of one that makes thousands a second, of those for which there was an allowance.
 */
export class FrugalOrigins implements Disposable {
  readonly #origins: Origins;
  #allowance = MOST_AT_ONCE;

  constructor(reactor: Reactor) {
    const plain = reactor.callLater.bind(reactor);
    this.#origins = traceOrigins(reactor);
    const traced = reactor.callLater.bind(reactor);
    // In place of the traced one, and gone with it.
    reactor.callLater = (ms, f) => {
      if (this.#allowance === 0) return plain(ms, f);
      this.#allowance -= 1;
      return traced(ms, f);
    };
  }

  of(subject: object): OriginFacts | undefined {
    const site = this.#origins.of(subject);
    if (site?.place === undefined) return undefined;
    const stack = site.stack.filter((line) => !line.includes(import.meta.url)).slice(0, MAX_FRAMES);
    return { place: tellingPlace(site.place, stack), stack };
  }

  /** To be called each second. */
  refill(): void {
    this.#allowance = Math.min(MOST_AT_ONCE, this.#allowance + EACH_SECOND);
  }

  [Symbol.dispose](): void {
    this.#origins[Symbol.dispose]();
  }
}

/**
 * Where all of a stack is Ropewalk's own, the innermost frames are the same for everybody: how a port is opened, how a call
 * repeats. What asked for it says more.
 */
function tellingPlace(place: string, stack: readonly string[]): string {
  if (!isPlumbing(place) && !place.startsWith(import.meta.url)) return place;
  return stack.map(placeOf).find((one) => one !== undefined && !isPlumbing(one)) ?? place;
}

function isPlumbing(place: string): boolean {
  if (place.includes("/node_modules/commander/")) return true;
  return place.startsWith(HOME) && PLUMBING.has(place.slice(HOME.length).split("/")[0] as string);
}

/** A stack costs 15 to 60 µs: so many are at most three thousandths of a processor. */
const EACH_SECOND = 50;
/** The start of a program, when what is made stays; a server that gets a crowd later pays no more than 12 ms for it. */
const MOST_AT_ONCE = 200;
/** Deeper down it is the reactor's own. */
const MAX_FRAMES = 20;
const PLUMBING: ReadonlySet<string> = new Set(["core", "reactor", "endpoints", "policies", "testing"]);
/** The folder that all of Ropewalk is in. */
const HOME: string = new URL("../../", import.meta.url).href;
