/**
 * A finger server that knows who asks: `node who-is-there.ts tcp:7979`, then
 * `printf 'ann\r\n' | nc localhost 7979`. It asks the guest's machine who that is (ident), as far as anybody answers.
 */
import { type Address, formatAddress, listen, type Reactor, run } from "ropewalk";
import { type FingerQuery, fingerServer } from "ropewalk/finger";
import { askIdent } from "ropewalk/ident";
import { limitConnections } from "ropewalk/policies";

const [endpoint = "tcp:7979:interface=127.0.0.1", identPort = "113"] = process.argv.slice(2);
const plans: Readonly<Record<string, string>> = { ann: "Out for lunch", bob: "Writing protocols" };

async function nameOf(reactor: Reactor, peer: Address, local: Address): Promise<string> {
  if (peer.kind !== "tcp" || local.kind !== "tcp") return "somebody";
  const asked = askIdent(reactor, { peer, local }, { port: Number(identPort), timeoutMs: 2_000 });
  const answer = await asked.addErrback(() => undefined);
  return answer?.kind === "user" ? answer.user : "somebody";
}

await run(async (reactor) => {
  const port = await listen(
    reactor,
    endpoint,
    limitConnections(fingerServer(answer, { clock: reactor }), { total: 100 }),
  );
  console.log(`Listening on ${formatAddress(port.address)}`);

  async function answer({ user }: FingerQuery, peer: Address): Promise<string> {
    const guest = await nameOf(reactor, peer, port.address);
    const plan = Object.hasOwn(plans, user) ? plans[user] : "No such user";
    return `Dear ${guest}\n${user === "" ? Object.keys(plans).join(" ") : plan}`;
  }
});
