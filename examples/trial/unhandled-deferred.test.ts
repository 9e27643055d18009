/** Fails, as it should: `npx trial examples/trial/unhandled-deferred.test.ts`. */
import { Deferred } from "ropewalk";
import { test } from "ropewalk/trial";

test("leaves an error in a Deferred", () => {
  const order = new Deferred<number>();
  order.errback(new RangeError("sold out"));
});
