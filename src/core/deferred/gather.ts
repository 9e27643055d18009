/** Many Deferreds as one: all of them, all outcomes, or the first value. */
import {
  abort,
  type Chain,
  type Delegate,
  delegateCancel,
  hasFailed,
  type Listener,
  listen,
  peek,
  runSettled,
  settle,
  take,
} from "./chain.ts";
import { Deferred } from "./deferred.ts";
import { CancelledError, FirstError } from "./errors.ts";
import { toDeferred } from "./succeed.ts";
import { reportUnhandled } from "./unhandled.ts";

/**
 * The values of all, in their order; fails as soon as one fails, with a {@link FirstError} that tells which and why. The
 * others go on then; an error among them is nobody's, and is logged as such unless somebody adds an error link to it.
 *
 * Values stay in the Deferreds, for links that are added later. Promises and plain values will do for Deferreds.
 * `cancel()` cancels all of them.
 *
 * @param options.cancelOthers cancel the others when one fails
 *
 * @example
 * ```ts
 * gatherResults([succeed(1), succeed("two")]).addCallback(([n, text]) => console.log(n, text)); // 1 two
 * ```
 */
export function gatherResults<const T extends readonly unknown[]>(
  deferreds: T,
  options: { readonly cancelOthers?: boolean } = {},
): Deferred<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  return new Gathering(deferreds, options.cancelOthers ?? false).start();
}

/**
 * How each of them ended, in their order; never fails. Errors are consumed, values stay in the Deferreds. `cancel()`
 * cancels all of them, and their CancelledErrors are in the list like any error.
 *
 * @example
 * ```ts
 * deferredList([succeed(1), fail(new Error("no"))]).addCallback((outcomes) => {
 *   console.log(outcomes.map((outcome) => outcome.status)); // ["fulfilled", "rejected"]
 * });
 * ```
 */
export function deferredList<const T extends readonly unknown[]>(
  deferreds: T,
): Deferred<{ -readonly [I in keyof T]: PromiseSettledResult<Awaited<T[I]>> }> {
  return new Listing(deferreds).start();
}

/**
 * The first value, with the index of the Deferred that it came from; the others are cancelled. Fails only if all fail,
 * with an AggregateError that has their errors in their order.
 *
 * @example
 * ```ts
 * race([new Deferred<string>(), succeed("fast")]).addCallback(([index, text]) => console.log(index, text)); // 1 fast
 * ```
 */
export function race<const T extends readonly unknown[]>(
  deferreds: T,
): Deferred<[index: number, value: Awaited<T[number]>]> {
  return new Race(deferreds).start();
}

abstract class Group implements Delegate {
  protected readonly members: readonly Chain[];
  protected readonly deferred: Deferred<never> = new Deferred();
  /** How many may still decide. */
  protected left: number;
  protected isDecided = false;
  /** Set while the group is being cancelled: a CancelledError of a member is then the answer to that. */
  protected isCancelling = false;

  constructor(members: readonly unknown[]) {
    this.members = members.map(toDeferred);
    this.left = members.length;
  }

  start<T>(): Deferred<T> {
    delegateCancel(this.deferred, this);
    if (this.left === 0) runSettled(this.decideEmpty());
    this.members.forEach((member, index) => {
      listen(member, new Member(this, index));
    });
    return this.deferred;
  }

