/**
 * Echo, daytime and chargen by TCP and UDP, on three ports from the one given on: `node build/examples/wire-services.js 127.0.0.1
 * 7000`, then `nc localhost 7000`, `nc localhost 7001`, `nc -u localhost 7002`.
 */
import { formatAddress, listen, run } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import { idleTimeout, limitConnections } from "ropewalk/policies";
import { chargenServer, daytimeServer, echoServer } from "ropewalk/wire";

const [host = "127.0.0.1", first = "7000"] = process.argv.slice(2);

await run(async (reactor) => {
  const limits = { maxAnswersPerSecond: 20 };
  const services = [echoServer(reactor, limits), daytimeServer(reactor, limits), chargenServer(reactor, limits)];
  for (const [index, service] of services.entries()) {
    const wanted = first === "0" ? 0 : Number(first) + index;
    const { local } = await reactor.listenUdp({ host, port: wanted }, service.datagrams());
    const patient = idleTimeout(limitConnections(service, { total: 100 }), { clock: reactor, idleTimeoutMs: 60_000 });
    await listen(reactor, `tcp:${local.port}:interface=${quoteArgument(host)}`, patient);
    console.log(`Listening on ${formatAddress(local)}`);
  }
});
