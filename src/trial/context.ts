import type { Deferred } from "../core/deferred/deferred.ts";
import type { Reactor } from "../core/reactor.ts";
import { deferLater } from "../core/time/defer-later.ts";
import { NodeReactor } from "../reactor/node-reactor.ts";
import type { SimReactor } from "../sim/sim-reactor.ts";
import type { Simulation } from "../sim/simulation.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { assertNoResult, type ErrorType, failureResultOf, successResultOf } from "./results.ts";
import type { TestRun } from "./test-run.ts";

/** Only a run makes contexts. */
export let makeContext: <R extends Reactor>(run: TestRun, runner: Runner, choice: ReactorChoice<R>) => TrialContext<R>;

/**
 * What a test has for itself. All of it ends with the test: clean-ups are done, what was patched is as it was, folders are
 * gone, and what is left in a reactor makes the test fail.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { deferLater } from "ropewalk";
 * import { test } from "ropewalk/trial";
 *
 * test("a value that comes later", async (t) => {
 *   const later = deferLater(t.reactor, 1_000, () => 42);
 *   t.assertNoResult(later);
 *   await t.advance(1_000);
 *   assert.equal(t.successResultOf(later), 42);
 * });
 * ```
 */
export class TrialContext<R extends Reactor = MemoryReactor> {
  readonly name: string;
  /** Decides what is left to chance in `sim`. The command that repeats a failing test names it. */
  readonly seed: number;
  readonly #run: TestRun;
  readonly #runner: Runner;
  readonly #choice: ReactorChoice<R>;
  #reactor: R | undefined = undefined;
  #temporaries = 0;

  static {
    makeContext = (...inside) => new TrialContext(...inside);
  }

  private constructor(run: TestRun, runner: Runner, choice: ReactorChoice<R>) {
    this.name = runner.name;
    this.seed = run.seed;
    this.#run = run;
    this.#runner = runner;
    this.#choice = choice;
  }

  /**
   * The reactor of this test, made when it is first asked for: a MemoryReactor unless the test's options say otherwise. What
   * it holds at the end of the test makes the test fail.
   */
  get reactor(): R {
    this.#reactor ??= this.watch(this.#makeReactor() as R);
    return this.#reactor;
  }

  /** A network of simulated hosts, made from `seed` when it is first asked for. Only reactors that are watched have to be left clean. */
  get sim(): Simulation {
    return this.#run.sim;
  }

  /** Aborts when the test's time is up. */
  get signal(): AbortSignal {
    return this.#run.signal;
  }

  /** Looks at one more reactor at the end of this test: what it holds then, and did not hold now, makes the test fail. Gives it back. */
  watch<W extends Reactor>(reactor: W): W {
    this.#run.watch(reactor);
    return reactor;
  }

  /**
   * Moves the time of `reactor` on by `ms`, at once, and lets Promises that wait for it go on; on a real reactor, waits that long.
   */
  async advance(ms: number): Promise<void> {
    const { reactor } = this;
    if (reactor instanceof MemoryReactor) reactor.advance(ms);
    else await deferLater(reactor, ms, () => undefined);
  }

  /** Calls `cleanup` after the test, whatever becomes of it. The one added last is called first; each is awaited. */
  addCleanup(cleanup: () => unknown): void {
    this.#run.cleanups.push(cleanup);
  }

  /**
   * Takes the errors that were logged so far, or of the given types only, so that they do not fail the test. Errors that
   * nobody took from a Deferred are among them, once they are reported; so this waits for two turns of the event loop.
   */
  async flushLoggedErrors<E extends Error = Error>(...types: readonly ErrorType<E>[]): Promise<E[]> {
    await this.#run.settleFaults();
    return this.#run.faults.flush(types) as E[];
  }

  /** Takes the value out of a Deferred. @throws AssertionError if it has none by now. */
  successResultOf<T>(deferred: Deferred<T>): T {
    return successResultOf(deferred);
  }

  /** Takes the error out of a Deferred. @throws AssertionError if it has none by now, or none of these types. */
  failureResultOf<E extends Error = Error>(deferred: Deferred<unknown>, ...types: readonly ErrorType<E>[]): E {
    return failureResultOf(deferred, ...types);
  }

  /** @throws AssertionError if the Deferred has a result by now. */
  assertNoResult(deferred: Deferred<unknown>): void {
    assertNoResult(deferred);
  }

  /** Gives `object[key]` another value until the test ends. */
  patch<O extends object, K extends keyof O>(object: O, key: K, value: O[K]): void {
    const before = Object.getOwnPropertyDescriptor(object, key);
    this.addCleanup(() => {
      Reflect.deleteProperty(object, key);
      if (before !== undefined) Object.defineProperty(object, key, before);
    });
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: before?.enumerable ?? true,
      writable: true,
    });
  }

  /** A path at which there is nothing yet, in a folder of this test's own, which is removed with all that is in it. */
  async mktemp(): Promise<string> {
    this.#temporaries += 1;
    return `${await this.#run.folder}/${this.#temporaries}`;
  }

  /** A new folder, which is removed with all that is in it. */
  async mkdtemp(): Promise<string> {
    const path = await this.mktemp();
    await this.#run.makeDirectory(path);
    return path;
  }

  /** Ends the test here, as one that is not done. @throws always. */
  skip(reason?: string): never {
    throw new SkippedTest(reason);
  }

  /** Says that this test is not expected to pass yet: its failure is shown and does not count. */
  todo(reason?: string): void {
    this.#runner.todo(reason);
  }

  /** Shows a line of text with the test's outcome. */
  diagnostic(message: string): void {
    this.#runner.diagnostic(message);
  }

  #makeReactor(): Reactor {
    if (typeof this.#choice === "function") return this.#choice(this as TrialContext<R>);
    if (this.#choice === "real") return new NodeReactor();
    return this.#choice === "sim" ? this.#simReactor() : new MemoryReactor();
  }

  #simReactor(): SimReactor {
    const { sim } = this;
    return sim.host("test").reactor;
  }
}

/** Which reactor a test gets, or a function that makes one. */
export type ReactorChoice<R extends Reactor> = "memory" | "real" | "sim" | ((t: TrialContext<R>) => R);

/** What the test runner underneath can do for one test. */
export interface Runner {
  readonly name: string;
  todo(reason?: string): void;
  diagnostic(message: string): void;
}

/** What `skip` throws: whoever runs the test takes it for no failure. */
export class SkippedTest extends Error {
  override readonly name: string = "SkippedTest";
  readonly reason: string | undefined;

  constructor(reason: string | undefined) {
    super(reason === undefined ? "Test was skipped" : `Test was skipped: ${reason}`);
    this.reason = reason;
  }
}
