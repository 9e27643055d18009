/** Runs a Deferred program on ours, and tells what happened in words that `deferred-twisted.py` uses too. */
import {
  AlreadyCalledError,
  CancelledError,
  coroutine,
  Deferred,
  deferredList,
  FirstError,
  gatherResults,
  TimeoutError,
} from "ropewalk";
import { Clock } from "ropewalk/testing";
import type { Canceller, End, Kind, Link, Op, Program, Step, Style } from "./deferred-program.ts";

/** What happened when `program` ran. */
export function traceOf(program: Program): string[] {
  return new Run().trace(program);
}

type Of<Name extends Op[0]> = Extract<Op, readonly [Name, ...unknown[]]>;

class Run {
  readonly #said: string[] = [];
  readonly #clock = new Clock();
  readonly #table: Deferred<unknown>[] = [];
  readonly #cancelling = new Set<number>();
  readonly #composites = new Set<Deferred<unknown>>();
  readonly #pauses = new Map<Deferred<unknown>, number>();
  #kind: Kind = "plain";
  #bodies = 0;

  trace(program: Program): string[] {
    this.#kind = program.kind;
    for (const canceller of program.deferreds) {
      this.#table.push(new Deferred(this.#canceller(this.#table.length, canceller)));
    }
    this.#do(program.ops);
    for (const [index, deferred] of [...this.#table.entries()]) {
      this.#do([["called", index]]);
      deferred.addCallbacks(
        (value) => this.#say(`end ${index} ${show(value)}`),
        (error) => this.#say(`end ${index} error ${nameOf(error)}`),
      );
    }
    return this.#said;
  }

  #say(text: string): void {
    this.#said.push(text);
  }

