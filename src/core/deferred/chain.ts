/**
 * The engine of Deferred: how a result travels along links, from one Deferred to another, and back.
 *
 * Links form a singly linked list; each is taken off the list, then run with the result so far, and what it returns or
 * throws is the next result. Three things make a chain stop before its list is empty:
 *
 * - It is paused (`pauses` is a count). That is looked at when a chain starts to run, not between two links: a link that
 *   pauses its own chain stops what is fired later, not the links that follow it now.
 * - A link returned a chain without a result. Then `result` holds that *inner* chain, `pauses` is one higher, and the
 *   inner's list has got a link that hands its result over. The result is moved, not copied: the inner keeps `undefined`.
 * - A link of it is running already. Then whoever wants to run it leaves the rest to the loop that is at it.
 *
 * No recursion: when chain A hands its result to B, the one loop in `run` goes on with B and comes back to A's other
 * links after that. Those to come back to are on a stack. A chain that waits there for a *listener* (a coroutine, say)
 * still counts as running, for the call that a recursive engine would make has not returned.
 */
import type { AsyncResource } from "node:async_hooks";
import { captureContext, capturing } from "./context.ts";
import { AlreadyCalledError, CancelledError } from "./errors.ts";
import { afterNextTurn } from "./turn.ts";
import { reportUnhandled } from "./unhandled.ts";

/** Takes part in the propagation without being a link of the user: a coroutine, a gathering, what `then` returns. */
export interface Listener {
  /**
   * `source` has a result; take it or leave it. Returns a chain that got its result by this and is to run next, or
   * undefined. Must not throw.
   */
  settled(source: Chain): Chain | undefined;
}

/** In the place of a canceller: what a cancelled chain stands for goes on in other chains. */
export interface Delegate {
  /** Returns the chain to cancel in the place of `chain`; or undefined if all is done, or `chain` itself to fail it. */
  cancelled(chain: Chain, reason: unknown): Chain | undefined;
}

type Step = (result: unknown) => unknown;
type Canceller = (chain: never) => void;

class Link {
  next: Link | undefined = undefined;
  readonly onValue: Step | undefined;
  readonly onError: Step | undefined;
  readonly context: AsyncResource | undefined;
  readonly receiver: Listener | Chain | undefined;

  constructor(
    onValue: Step | undefined,
    onError: Step | undefined,
    context: AsyncResource | undefined,
    receiver: Listener | Chain | undefined,
  ) {
    this.onValue = onValue;
    this.onError = onError;
    this.context = context;
    this.receiver = receiver;
  }
}

/** Adds a listener: it is told in its turn, as a link would be. */
export let listen: (chain: Chain, listener: Listener) => void;

/**
 * Gives `chain` a result without running its links: for a listener, which returns what comes back, so that the loop
 * that called it runs them. Other callers hand that to `runSettled`.
 */
export let settle: (chain: Chain, result: unknown, failed: boolean) => Chain | undefined;

/** Runs the links of a chain that `settle` gave back, or any that were left behind. */
export let runSettled: (chain: Chain | undefined) => void;

/** True if there is a result, nothing holds it back, and no link is still to see it: it can be taken. */
export let isSettled: (chain: Chain) => boolean;

/** True if the result of a settled chain is an error. */
export let hasFailed: (chain: Chain) => boolean;

/** The result of a settled chain, left in place. */
export let peek: (chain: Chain) => unknown;

/** Cancels a chain, or what it waits for. */
export let abort: (chain: Chain, reason: unknown) => void;

/** Puts `delegate` in the place of the canceller. */
export let delegateCancel: (chain: Chain, delegate: Delegate) => void;

/** Takes the value or the error out of a settled chain, and leaves undefined. */
export let take: (chain: Chain) => unknown;

/** A result that may not be here yet, and what is to be done with it. */
export class Chain {
  // The value, or the error if FAILED, or the inner chain that is waited for.
  protected result: unknown = undefined;
  protected flags: number = 0;
  protected pauses: number = 0;
  protected head: Link | undefined = undefined;
  protected tail: Link | undefined = undefined;
  protected canceller: Canceller | Delegate | undefined;

  constructor(canceller?: Canceller | Delegate) {
    this.canceller = canceller;
    if (tracer !== undefined) tracer(this);
  }

  protected append(onValue: Step | undefined, onError: Step | undefined): void {
    this.#enqueue(new Link(onValue, onError, capturing ? captureContext() : undefined, undefined));
    if (this.flags & FIRED) this.run();
  }

  protected fire(result: unknown, failed: boolean): void {
    if (this.flags & FIRED) {
      if (!(this.flags & FORGIVING))
        throw new AlreadyCalledError("Cannot fire a Deferred twice: it has a result already");
      this.flags &= ~FORGIVING;
      return;
    }
    this.flags |= failed ? FIRED | FAILED : FIRED;
    this.canceller = undefined;
    this.result = result;
    this.run();
  }

