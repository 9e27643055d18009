/** Adds and divides for whoever calls, Twisted's clients too: `node build/examples/amp/sum.js tcp:1234`. */
import { formatAddress, listen, run } from "ropewalk";
import { AmpProtocol, Responders } from "ropewalk/amp";
import { Divide, Sum, ZeroDivisionError } from "./commands.ts";

const calculator = new Responders()
  .respond(Sum, ({ a, b }) => ({ total: a + b }))
  .respond(Divide, ({ numerator, denominator }) => {
    if (denominator === 0) throw new ZeroDivisionError("division by zero");
    return { result: numerator / denominator };
  });

const [endpoint = "tcp:1234"] = process.argv.slice(2);

await run(async (reactor) => {
  const port = await listen(reactor, endpoint, () => new AmpProtocol(calculator));
  console.log(`Listening on ${formatAddress(port.address)}`);
});
