/** Shows what two programs say: `node eavesdrop.ts tcp:8001 tcp:127.0.0.1:8000`. */
import { formatAddress, listen, run } from "ropewalk";
import { escapeBytes, forwardTo, type TrafficEvent, trafficLog } from "ropewalk/policies";

const [endpoint = "tcp:8001:interface=127.0.0.1", target = "tcp:127.0.0.1:8000"] = process.argv.slice(2);

function show(event: TrafficEvent): void {
  const { connection, kind } = event;
  if (kind === "opened") console.log(`${connection} from ${formatAddress(event.peer)}`);
  else if (kind === "closed") console.log(`${connection} ${event.reason.name}`);
  else console.log(`${connection} ${kind === "received" ? ">" : "<"} ${escapeBytes(event.data)}`);
}

await run(async (reactor) => {
  const port = await listen(reactor, endpoint, trafficLog(forwardTo(reactor, target), { to: show }));
  console.log(`Listening on ${formatAddress(port.address)}`);
});
