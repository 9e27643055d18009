/**
 * Programs that exercise Deferreds, as data: made from a seed here, run by `deferred-interpreter.ts` on ours and by
 * `deferred-twisted.py` on Twisted's. Every mention of a Deferred is an index into a table, taken modulo its length;
 * `list`, `gather` and `coroutine` put what they make at its end.
 */
export interface Program {
  readonly seed: number;
  /** The table to begin with: for each Deferred its canceller. */
  readonly deferreds: readonly (Canceller | null)[];
  readonly ops: readonly Op[];
}

/** Does `ops`, which may fire the Deferred or not, then throws if `throws` names an error. */
export interface Canceller {
  readonly ops: readonly Op[];
  readonly throws: string | null;
}

export type Op =
  | readonly ["link", at: number, style: Style, onValue: Link | null, onError: Link | null]
  | readonly ["callback", at: number, value: number]
  | readonly ["callbackDeferred", at: number, value: number]
  | readonly ["errback", at: number, error: string]
  | readonly ["cancel" | "pause" | "unpause" | "called", at: number]
  | readonly ["timeout", at: number, ms: number]
  | readonly ["advance", ms: number]
  | readonly ["list" | "gather", of: readonly number[]]
  | readonly ["coroutine", steps: readonly Step[], end: End];

export type Style = "callback" | "errback" | "both" | "callbacks";

export interface Link {
  readonly id: number;
  readonly ops: readonly Op[];
  readonly end: End;
}

/** How a link or a coroutine ends: with a value, an error, a Deferred, what it was given, or nothing. */
export type End =
  | readonly ["value", number]
  | readonly ["throw", string]
  | readonly ["deferred", number]
  | readonly ["same"]
  | readonly ["nothing"];

/** Does `ops`, then waits for a Deferred (or not); an error of that is caught or ends the coroutine. */
export interface Step {
  readonly id: number;
  readonly ops: readonly Op[];
  readonly wait: number | null;
  readonly catches: boolean;
}

/** The program of a seed. */
export function programOf(seed: number): Program {
  return new Author(seed).program();
}

class Author {
  readonly #seed: number;
  readonly #random: () => number;
  #links = 0;
  // What a group makes of a cancellation is ours, so a program has groups or cancellations.
  #hasGroups = false;
  #hasCoroutines = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = mulberry32(seed);
  }

  program(): Program {
    this.#hasGroups = this.#chance(0.15);
    this.#hasCoroutines = this.#chance(0.3);
    const deferreds = this.#many(1, 5, () => this.#canceller());
    return { seed: this.#seed, deferreds, ops: this.#ops(4, 24, 0) };
  }

  #canceller(): Canceller | null {
    if (this.#chance(0.4)) return null;
    return { ops: this.#ops(0, 2, 2), throws: this.#chance(0.15) ? this.#error() : null };
  }

  #ops(least: number, most: number, depth: number): Op[] {
    return this.#many(least, most, () => this.#op(depth));
  }

  #op(depth: number): Op {
    const at = this.#below(6);
    const roll = this.#random();
    if (roll < 0.36) return this.#addLink(at, depth);
    if (roll < 0.56) return ["callback", at, this.#below(10)];
    if (roll < 0.62) return ["errback", at, this.#error()];
    if (roll < 0.63) return ["callbackDeferred", at, this.#below(6)];
    if (roll < 0.69) return ["pause", at];
    if (roll < 0.75) return ["unpause", at];
    if (roll < 0.77) return ["called", at];
    if (roll < 0.87) return this.#composite(at);
    if (roll < 0.92) return this.#hasGroups ? ["called", at] : ["timeout", at, 1 + this.#below(5)];
    if (roll < 0.96) return depth === 0 ? ["advance", this.#below(6)] : ["called", at];
    return this.#hasGroups ? ["called", at] : ["cancel", at];
  }

  #composite(at: number): Op {
    if (this.#hasGroups && this.#chance(0.4)) {
      return [this.#chance(0.5) ? "list" : "gather", this.#many(0, 4, () => this.#below(6))];
    }
    if (this.#hasCoroutines && this.#chance(0.5)) {
      return ["coroutine", this.#many(1, 4, () => this.#step()), this.#end()];
    }
    return this.#hasGroups ? ["called", at] : ["cancel", at];
  }

  #step(): Step {
    this.#links += 1;
    const wait = this.#chance(0.9) ? this.#below(6) : null;
    return { id: this.#links, ops: this.#ops(0, 1, 2), wait, catches: this.#chance(0.5) };
  }

  #addLink(at: number, depth: number): Op {
    const style = this.#pick<Style>(["callback", "callback", "errback", "both", "callbacks"]);
    return [
      "link",
      at,
      style,
      style === "errback" ? null : this.#link(depth),
      style === "errback" || style === "callbacks" ? this.#link(depth) : null,
    ];
  }

  #link(depth: number): Link {
    this.#links += 1;
    const id = this.#links;
    return { id, ops: depth < 3 && this.#chance(0.4) ? this.#ops(1, 3, depth + 1) : [], end: this.#end() };
  }

  #end(): End {
    const roll = this.#random();
    if (roll < 0.3) return ["value", this.#below(100)];
    if (roll < 0.5) return ["deferred", this.#below(6)];
    if (roll < 0.65) return ["throw", this.#error()];
    return roll < 0.9 ? ["same"] : ["nothing"];
  }

  #error(): string {
    return `e${this.#below(9)}`;
  }

  #many<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.#below(most - least + 1) }, make);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)] as T;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }
}

/** A generator of numbers from 0 to 1, the same for the same seed everywhere. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
