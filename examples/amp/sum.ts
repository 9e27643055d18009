/** Adds and divides for whoever calls, Twisted's clients too: `npx ropewalk run -f examples/amp/sum.ts -- --listen tcp:1234`. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Reactor, run } from "ropewalk";
import { AmpProtocol, Responders } from "ropewalk/amp";
import { type Service, StreamServerService, startTree } from "ropewalk/app";
import { Divide, Sum, ZeroDivisionError } from "./commands.ts";

const calculator = new Responders()
  .respond(Sum, ({ a, b }) => ({ total: a + b }))
  .respond(Divide, ({ numerator, denominator }) => {
    if (denominator === 0) throw new ZeroDivisionError("division by zero");
    return { result: numerator / denominator };
  });

/** What `ropewalk run -f` and `twistd -f` call. */
export function service(_reactor: Reactor, args: readonly string[]): Service {
  const { values } = parseArgs({ args: [...args], options: { listen: { type: "string", default: "tcp:1234" } } });
  return new StreamServerService(values.listen, () => new AmpProtocol(calculator));
}

// Alone: `node build/examples/amp/sum.js --listen tcp:1234`.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await run((reactor) => startTree(reactor, service(reactor, process.argv.slice(2))));
}
