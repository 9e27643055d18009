/** Deferreds and AbortSignals cancel one another: `node abort-signal.ts`. */
import { setTimeout as sleep } from "node:timers/promises";
import { Deadline, Deferred, deferLater, fromAsync, react } from "ropewalk";

await react(async (reactor) => {
  // What takes a signal, as fetch and much of Node does, becomes a Deferred: its cancel aborts.
  const napping = fromAsync((signal) => sleep(60_000, "slept well", { signal }));
  napping.addErrback((error: Error) => `fromAsync: ${error.name}`);
  napping.cancel();
  console.log(await napping);

  // What is a Deferred obeys a signal: its canceller runs, here it closes nothing but says so.
  const user = new AbortController();
  const answer = new Deferred<string>(() => console.log("the work is stopped"));
  answer.abortable(user.signal).addErrback((error: Error) => `abortable: ${error.name}`);
  user.abort();
  console.log(await answer);

  // One time limit for several steps of either kind.
  const deadline = new Deadline(reactor, 500);
  try {
    await deferLater(reactor, 10).abortable(deadline.signal);
    console.log("the first step was in time");
    await sleep(60_000, undefined, { signal: deadline.signal });
  } catch {
    console.log(`the second one was not: ${(deadline.signal.reason as Error).name}`);
  }
});
