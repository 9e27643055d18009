import { CallSite } from "../core/call-site.ts";
import type { Reactor } from "../core/reactor.ts";
import type { MemoryReactor } from "../testing/memory-reactor.ts";
import type { TrialContext } from "./context.ts";
import { describe, registerTest, type TestOptions } from "./test.ts";

/**
 * Tests as methods of a class, for those who like that: each method whose name begins with `test` is one, on an object of
 * its own. `setUp` comes before it; then clean-ups, the last added first; then `tearDown`, unless `setUp` failed. That is
 * Twisted's order, and not that of Python's unittest.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { TestCase, testCase } from "ropewalk/trial";
 *
 * class Timers extends TestCase {
 *   readonly calls: number[] = [];
 *   override setUp(): void {
 *     this.t.reactor.callLater(5, () => this.calls.push(this.t.reactor.now()));
 *   }
 *   async testIsMadeWhenDue(): Promise<void> {
 *     await this.t.advance(5);
 *     assert.deepEqual(this.calls, [5]);
 *   }
 * }
 * testCase(Timers);
 * ```
 */
export class TestCase<R extends Reactor = MemoryReactor> {
  /** What this test has for itself. */
  readonly t: TrialContext<R>;

  constructor(t: TrialContext<R>) {
    this.t = t;
  }

  /** Comes before the test. What it returns is awaited. */
  setUp(): unknown {
    return undefined;
  }

  /** Comes after the test's clean-ups, unless `setUp` failed. What it returns is awaited. */
  tearDown(): unknown {
    return undefined;
  }
}

/**
 * Registers the tests of a class, in the order of its methods, those of its base classes first; `options` are for each.
 *
 * @throws TypeError if the class has no method whose name begins with `test`: then something is misspelt.
 *
 * @example
 * ```ts
 * import { TestCase, testCase } from "ropewalk/trial";
 *
 * class Nothing extends TestCase {
 *   testThatPasses(): void {}
 * }
 * testCase(Nothing, { timeoutMs: 5_000 });
 * ```
 */
export function testCase<R extends Reactor = MemoryReactor>(
  type: new (t: TrialContext<R>) => TestCase<R>,
  options: TestOptions<R> = {},
): void {
  const place = CallSite.above(testCase).userPlace;
  const names = testsOf(type.prototype);
  if (names.length === 0)
    throw new TypeError(`Cannot find a test in ${type.name}: no method's name begins with "test"`);
  describe(type.name, () => {
    for (const name of names) {
      registerTest<R>(place, name, options, (t) => {
        const tests = new type(t);
        return {
          before: () => tests.setUp(),
          body: () => (tests as unknown as Record<string, () => unknown>)[name]?.(),
          after: () => tests.tearDown(),
        };
      });
    }
  });
}

function testsOf(prototype: object): string[] {
  const names = new Set<string>();
  for (let at = prototype; at !== TestCase.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyNames(at).filter((name) => /^test/.test(name));
    // The base classes' come first; one that is overridden keeps its place there.
    for (const name of [...names]) if (own.includes(name)) names.delete(name);
    const rest = [...names];
    names.clear();
    for (const name of [...own, ...rest]) names.add(name);
  }
  return [...names];
}
