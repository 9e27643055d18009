/**
 * How a chain is recorded without the Deferred's knowing: the object gets methods of its own, which call those of its class
 * with both sides of each link wrapped. A side that a link lacks is wrapped too, by a function that passes on what comes: so
 * each link says itself whether it ran or was passed by, and nothing has to be guessed.
 */
import { Deferred } from "../../core/deferred/deferred.ts";
import { shownFunction, shownValue } from "./words.ts";

/** What happened to a chain, at the time of asking. */
export interface ChainStory {
  /** Links that were there before anybody looked. */
  readonly unseen: number;
  readonly start: Start | undefined;
  readonly links: readonly LinkStory[];
  readonly end: End;
}

/** How the chain got its first result. */
export interface Start {
  /** `callback(21)`, `cancel()`, `addTimeout 5000 ms: cancel()`, `fired`. */
  readonly text: string;
  readonly outcome: Outcome;
}

/** A value or an error, as it looked. */
export interface Outcome {
  readonly text: string;
  readonly failed: boolean;
}

/** One link, and what became of it. */
export interface LinkStory {
  /** The method that added it. */
  readonly kind: string;
  /** What it does with a value and with an error: the function's name, or its source. */
  readonly onValue: string | undefined;
  readonly onError: string | undefined;
  /** It is the same for both. */
  readonly isBoth: boolean;
  /** What came to it; undefined if nothing has come yet. */
  readonly input: Outcome | undefined;
  /** It has run; if something came and it has not, it was passed by. */
  readonly hasRun: boolean;
  readonly wait: Wait | undefined;
  /** What it gave, or what came of what it waits for; undefined as long as there is nothing. */
  readonly output: Outcome | undefined;
}

/** The chain's stop at a link that answered a Deferred or Promise. */
export interface Wait {
  readonly what: "Deferred" | "Promise";
  /** Undefined without a clock, and as long as it waits. */
  readonly ms: number | undefined;
  readonly isOver: boolean;
  readonly isCancelled: boolean;
}

/** Where it stands. */
export type End =
  | { readonly state: "unfired" | "waiting" | "paused" | "taken" }
  | { readonly state: "value" | "error"; readonly text: string };

/** The recorder's side: `story` may be asked at any time. */
export interface ChainRecord {
  story(): ChainStory;
}

/** Records what happens to `deferred` from now on. */
export function recordChain(deferred: Deferred<unknown>, clock: { now(): number } | undefined): ChainRecord {
  return new Recording(deferred, clock);
}

type Step = ((result: unknown) => unknown) | undefined | null;
type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Link = Writable<Omit<LinkStory, "wait">> & { wait: (Writable<Wait> & { readonly sinceMs: number }) | undefined };

class Recording implements ChainRecord {
  readonly #deferred: Deferred<unknown>;
  readonly #clock: { now(): number } | undefined;
  readonly #unseen: number;
  readonly #links: Link[] = [];
  #start: { text: string; outcome: Outcome | undefined } | undefined;
  /** The link whose wait the next result ends. */
  #waiting: Link | undefined;
  /** The last result that was seen, to tell whether somebody took it out. */
  #last: unknown = undefined;
  /** What the links that are being added now are called. */
  #kind: string | undefined;
  #canceller: string | undefined;

  constructor(deferred: Deferred<unknown>, clock: { now(): number } | undefined) {
    this.#deferred = deferred;
    this.#clock = clock;
    const { state, links, result } = deferred.inspect();
    this.#unseen = links;
    if (state === "value" || state === "error") this.#begin("fired", result, state === "error");
    this.#watchFiring();
    this.#watchLinks();
    this.#watchLongLinks();
    this.#watchListeners();
  }

  story(): ChainStory {
    const { state, result, links, pauses } = this.#deferred.inspect();
    const isThrough = (state === "value" || state === "error") && links === 0 && pauses === 0;
    const outcome = isThrough ? outcomeOf(result, state === "error") : undefined;
    const known = this.#start;
    const isFirst = this.#links.every(({ input }) => input === undefined);
    const began = known?.outcome ?? (isFirst ? outcome : undefined);
    const isTaken = isThrough && state === "value" && result !== this.#last && !isFirst && this.#waiting === undefined;
    return {
      unseen: this.#unseen,
      start: began === undefined ? undefined : { text: known?.text ?? "fired", outcome: began },
      links: this.#links.map((link) => this.#finished(link, outcome)),
      end: isTaken ? { state: "taken" } : endOf(state, outcome),
    };
  }

