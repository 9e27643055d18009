import * as runner from "node:test";
import { CallSite } from "../core/call-site.ts";
import type { Reactor } from "../core/reactor.ts";
import type { NodeReactor } from "../reactor/node-reactor.ts";
import type { SimReactor } from "../sim/sim-reactor.ts";
import type { MemoryReactor } from "../testing/memory-reactor.ts";
import { callFrom } from "./call-from.ts";
import { type Runner, SkippedTest } from "./context.ts";
import { enrol, readSuite } from "./registration.ts";
import { runTrial, type TrialBody, type TrialOptions } from "./run-trial.ts";

/** What may be said of a test, besides what `TrialOptions` has. */
export interface TestOptions<R extends Reactor> extends TrialOptions<R> {
  /** Why the test is not done; `true` gives no reason. */
  readonly skip?: boolean | string | undefined;
  /** Why the test may fail; `true` gives no reason. */
  readonly todo?: boolean | string | undefined;
  /** With `node --test-only`: the tests that say so, and no others. */
  readonly only?: boolean | undefined;
}

/** The ways to call `test`. */
export interface RegisterTest {
  (name: string, body: TrialBody<MemoryReactor>): void;
  (name: string, options: TestOptions<NodeReactor> & { readonly reactor: "real" }, body: TrialBody<NodeReactor>): void;
  (name: string, options: TestOptions<SimReactor> & { readonly reactor: "sim" }, body: TrialBody<SimReactor>): void;
  (
    name: string,
    options: TestOptions<MemoryReactor> & { readonly reactor?: "memory" | undefined },
    body: TrialBody<MemoryReactor>,
  ): void;
  <R extends Reactor>(
    name: string,
    options: TestOptions<R> & { readonly reactor: (...args: never[]) => R },
    body: TrialBody<R>,
  ): void;
}

/**
 * A test of node:test that leaves nothing behind. `body` is given a TrialContext; what it returns is awaited, be it a Promise
 * or a Deferred. The test fails too if it leaves something in its reactor, or if an error was logged, or was not taken from a
 * Deferred, that it did not flush. Works with plain `node --test` and with `trial`.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { test } from "ropewalk/trial";
 *
 * test("a port is opened, and closed again", async (t) => {
 *   const port = await t.reactor.listenTcp({ port: 80 }, () => new Protocol());
 *   t.addCleanup(() => port.stopListening());
 * });
 * ```
 */
export const test: RegisterTest & Record<"skip" | "todo" | "only", RegisterTest> = Object.assign(registerAs({}), {
  skip: registerAs({ skip: true }),
  todo: registerAs({ todo: true }),
  only: registerAs({ only: true }),
});

/**
 * A group of tests; `describe` and `suite` are one. As node:test's, but that tests in it can be shuffled.
 *
 * @example
 * ```ts
 * import { describe, test } from "ropewalk/trial";
 *
 * describe("a group", () => {
 *   test("a test", () => {});
 * });
 * ```
 */
export function describe(name: string, body: () => unknown): void;
export function describe(name: string, options: SuiteOptions, body: () => unknown): void;
export function describe(name: string, ...rest: readonly unknown[]): void {
  const place = CallSite.above(describe).userPlace;
  const body = rest.at(-1) as () => unknown;
  const options = rest.length > 1 ? (rest[0] as SuiteOptions) : {};
  enrol(() => callFrom(place, runner.describe, [name, options, () => readSuite(body)]));
}

/** What may be said of a group. */
export interface SuiteOptions {
  readonly skip?: boolean | string | undefined;
  readonly todo?: boolean | string | undefined;
  readonly only?: boolean | undefined;
}

function registerAs(fixed: {
  readonly skip?: boolean;
  readonly todo?: boolean;
  readonly only?: boolean;
}): RegisterTest {
  const register = (name: string, ...rest: readonly unknown[]): void => {
    const place = CallSite.above(register).userPlace;
    const body = rest.at(-1) as TrialBody<Reactor>;
    const options = (rest.length > 1 ? rest[0] : {}) as TestOptions<Reactor>;
    registerTest(place, name, { ...options, ...fixed }, (t) => ({ body: () => body(t) }));
  };
  return register as RegisterTest;
}

/** Registers a test that consists of `partsOf` its context. */
export function registerTest<R extends Reactor>(
  place: string | undefined,
  name: string,
  { skip, todo, only, ...options }: TestOptions<R>,
  partsOf: Parameters<typeof runTrial<R>>[2],
): void {
  const asked = {
    ...(skip !== undefined && { skip }),
    ...(todo !== undefined && { todo }),
    ...(only !== undefined && { only }),
  };
  const run = async (inner: runner.TestContext): Promise<void> => {
    try {
      await runTrial(runnerOf(inner), options, partsOf);
    } catch (error) {
      if (!(error instanceof SkippedTest)) throw error;
      inner.skip(error.reason);
    }
  };
  enrol(() => callFrom(place, runner.test, [name, asked, run]));
}

function runnerOf(inner: runner.TestContext): Runner {
  return {
    name: inner.name,
    todo: (reason) => inner.todo(reason),
    diagnostic: (message) => inner.diagnostic(message),
  };
}
