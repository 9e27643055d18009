/** Joins connections: `node port-forward.ts tcp:8001 tcp:db.example.org:5432`. */
import { formatAddress, listen, run } from "ropewalk";
import { forwardTo, limitConnections } from "ropewalk/policies";

const [endpoint = "tcp:8001:interface=127.0.0.1", target = "tcp:127.0.0.1:8000"] = process.argv.slice(2);

await run(async (reactor) => {
  const tunnel = forwardTo(reactor, target, { connectTimeoutMs: 5_000, idleTimeoutMs: 600_000 });
  const port = await listen(reactor, endpoint, limitConnections(tunnel, { total: 1_000, perPeer: 100 }));
  console.log(`Listening on ${formatAddress(port.address)}`);
});
