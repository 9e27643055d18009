import { AssertionError } from "node:assert";
import type { Deferred } from "../core/deferred/deferred.ts";

/** Takes the value out of a Deferred that has one. @throws AssertionError if it has none, or an error, which is taken then. */
export function successResultOf<T>(deferred: Deferred<T>): T {
  const outcome = take(deferred, "value");
  if ("error" in outcome) {
    const { error } = outcome;
    throw failed(`Deferred should have a value, and failed with ${named(error)}`, successResultOf, error);
  }
  return outcome.value;
}

/**
 * Takes the error out of a Deferred that has failed. With `types`, it is one of these.
 *
 * @throws AssertionError if it has not failed, or with another error, which is taken then.
 */
export function failureResultOf<E extends Error = Error>(
  deferred: Deferred<unknown>,
  ...types: readonly ErrorType<E>[]
): E {
  const outcome = take(deferred, "error");
  if ("value" in outcome) {
    throw failed(`Deferred should have failed, and has the value ${String(outcome.value)}`, failureResultOf);
  }
  const { error } = outcome;
  if (types.length > 0 && !types.some((type) => error instanceof type)) {
    const wanted = types.map(({ name }) => name).join(" or ");
    throw failed(`Deferred should have failed with ${wanted}, and failed with ${named(error)}`, failureResultOf, error);
  }
  return error as E;
}

/** @throws AssertionError if the Deferred has a result already. What it gets later is left alone. */
export function assertNoResult(deferred: Deferred<unknown>): void {
  const { state, result } = deferred.inspect();
  if (state === "value") throw failed(`Deferred should have no result yet, and has ${String(result)}`, assertNoResult);
  if (state === "error") {
    throw failed(`Deferred should have no result yet, and failed with ${named(result)}`, assertNoResult, result);
  }
}

/** The class of an error, to tell it by. */
// biome-ignore lint/suspicious/noExplicitAny: the arguments of constructors differ, and nobody calls them here
export type ErrorType<E extends Error = Error> = abstract new (...args: any[]) => E;

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

function take<T>(deferred: Deferred<T>, wanted: "value" | "error"): Outcome<T> {
  let outcome: Outcome<T> | undefined;
  const { state, pauses, links } = deferred.inspect();
  if (pauses === 0 && links === 0 && (state === "value" || state === "error")) {
    deferred.addCallbacks(
      (value) => {
        outcome = { value };
      },
      (error: unknown) => {
        outcome = { error };
      },
    );
  }
  if (outcome !== undefined) return outcome;
  const why = state === "waiting" ? "a link returned one that has no result yet" : pauses > 0 ? "it is paused" : state;
  const below = wanted === "value" ? successResultOf : failureResultOf;
  throw failed(`Deferred should have ${wanted === "value" ? "a value" : "failed"} by now: ${why}`, below);
}

function failed(message: string, below: (...args: never[]) => unknown, cause?: unknown): AssertionError {
  const error = new AssertionError({ message, stackStartFn: below });
  if (cause !== undefined) Object.defineProperty(error, "cause", { value: cause, configurable: true });
  return error;
}

function named(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
