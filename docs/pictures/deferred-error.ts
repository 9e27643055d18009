import { Deferred } from "ropewalk";
import { visualize } from "ropewalk/testing";

/** A link throws; the next link for errors mends it. */
export default async function picture(): Promise<string> {
  const answer = new Deferred<string>();
  const drawn = visualize(answer, { title: "A chain in which the first link throws" });
  answer
    .addCallback(function parse(text) {
      return JSON.parse(text) as { readonly price: number };
    })
    .addCallback(function describe({ price }) {
      return `it costs ${price}`;
    })
    .addErrback((e: Error) => e.name)
    .addBoth(function inAnyCase(outcome) {
      return outcome;
    });
  answer.callback("out of order");
  return drawn.svg();
}
