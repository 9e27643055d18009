/** Calls the commands of sum.ts, both at once: `node ask.ts tcp:localhost:1234 13 81`. */
import { connect, Deadline, gatherResults, react } from "ropewalk";
import { AmpProtocol } from "ropewalk/amp";
import { Divide, Sum, ZeroDivisionError } from "./commands.ts";

const [endpoint = "tcp:localhost:1234", first = "13", second = "81"] = process.argv.slice(2);
const [a, b] = [Number(first), Number(second)];

await react(async (reactor, signal) => {
  const deadline = new Deadline(reactor, 5_000, signal);
  const peer = await connect(reactor, endpoint, () => new AmpProtocol(), deadline);
  const sum = peer.callRemote(Sum, { a, b }).addCallback(({ total }) => `${a} + ${b} = ${total}`);
  const quotient = peer
    .callRemote(Divide, { numerator: a, denominator: b })
    .addCallback(({ result }) => `${a} / ${b} = ${result}`)
    .addErrback((error: Error) => {
      if (error instanceof ZeroDivisionError) return `${a} / ${b}: ${error.message}`;
      throw error;
    });
  console.log((await gatherResults([sum, quotient]).abortable(deadline.signal)).join("\n"));
  peer.transport.loseConnection();
});
