import { Deferred, TimeoutError } from "ropewalk";
import { Clock, visualize } from "ropewalk/testing";

/** No result in time: the timeout cancels, and its link says why. */
export default async function picture(): Promise<string> {
  const clock = new Clock();
  const answer = new Deferred<string>();
  const drawn = visualize(answer, { title: "A Deferred has no result in time", clock });
  answer
    .addTimeout(5_000, clock)
    .addCallback(function show(text) {
      return text;
    })
    .addErrback(function askAnother(error) {
      if (!(error instanceof TimeoutError)) throw error;
      return "ask another server";
    });
  clock.advance(5_000);
  return drawn.svg();
}