  /** Cancels this chain or what it waits for; a loop, since chains may be nested without limit. */
  protected abort(reason: unknown): void {
    // A circle of chains that wait for one another is met by one that stays behind, and catches up ever less often.
    let landmark: Chain = this;
    let limit = 1;
    let steps = 0;
    let target: Chain = this;
    for (let next = target.#abortOne(reason); next !== undefined; next = target.#abortOne(reason)) {
      if (next === landmark) throw new Error("Cannot cancel Deferreds that wait for one another in a circle");
      target = next;
      steps += 1;
      if (steps < limit) continue;
      landmark = target;
      limit *= 2;
      steps = 0;
    }
  }

  // Returns what is to be cancelled in the place of this chain.
  #abortOne(reason: unknown): Chain | undefined {
    const { canceller } = this;
    if (this.flags & FIRED) return this.result instanceof Chain ? this.result : undefined;
    if (typeof canceller === "object") {
      const instead = canceller.cancelled(this, reason);
      if (instead !== this) return instead;
    } else if (canceller === undefined) {
      this.flags |= FORGIVING;
    } else {
      canceller(this as never);
    }
    if (!(this.flags & FIRED)) this.fire(new CancelledError(reason), true);
    return undefined;
  }

  /** Goes on with the links, unless something holds them. */
  protected run(): void {
    if (this.flags & RUNNING || this.pauses !== 0) return;
    let behind: Chain[] | undefined;
    let current: Chain = this;
    for (;;) {
      const next = current.#runLinks();
      if (next !== undefined) {
        if (behind !== undefined) behind.push(current);
        else if (current.head !== undefined || current.flags & RUNNING) behind = [current];
        current = next;
        if (current.pauses === 0) continue;
        if (behind !== undefined) Chain.#strand(behind);
      }
      const previous = behind === undefined ? undefined : Chain.#comeBack(behind);
      if (previous === undefined) return;
      current = previous;
    }
  }

  static #comeBack(behind: Chain[]): Chain | undefined {
    for (let chain = behind.pop(); chain !== undefined; chain = behind.pop()) {
      if (chain.flags & RUNNING) {
        chain.#endListener();
        return chain;
      }
      if (chain.pauses === 0) return chain;
      Chain.#strand(behind);
    }
    return undefined;
  }

  // Those that handed a result to a paused chain wait with it, down to the one that waits for a listener.
  static #strand(behind: Chain[]): void {
    while (behind.length > 0 && !((behind.at(-1) as Chain).flags & RUNNING)) behind.pop();
  }

  /** Runs links until they are through, or one makes this chain wait, or one hands over to the chain that is returned. */
  #runLinks(): Chain | undefined {
    for (let link = this.head; link !== undefined; link = this.head) {
      this.head = link.next;
      if (link.next === undefined) this.tail = undefined;
      if (link.receiver !== undefined) {
        const next = this.#hand(link.receiver, link.context);
        if (next !== undefined) return next;
        continue;
      }
      const step = this.flags & FAILED ? link.onError : link.onValue;
      if (step === undefined) {
        // After an unpause() too many, what is waited for comes by as if it were a value: passed on, it is waited for again.
        if (this.result instanceof Chain && !this.#absorb(this.result)) return undefined;
        continue;
      }
      this.flags |= RUNNING;
      let result: unknown;
      try {
        result =
          link.context === undefined ? step(this.result) : link.context.runInAsyncScope(step, undefined, this.result);
      } catch (error) {
        this.flags &= ~RUNNING;
        this.#fail(error);
        continue;
      }
      this.flags &= ~(RUNNING | FAILED | WATCHED | REPORTED);
      this.result = result;
      if (isObject(result) && !this.#absorb(result)) return undefined;
    }
    if ((this.flags & (FAILED | WATCHED | REPORTED)) === FAILED) this.#watch();
    return undefined;
  }

  // An error that a link throws on is the one that was reported, or is about to be.
  #fail(error: unknown): void {
    if (!(this.flags & FAILED) || error !== this.result) this.flags &= ~(WATCHED | REPORTED);
    this.flags |= FAILED;
    this.result = error;
  }

  #hand(receiver: Listener | Chain, context: AsyncResource | undefined): Chain | undefined {
    if (receiver instanceof Chain) {
      receiver.#take(this);
      receiver.pauses -= 1;
      return receiver;
    }
    this.flags |= RUNNING;
    const next =
      context === undefined ? receiver.settled(this) : context.runInAsyncScope(receiver.settled, receiver, this);
    if (next !== undefined && next.pauses === 0) return next;
    this.#endListener();
    return undefined;
  }

  #endListener(): void {
    if (this.flags & TAKEN) {
      this.flags &= ~OUTCOME;
      this.result = undefined;
    }
    this.flags &= ~(RUNNING | TAKEN);
  }

  #take(inner: Chain): void {
    this.flags = (this.flags & ~OUTCOME) | (inner.flags & (FAILED | REPORTED));
    this.result = inner.result;
    inner.flags &= ~OUTCOME;
    inner.result = undefined;
  }

  /** Looks at an object that became the result. False if there is a wait for it, or rather for what it promises. */
  #absorb(result: object): boolean {
    let inner: Chain | undefined;
    try {
      inner = chainOf(result);
    } catch (error) {
      this.#fail(error);
      return true;
    }
    if (inner === undefined) return true;
    if (inner === this) {
      this.#fail(new TypeError("Cannot wait for itself: a link returned the Deferred that it is a link of"));
      return true;
    }
    if (inner.flags & FIRED && inner.pauses === 0 && !(inner.result instanceof Chain)) {
      this.#take(inner);
      return true;
    }
    this.result = inner;
    this.pauses += 1;
    inner.#enqueue(new Link(undefined, undefined, undefined, this));
    return false;
  }

  #enqueue(link: Link): void {
    if (this.tail === undefined) this.head = link;
    else this.tail.next = link;
    this.tail = link;
  }

  #watch(): void {
    const error = this.result;
    this.flags |= WATCHED;
    afterNextTurn(() => {
      // Another error has its own watch; a link that is held back may be the one that takes this error.
      if (this.result !== error || (this.flags & (FAILED | WATCHED)) !== (FAILED | WATCHED)) return;
      this.flags &= ~WATCHED;
      if (this.head !== undefined) return;
      this.flags |= REPORTED;
      reportUnhandled(error, this);
    });
  }

  static {
    listen = (chain, listener) => {
      chain.#enqueue(new Link(undefined, undefined, capturing ? captureContext() : undefined, listener));
      if (chain.flags & FIRED) chain.run();
    };
    settle = (chain, result, failed) => {
      if (chain.flags & FIRED) {
        if (chain.flags & FORGIVING) chain.flags &= ~FORGIVING;
        else reportUnhandled(new AlreadyCalledError("Cannot fire a Deferred twice: it has a result already"), chain);
        return undefined;
      }
      chain.flags |= failed ? FIRED | FAILED : FIRED;
      chain.canceller = undefined;
      chain.result = result;
      return failed || !isObject(result) || chain.#absorb(result) ? chain : undefined;
    };
    runSettled = (chain) => {
      if (chain !== undefined && chain.flags & FIRED) chain.run();
    };
    isSettled = (chain) =>
      (chain.flags & (FIRED | RUNNING)) === FIRED && chain.pauses === 0 && chain.head === undefined;
    abort = (chain, reason) => chain.abort(reason);
    delegateCancel = (chain, delegate) => {
      chain.canceller = delegate;
    };
    hasFailed = (chain) => (chain.flags & FAILED) !== 0;
    peek = (chain) => chain.result;
    take = (chain) => {
      const { result } = chain;
      if (chain.flags & RUNNING) {
        chain.flags |= TAKEN;
      } else {
        chain.flags &= ~OUTCOME;
        chain.result = undefined;
      }
      return result;
    };
  }
}

