/** Fails, as it should: `npx trial examples/trial/dirty-connection.test.ts`. */
import { connect, listen, Protocol } from "ropewalk";
import { test } from "ropewalk/trial";

class Quiet extends Protocol {}

test("leaves a connection open", { reactor: "real" }, async (t) => {
  const port = await listen(t.reactor, "tcp:0:interface=127.0.0.1", () => new Protocol());
  t.addCleanup(() => port.stopListening());
  const number = port.address.kind === "tcp" ? port.address.port : 0;
  await connect(t.reactor, `tcp:127.0.0.1:${number}`, () => new Quiet());
});
