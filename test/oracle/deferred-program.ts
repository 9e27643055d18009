/**
 * Programs that exercise Deferreds, as data: made from a seed here, run by `deferred-interpreter.ts` on ours and by
 * `deferred-twisted.py` on Twisted's. Every mention of a Deferred is an index into a table, taken modulo its length;
 * `list`, `gather` and `coroutine` put what they make at its end.
 */
export interface Program {
  readonly seed: number;
  readonly kind: Kind;
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

/**
 * What a program may contain. Some things exclude others, where contracts differ from Twisted on purpose:
 *
 * - `groups`: lists and gatherings. A gathering that is cancelled fails with a CancelledError (Twisted: a FirstError), so
 *   these programs cancel nothing.
 * - `coroutines`, without cancellations, and `cancelledCoroutines`, with them. The links of a coroutine that was cancelled
 *   run when its body ends, as if it had not been cancelled; Twisted holds them until what was cancelled is through with
 *   its links. So here links only tell what they see, and what they tell is compared regardless of its order. Nor do cancellers
 *   throw (to the caller of `cancel` here, into the coroutine there) or cancel (it reaches the same Deferred again here), and
 *   no Deferreds wait for one another in a circle (cancelling them throws, too).
 * - `unbalanced`: Deferreds are unpaused more often than they were paused. Then links see what they wait for as a value;
 *   in a circle that would be the Deferred itself, which is an error here and hangs there: no circles.
 */
export type Kind = "plain" | "groups" | "coroutines" | "cancelledCoroutines" | "unbalanced";

class Author {
  readonly #seed: number;
  readonly #random: () => number;
  readonly #kind: Kind;
  #links = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = mulberry32(seed);
    this.#kind = this.#pick(KINDS);
  }

  program(): Program {
    const deferreds = this.#many(1, 5, () => this.#canceller());
    return { seed: this.#seed, kind: this.#kind, deferreds, ops: this.#ops(6, 30, 0) };
  }

  #canceller(): Canceller | null {
    if (this.#chance(0.4)) return null;
    return { ops: this.#ops(0, 2, 2), throws: this.#throws() ? this.#error() : null };
  }

  #throws(): boolean {
    return this.#kind !== "cancelledCoroutines" && this.#chance(0.15);
  }

  #ops(least: number, most: number, depth: number): Op[] {
    return this.#many(least, most, () => this.#op(depth));
  }

  #op(depth: number): Op {
    const at = this.#below(6);
    const roll = this.#random();
    if (roll < 0.5) return this.#addLink(at, depth);
    if (roll < 0.6) return ["callback", at, this.#below(10)];
    if (roll < 0.65) return ["errback", at, this.#error()];
    if (roll < 0.655) return ["callbackDeferred", at, this.#below(6)];
    if (roll < 0.71) return ["pause", at];
    if (roll < 0.77) return ["unpause", at];
    if (roll < 0.84) return this.#composite(at);
    if (roll < 0.92) return this.#cancels() ? ["timeout", at, 1 + this.#below(5)] : ["called", at];
    if (roll < 0.96) return depth === 0 ? ["advance", this.#below(6)] : ["called", at];
    const isAgain = depth > 0 && this.#kind === "cancelledCoroutines";
    return this.#cancels() && !isAgain ? ["cancel", at] : ["called", at];
  }

  #cancels(): boolean {
    return this.#kind !== "groups" && this.#kind !== "coroutines";
  }

  #composite(at: number): Op {
    if (this.#kind === "groups") return [this.#pick(["list", "gather"]), this.#many(0, 4, () => this.#below(6))];
    if (this.#kind === "coroutines" || this.#kind === "cancelledCoroutines") {
      return ["coroutine", this.#many(1, 4, () => this.#step()), this.#end()];
    }
    return ["called", at];
  }

  #step(): Step {
    this.#links += 1;
    const wait = this.#chance(0.9) ? this.#below(6) : null;
    return { id: this.#links, ops: this.#linkOps(2), wait, catches: this.#chance(0.5) };
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
    return { id, ops: this.#linkOps(depth), end: this.#end() };
  }

  #linkOps(depth: number): Op[] {
    if (this.#kind === "cancelledCoroutines" || depth >= 3) return [];
    return this.#chance(0.3) ? this.#ops(1, 3, depth + 1) : [];
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

  #pick<const T>(from: readonly T[]): T {
    return from[this.#below(from.length)] as T;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }
}

const KINDS: readonly Kind[] = ["plain", "plain", "plain", "groups", "coroutines", "cancelledCoroutines", "unbalanced"];

/** A generator of numbers from 0 to 1, the same for the same seed everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
