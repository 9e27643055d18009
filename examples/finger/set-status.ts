/** Says by AMP where somebody is: `node set-status.ts ann "at sea"`. */
import { connect, react } from "ropewalk";
import { AmpProtocol } from "ropewalk/amp";
import { GetStatus, SetStatus } from "./service.ts";

const [name = "ann", status = "at sea", endpoint = "tcp:localhost:1234"] = process.argv.slice(2);

await react(async (reactor) => {
  const caller = await connect(reactor, endpoint, () => new AmpProtocol());
  await caller.callRemote(SetStatus, { name, status });
  const answer = await caller.callRemote(GetStatus, { name });
  console.log(`${name}: ${answer.status}`);
});