  cancelled(deferred: Chain, reason: unknown): Chain | undefined {
    this.isCancelling = true;
    const errors = this.cancelAll(undefined, reason);
    this.isCancelling = false;
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} cancellers threw`);
    return this.failsByCancel() ? deferred : undefined;
  }

  /** Cancels what has no result, except the member at `index`; returns what cancellers threw. */
  protected cancelAll(index?: number, reason?: unknown): unknown[] {
    const errors: unknown[] = [];
    this.members.forEach((member, at) => {
      if (at === index) return;
      try {
        abort(member, reason);
      } catch (error) {
        errors.push(error);
      }
    });
    return errors;
  }

  // No caller is there to throw at: a member decided, and whoever fired that one has nothing to do with the others.
  protected cancelOthers(index: number): void {
    for (const error of this.cancelAll(index)) reportUnhandled(error, this.deferred);
  }

  protected decide(result: unknown, failed: boolean): Chain | undefined {
    this.isDecided = true;
    return settle(this.deferred, result, failed);
  }

  protected abstract decideEmpty(): Chain | undefined;

  /** As a listener of the member at `index`. */
  abstract memberSettled(index: number, member: Chain): Chain | undefined;

  /** After all members were cancelled: whether that leaves the group without a result to hope for. */
  protected abstract failsByCancel(): boolean;
}

class Member implements Listener {
  readonly #group: Group;
  readonly #index: number;

  constructor(group: Group, index: number) {
    this.#group = group;
    this.#index = index;
  }

  settled(source: Chain): Chain | undefined {
    return this.#group.memberSettled(this.#index, source);
  }
}

class Gathering extends Group {
  readonly #values: unknown[];
  readonly #cancelsOthers: boolean;
  #hasCancelled = false;

  constructor(members: readonly unknown[], cancelsOthers: boolean) {
    super(members);
    this.#values = new Array(members.length);
    this.#cancelsOthers = cancelsOthers;
  }

  protected decideEmpty(): Chain | undefined {
    return this.decide(this.#values, false);
  }

  memberSettled(index: number, member: Chain): Chain | undefined {
    if (hasFailed(member)) return this.#memberFailed(index, member);
    this.#values[index] = peek(member);
    this.left -= 1;
    return this.left === 0 && !this.isDecided ? this.decide(this.#values, false) : undefined;
  }

  #memberFailed(index: number, member: Chain): Chain | undefined {
    const isOurDoing = peek(member) instanceof CancelledError && (this.isCancelling || this.#hasCancelled);
    if (isOurDoing) {
      this.#hasCancelled = true;
      take(member);
      return undefined;
    }
    if (this.isDecided) return undefined;
    this.isDecided = true;
    const error = new FirstError(index, take(member));
    if (this.#cancelsOthers) {
      this.#hasCancelled = true;
      this.cancelOthers(index);
    }
    return this.decide(error, true);
  }

  protected failsByCancel(): boolean {
    if (this.isDecided || !this.#hasCancelled) return false;
    this.isDecided = true;
    return true;
  }
}

class Listing extends Group {
  readonly #outcomes: PromiseSettledResult<unknown>[];

  constructor(members: readonly unknown[]) {
    super(members);
    this.#outcomes = new Array(members.length);
  }

  protected decideEmpty(): Chain | undefined {
    return this.decide(this.#outcomes, false);
  }

  memberSettled(index: number, member: Chain): Chain | undefined {
    this.#outcomes[index] = hasFailed(member)
      ? { status: "rejected", reason: take(member) }
      : { status: "fulfilled", value: peek(member) };
    this.left -= 1;
    return this.left === 0 ? this.decide(this.#outcomes, false) : undefined;
  }

  protected failsByCancel(): boolean {
    return false;
  }
}

class Race extends Group {
  readonly #errors: unknown[];

  constructor(members: readonly unknown[]) {
    super(members);
    this.#errors = new Array(members.length);
  }

  protected decideEmpty(): Chain | undefined {
    return this.decide(new AggregateError([], "Cannot race: there are no Deferreds"), true);
  }

  memberSettled(index: number, member: Chain): Chain | undefined {
    if (hasFailed(member)) return this.#memberFailed(index, take(member));
    if (this.isDecided) return undefined;
    this.isDecided = true;
    this.cancelOthers(index);
    return this.decide([index, peek(member)], false);
  }

  #memberFailed(index: number, error: unknown): Chain | undefined {
    this.#errors[index] = error;
    this.left -= 1;
    if (this.left > 0 || this.isDecided || this.isCancelling) return undefined;
    return this.decide(new AggregateError(this.#errors, `All of ${this.members.length} Deferreds failed`), true);
  }

  protected failsByCancel(): boolean {
    if (this.isDecided || this.left > 0) return false;
    this.isDecided = true;
    return true;
  }
}
