import { Deferred } from "ropewalk";
import { Clock, visualize } from "ropewalk/testing";

/** No result in time: the timeout cancels, and its link says why. */
export default async function picture(): Promise<string> {
  const clock = new Clock();
  const answer = new Deferred<string>(() => {});
  const drawn = visualize(answer, { title: "A chain whose time is up", clock });
  answer
    .addTimeout(5_000, clock)
    .addCallback(function greet(text) {
      return `Bob: ${text}`;
    })
    .addErrback((e: Error) => e.name);
  clock.advance(60_000);
  return drawn.svg();
}
