/** Fails, as it should: `npx trial examples/trial/dirty-worker.test.ts`. */
import { test } from "ropewalk/trial";

test("leaves work in a worker", { reactor: "real" }, (t) => {
  t.reactor.runInWorker("data:text/javascript,export default () => { for (;;); }", undefined);
});