  /** The last link's wait ends without a link that would tell. */
  #finished(link: Link, outcome: Outcome | undefined): LinkStory {
    const wait = link.wait && { ...link.wait };
    if (link !== this.#waiting || wait === undefined || outcome === undefined) return { ...link, wait };
    return { ...link, wait: { ...wait, isOver: true }, output: outcome };
  }

  #watchFiring(): void {
    const deferred = this.#deferred;
    const { callback, errback, cancel } = deferred;
    replace(deferred, "callback", (value: unknown) => {
      this.#fires("callback", value);
      callback.call(deferred, value);
    });
    replace(deferred, "errback", (error: unknown) => {
      this.#fires("errback", error);
      errback.call(deferred, error);
    });
    replace(deferred, "cancel", (reason?: unknown) => {
      const text = this.#canceller === undefined ? "cancel()" : `${this.#canceller}: cancel()`;
      if (!deferred.called) this.#start = { text, outcome: undefined };
      else if (this.#waiting?.wait !== undefined) this.#waiting.wait.isCancelled = true;
      cancel.call(deferred, reason);
    });
  }

  #watchLinks(): void {
    const deferred = this.#deferred;
    const add = (kind: string, onValue: Step, onError: Step): unknown => this.#add(kind, onValue, onError);
    this.#addCallbacks = deferred.addCallbacks;
    replace(deferred, "addCallback", (onValue: Step) => add("addCallback", onValue, undefined));
    replace(deferred, "addErrback", (onError: Step) => add("addErrback", undefined, onError));
    replace(deferred, "addBoth", (onResult: Step) => add("addBoth", onResult, onResult));
    replace(deferred, "addCallbacks", (onValue: Step, onError: Step) => add("addCallbacks", onValue, onError));
  }

  #addCallbacks: Deferred<unknown>["addCallbacks"] = Deferred.prototype.addCallbacks;

  /** Those add one link with two sides, which are no business of the reader's. */
  #watchLongLinks(): void {
    const deferred = this.#deferred;
    const { addTimeout, abortable } = deferred;
    const named = (kind: string, add: () => unknown): unknown => {
      this.#kind = kind;
      try {
        return add();
      } finally {
        this.#kind = undefined;
      }
    };
    replace(deferred, "addTimeout", (ms: number, clock: Parameters<typeof addTimeout>[1]) => {
      const kind = `addTimeout ${ms} ms`;
      const callLater: typeof clock.callLater = (delayMs, f) => clock.callLater(delayMs, () => this.#cancels(kind, f));
      return named(kind, () => addTimeout.call(deferred, ms, { callLater }));
    });
    replace(deferred, "abortable", (signal: AbortSignal | undefined) => {
      return named("abortable", () => abortable.call(deferred, signal));
    });
  }

  #watchListeners(): void {
    const deferred = this.#deferred;
    const { then } = deferred;
    replace(deferred, "then", (onValue: Step, onError: Step) => {
      const link = this.#newLink("await", undefined, undefined, true);
      const side = (step: Step, failed: boolean) => (result: unknown) => {
        this.#arrives(link, result, failed);
        link.hasRun = true;
        // The value stays where it is for the links that follow; an error is taken out.
        this.#leaves(link, failed ? undefined : result, false);
        if (typeof step === "function") return step(result);
        if (failed) throw result;
        return result;
      };
      return then.call(deferred, side(onValue, false), side(onError, true));
    });
    const iterator = deferred[Symbol.iterator];
    replace(deferred, Symbol.iterator, () => {
      const wait = iterator.call(deferred);
      const link = this.#newLink("yield*", undefined, undefined, true);
      return this.#watchedWait(wait, link);
    });
  }

  #watchedWait(wait: Iterator<unknown, unknown, unknown>, link: Link): Iterator<unknown, unknown, unknown> {
    const take = (result: unknown, failed: boolean): void => {
      this.#arrives(link, result, failed);
      link.hasRun = true;
      this.#leaves(link, undefined, false);
    };
    return {
      next: (sent) => {
        let step: IteratorResult<unknown, unknown>;
        try {
          step = wait.next(sent);
        } catch (error) {
          take(error, true);
          throw error;
        }
        if (step.done) take(step.value, false);
        return step;
      },
      throw: (error) => {
        take(error, true);
        throw error;
      },
    };
  }

  #add(kind: string, onValue: Step, onError: Step): unknown {
    const isNamed = this.#kind !== undefined;
    const isBoth = isNamed || (onValue === onError && typeof onValue === "function");
    const link = this.#newLink(
      this.#kind ?? kind,
      isNamed ? undefined : shownFunction(onValue),
      isNamed ? undefined : shownFunction(onError),
      isBoth,
    );
    return this.#addCallbacks.call(
      this.#deferred,
      (value: unknown) => this.#run(link, onValue, value, false),
      (error: unknown) => this.#run(link, onError, error, true),
    );
  }

  #newLink(kind: string, onValue: string | undefined, onError: string | undefined, isBoth: boolean): Link {
    const nothing = { input: undefined, hasRun: false, wait: undefined, output: undefined };
    const link: Link = { kind, onValue, onError, isBoth, ...nothing };
    this.#links.push(link);
    return link;
  }

  #run(link: Link, step: Step, input: unknown, failed: boolean): unknown {
    this.#arrives(link, input, failed);
    if (step === undefined || step === null) {
      link.output = link.input;
      if (failed) throw input;
      return input;
    }
    link.hasRun = true;
    let output: unknown;
    try {
      output = step(input);
    } catch (error) {
      this.#leaves(link, error, true);
      throw error;
    }
    this.#leaves(link, output, false);
    return output;
  }

  #arrives(link: Link, input: unknown, failed: boolean): void {
    link.input = outcomeOf(input, failed);
    this.#last = input;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting?.wait !== undefined) {
      waiting.output = link.input;
      waiting.wait.isOver = true;
      if (this.#clock !== undefined) waiting.wait.ms = this.#clock.now() - waiting.wait.sinceMs;
    } else if (this.#start === undefined) {
      this.#start = { text: "fired", outcome: link.input };
    } else {
      this.#start.outcome ??= link.input;
    }
  }

  #leaves(link: Link, output: unknown, failed: boolean): void {
    const inner = failed ? undefined : waitedFor(output);
    this.#last = output;
    if (inner === undefined) {
      link.output = outcomeOf(output, failed);
      return;
    }
    const sinceMs = this.#clock?.now() ?? 0;
    link.wait = { what: inner, ms: undefined, isOver: false, isCancelled: false, sinceMs };
    this.#waiting = link;
  }

  #fires(method: string, result: unknown): void {
    if (this.#deferred.called) return;
    const failed = method === "errback";
    const cancelled = this.#start === undefined ? "" : `${this.#start.text} → `;
    this.#begin(`${cancelled}${method}(${shownValue(result)})`, result, failed);
  }

  #begin(text: string, result: unknown, failed: boolean): void {
    this.#start = { text, outcome: outcomeOf(result, failed) };
    this.#last = result;
  }

  #cancels(canceller: string, f: () => void): void {
    this.#canceller = canceller;
    try {
      f();
    } finally {
      this.#canceller = undefined;
    }
  }
}

