import { Deferred } from "ropewalk";
import { visualize } from "ropewalk/testing";

/** A value goes down the chain; the link for errors is passed by. */
export default async function picture(): Promise<string> {
  const price = new Deferred<number>();
  const drawn = visualize(price, { title: "A Deferred's chain" });
  price
    .addCallback(function addTax(net) {
      return net * 1.2;
    })
    .addErrback(function useListPrice() {
      return 100;
    })
    .addCallback(function asText(gross) {
      return `${gross.toFixed(2)} €`;
    })
    .addBoth(function closeShop(result) {
      return result;
    });
  price.callback(35);
  return drawn.svg();
}