  #at(index: number): Deferred<unknown> {
    return this.#table[index % this.#table.length] as Deferred<unknown>;
  }

  #canceller(index: number, canceller: Canceller | null): ((deferred: Deferred<unknown>) => void) | undefined {
    if (canceller === null) return undefined;
    return (deferred) => {
      this.#say(`canceller ${index} own=${deferred === this.#table[index]}`);
      if (this.#cancelling.has(index)) return;
      this.#cancelling.add(index);
      this.#do(canceller.ops);
      if (canceller.throws !== null) throw new Planned(canceller.throws);
    };
  }

  #do(ops: readonly Op[]): void {
    for (const op of ops) {
      try {
        this.#step(op);
      } catch (error) {
        this.#say(`${op[0]} threw ${nameOf(error)}`);
      }
    }
  }

  #step(op: Op): unknown {
    switch (op[0]) {
      case "link":
        return this.#addLink(this.#at(op[1]), op);
      case "callback":
        return this.#own(op[1]).callback(op[2]);
      case "callbackDeferred":
        return this.#own(op[1]).callback(this.#at(op[2]));
      case "errback":
        return this.#own(op[1]).errback(new Planned(op[2]));
      case "cancel":
        return this.#bodies > 0 ? this.#say("cancel not now") : this.#at(op[1]).cancel();
      case "pause":
        return this.#pause(this.#own(op[1]));
      case "unpause":
        return this.#unpause(this.#at(op[1]));
      case "called":
        return this.#tellCalled(this.#at(op[1]));
      case "timeout":
        return void this.#at(op[1]).addTimeout(op[2], this.#clock);
      case "advance":
        return this.#clock.advance(op[1]);
      case "list":
        return this.#compose(deferredList(op[1].map((index) => this.#at(index))).addCallback(pairs));
      case "gather":
        return this.#compose(gatherResults(op[1].map((index) => this.#at(index))));
      case "coroutine":
        return this.#startCoroutine(op);
    }
  }

  #pause(deferred: Deferred<unknown>): void {
    this.#pauses.set(deferred, (this.#pauses.get(deferred) ?? 0) + 1);
    deferred.pause();
  }

  #unpause(deferred: Deferred<unknown>): void {
    const pauses = this.#pauses.get(deferred) ?? 0;
    if (pauses === 0 && this.#kind !== "unbalanced") throw new Planned("not paused");
    this.#pauses.set(deferred, pauses - 1);
    deferred.unpause();
  }

  #tellCalled(deferred: Deferred<unknown>): void {
    this.#say(`called ${this.#composites.has(deferred) ? "unknown" : deferred.called}`);
  }

  #startCoroutine([, steps, end]: Of<"coroutine">): void {
    if (this.#kind === "cancelledCoroutines" && this.#composites.size >= 2) throw new Planned("no more");
    this.#compose(coroutine(this.#body(steps, end)));
  }

  #compose(deferred: Deferred<unknown>): void {
    this.#composites.add(deferred);
    this.#table.push(deferred);
  }

  #own(index: number): Deferred<unknown> {
    const deferred = this.#at(index);
    if (this.#composites.has(deferred)) throw new Planned("not yours");
    return deferred;
  }

  #addLink(own: Deferred<unknown>, [, , style, onValue, onError]: Of<"link">): void {
    const add: Record<Style, () => unknown> = {
      callback: () => own.addCallback((value) => this.#value(own, onValue, value)),
      errback: () => own.addErrback((error) => this.#error(own, onError, error)),
      both: () =>
        own.addBoth((result) =>
          result instanceof Error ? this.#error(own, onValue, result) : this.#value(own, onValue, result),
        ),
      callbacks: () =>
        own.addCallbacks(
          (value) => this.#value(own, onValue, value),
          (error) => this.#error(own, onError, error),
        ),
    };
    add[style]();
  }

  #value(own: Deferred<unknown>, link: Link | null, value: unknown): unknown {
    const { id, ops, end } = link as Link;
    this.#say(`link ${id} ${show(value)}`);
    this.#do(ops);
    return end[0] === "same" ? value : this.#end(own, end);
  }

  #error(own: Deferred<unknown>, link: Link | null, error: unknown): unknown {
    const { id, ops, end } = link as Link;
    this.#say(`link ${id} error ${nameOf(error)}`);
    this.#do(ops);
    if (end[0] === "same") throw error;
    return this.#end(own, end);
  }

  #end(own: Deferred<unknown>, end: End): unknown {
    if (end[0] === "throw") throw new Planned(end[1]);
    if (end[0] === "deferred") return this.#inner(own, end[1]);
    return end[0] === "value" ? end[1] : undefined;
  }

  #inner(own: Deferred<unknown>, index: number): Deferred<unknown> | undefined {
    const inner = this.#at(index);
    const isForward = this.#table.indexOf(inner) > this.#table.indexOf(own);
    if (this.#kind === "groups") return undefined;
    if (this.#kind === "unbalanced" && !isForward) return undefined;
    if (this.#kind === "cancelledCoroutines" && (!isForward || this.#composites.has(inner))) return undefined;
    return inner;
  }

  #isLater(index: number, number: number): boolean {
    return index % this.#table.length >= Math.max(number, this.#table.length - this.#composites.size);
  }

  *#body(steps: readonly Step[], end: End): Generator<unknown, unknown, unknown> {
    const number = this.#table.length;
    let result: unknown;
    this.#bodies += 1;
    try {
      for (const { id, ops, wait, catches } of steps) {
        this.#do(ops);
        if (wait === null || this.#isLater(wait, number)) continue;
        this.#bodies -= 1;
        try {
          result = id % 2 === 0 ? yield* this.#at(wait) : yield this.#at(wait);
          this.#bodies += 1;
          this.#say(`body ${id} ${show(result)}`);
        } catch (error) {
          this.#bodies += 1;
          this.#say(`body ${id} error ${nameOf(error)}`);
          if (!catches) throw error;
          result = undefined;
        }
      }
      if (end[0] === "throw") throw new Planned(end[1]);
      if (end[0] === "value") return end[1];
      return result instanceof Deferred ? undefined : result;
    } finally {
      this.#bodies -= 1;
    }
  }
}

/** An error that the program asks for. */
class Planned extends Error {}

function pairs(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.map((outcome) =>
    outcome.status === "fulfilled" ? [true, outcome.value] : [false, new Failed(outcome.reason)],
  );
}

/** An error as a value: Python's Failure. */
class Failed {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value instanceof Failed) return `error ${nameOf(value.error)}`;
  if (value instanceof Deferred) return "deferred";
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  return typeof value === "boolean" ? String(value) : `value ${value}`;
}

function nameOf(error: unknown): string {
  if (error instanceof Planned) return error.message;
  if (error instanceof CancelledError) return "cancelled";
  if (error instanceof TimeoutError) return `timeout ${error.timeoutMs}`;
  if (error instanceof AlreadyCalledError) return "already called";
  if (error instanceof FirstError) return `first ${error.index} ${nameOf(error.cause)}`;
  if (error instanceof TypeError && /^Cannot wait for itself/.test(error.message)) return "self";
  if (error instanceof TypeError && /^Cannot fire/.test(error.message)) return "not a value";
  if (error instanceof Error && /in a circle/.test(error.message)) return "circle";
  return `unexpected ${error}`;
}