function endOf(state: ReturnType<Deferred<unknown>["inspect"]>["state"], outcome: Outcome | undefined): End {
  if (outcome !== undefined) return { state: outcome.failed ? "error" : "value", text: outcome.text };
  return { state: state === "unfired" || state === "waiting" ? state : "paused" };
}

/** What the chain is going to wait for; undefined if it goes on at once. */
function waitedFor(output: unknown): "Deferred" | "Promise" | undefined {
  if (output instanceof Deferred) {
    const { state, pauses } = output.inspect();
    return (state === "value" || state === "error") && pauses === 0 ? undefined : "Deferred";
  }
  const isThenable = output !== null && typeof (output as { then?: unknown } | undefined)?.then === "function";
  return isThenable ? "Promise" : undefined;
}

function outcomeOf(result: unknown, failed: boolean): Outcome {
  // One that has its result hands it over on the spot.
  if (!failed && result instanceof Deferred) {
    const inner = result.inspect();
    return { text: shownValue(inner.result), failed: inner.state === "error" };
  }
  return { text: shownValue(result), failed };
}

/** Gives this one object a method of its own; those of its class, and of others, stay as they are. */
function replace(deferred: object, name: string | symbol, method: (...args: never[]) => unknown): void {
  Object.defineProperty(deferred, name, { value: method, configurable: true, writable: true });
}