/** Shows `watch` each chain that is made from now on; nobody else is shown any. Undefined ends it. */
export function traceChains(watch: ((chain: Chain) => void) | undefined): void {
  tracer = watch;
}

let tracer: ((chain: Chain) => void) | undefined;

/** True for whatever may have a `then`. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" ? value !== null : typeof value === "function";
}

/** True for a Promise and its like; a Deferred is one of them. */
export function isThenable(value: object): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown }).then === "function";
}

/** The chain to wait for if `value` is a Deferred or Promise. Throws what a getter for `then` throws. */
export function chainOf(value: object): Chain | undefined {
  if (value instanceof Chain) return value;
  return isThenable(value) ? adopt(value) : undefined;
}

/** A chain that gets what `promise` settles with, by microtask. */
export function adopt(promise: PromiseLike<unknown>, into: Chain = new Chain()): Chain {
  Promise.resolve(promise).then(
    (value) => runSettled(settle(into, value, false)),
    (error: unknown) => runSettled(settle(into, error, true)),
  );
  return into;
}

/** It has, or had, a result: a value, an error, or a chain to wait for. */
export const FIRED = 1;
const FAILED = 2;
const RUNNING = 4;
/** Swallows the next firing: the one that a cancelled Deferred without a canceller could not call off. */
const FORGIVING = 8;
/** The error that it ends in will be looked at again in the turn after next. */
const WATCHED = 16;
/** That error is in the log: it is not reported a second time, nor by a chain that takes it. */
const REPORTED = 32;
/** The listener that is at it keeps the result; until it is through, as with a link, the old one is in place. */
const TAKEN = 64;
const OUTCOME = FAILED | WATCHED | REPORTED;
