/** Fails, as it should: `npx trial examples/trial/logged-error.test.ts`. */
import { Protocol } from "ropewalk";
import { test } from "ropewalk/trial";

class Broken extends Protocol {
  override dataReceived(): void {
    throw new RangeError("this is where it broke");
  }
}

test("logs an error", async (t) => {
  const port = await t.reactor.listenTcp({ port: 80 }, () => new Broken());
  t.addCleanup(() => port.stopListening());
  t.reactor.dial(80).remote.write("hello");
});
