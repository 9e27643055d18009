/** Fails, as it should: `npx trial examples/trial/dirty-port.test.ts`. */
import { listen, Protocol } from "ropewalk";
import { test } from "ropewalk/trial";

test("leaves a port open", { reactor: "real" }, async (t) => {
  await listen(t.reactor, "tcp:0:interface=127.0.0.1", () => new Protocol());
});
