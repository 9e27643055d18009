import { Deferred } from "ropewalk";
import { visualize } from "ropewalk/testing";

/** A value goes down the chain, and each link changes it. */
export default async function picture(): Promise<string> {
  const price = new Deferred<number>();
  const drawn = visualize(price, { title: "A chain that was fired with 7" });
  price
    .addCallback((n) => n * 3)
    .addErrback(function guess() {
      return 20;
    })
    .addCallback(function inWords(n) {
      return `${n} euros`;
    })
    .addBoth(function tidyUp(outcome) {
      return outcome;
    });
  price.callback(7);
  return drawn.svg();
}
