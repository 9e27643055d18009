import { UnsupportedError } from "../core/errors.ts";
import type { Reactor } from "../core/reactor.ts";
import type { MemoryReactor } from "../testing/memory-reactor.ts";
import { SkippedTest } from "./context.ts";
import { runTrial, type TrialBody, type TrialOptions } from "./run-trial.ts";

/**
 * A test for any runner that takes functions, vitest say: everything that `test` does round a body, without node:test.
 * `t.skip` needs a runner whose own context has a `skip`; there is no `t.todo`.
 *
 * @example
 * ```ts
 * import { checked } from "ropewalk/trial";
 *
 * // In vitest: test("a port is opened and closed again", checked(async (t) => { … }));
 * const run = checked((t) => t.reactor.callLater(1_000, () => {}));
 * await run().catch((error) => console.log(error.name)); // DirtyReactorError
 * ```
 */
export function checked<R extends Reactor = MemoryReactor>(
  body: TrialBody<R>,
  options: TrialOptions<R> = {},
): (context?: unknown) => Promise<void> {
  return async (context) => {
    const { task, skip } = (context ?? {}) as RunnerContext;
    const name = task?.name ?? "test";
    const runner = {
      name,
      todo: () => {
        throw new UnsupportedError("Cannot mark a test as todo here: use what its runner has for that");
      },
      diagnostic: (message: string) => notes.push(message),
    };
    const notes: string[] = [];
    try {
      await runTrial(runner, options, (t) => ({ body: () => body(t) }));
    } catch (error) {
      if (error instanceof SkippedTest && typeof skip === "function") {
        skip.call(context, error.reason);
        return;
      }
      if (notes.length > 0 && error instanceof Error) error.message += `\n(${notes.join("; ")})`;
      throw error;
    }
  };
}

/** What is known of the contexts of runners. */
interface RunnerContext {
  readonly task?: { readonly name?: string } | undefined;
  readonly skip?: ((reason?: string) => void) | undefined;
}
