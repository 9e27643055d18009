/** Fails, as it should: `npx trial examples/trial/dirty-timer.test.ts`. */
import { test } from "ropewalk/trial";

test("leaves a timer behind", (t) => {
  t.reactor.callLater(60_000, () => {});
});
