/** `ropewalk run -f examples/amp/sum.ts`, with TypeScript as it stands in the checkout, answers AMP's documented calls. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { start } from "../interop/support/program.ts";
import { listeningPort, ROPEWALK } from "./support.ts";

test("examples/amp/sum.ts adds and divides for amp/ask, on the port that is given after --", async (t) => {
  const listen = ["--listen", "tcp:0:interface=127.0.0.1"];
  const server = start(t, process.execPath, [ROPEWALK, "run", "-f", "examples/amp/sum.ts", "--", ...listen], {
    cwd: ROOT,
  });
  const peer = `tcp:127.0.0.1:${await listeningPort(server)}`;
  const ask = start(t, process.execPath, [`${ROOT}build/examples/amp/ask.js`, peer, "13", "81"]);
  assert.equal((await ask.finished()).code, 0);
  assert.equal(ask.out.text, "13 + 81 = 94\n13 / 81 = 0.16049382716049382\n");
});
