/** Fails, as it should: `npx trial examples/trial/dirty-process.test.ts`. */
import { ProcessProtocol } from "ropewalk";
import { test } from "ropewalk/trial";

test("leaves a process running", { reactor: "real" }, (t) => {
  t.reactor.spawnProcess(new ProcessProtocol(), "sleep", { args: ["60"] });
});
