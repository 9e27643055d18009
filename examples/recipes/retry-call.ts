/** Tries again, with growing pauses, but not for ever: `node retry-call.ts`. */
import { type Deferred, deferLater, fail, type Reactor, react, succeed } from "ropewalk";

interface RetryOptions {
  readonly times: number;
  readonly firstPauseMs: number;
  readonly signal: AbortSignal;
}

async function retry<T>(reactor: Reactor, attempt: () => Deferred<T>, options: RetryOptions): Promise<T> {
  const { times, firstPauseMs, signal } = options;
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt().abortable(signal);
    } catch (error) {
      if (tried === times || signal.aborted) throw error;
      console.log(`attempt ${tried} failed: ${(error as Error).message}`);
      // Up to twice as long at random, so that many clients do not come back at once.
      const pauseMs = firstPauseMs * 2 ** (tried - 1) * (1 + reactor.random());
      await deferLater(reactor, pauseMs).abortable(signal);
    }
  }
}

await react(async (reactor, signal) => {
  let attempts = 0;
  // Stands for whatever may fail: it works the third time.
  const ask = (): Deferred<string> => {
    attempts += 1;
    return attempts < 3 ? fail(new Error("nobody answers")) : succeed("hello");
  };
  console.log(await retry(reactor, ask, { times: 5, firstPauseMs: 20, signal }));
});
