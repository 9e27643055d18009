/**
 * Prints the syslog messages that come by UDP and TCP on one port: `node log-collector.ts 127.0.0.1 5514`, then
 * `logger -n 127.0.0.1 -P 5514 -d hello` (UDP), or with `-T` (TCP).
 */
import { formatAddress, listen, run } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import { escapeControls } from "ropewalk/log";
import { limitConnections } from "ropewalk/policies";
import { SyslogServer, syslogSeverities } from "ropewalk/syslog";

const [host = "127.0.0.1", port = "5514"] = process.argv.slice(2);

const server = new SyslogServer(({ severity, appName = "-", text }, from) => {
  // Whatever a sender wrote, it is one line here, and steers no terminal.
  console.log(`${formatAddress(from)} ${appName} ${syslogSeverities[severity]}: ${escapeControls(text)}`);
});

await run(async (reactor) => {
  const datagrams = await reactor.listenUdp({ host, port: Number(port) }, server.datagrams());
  const stream = `tcp:${datagrams.local.port}:interface=${quoteArgument(host)}`;
  await listen(reactor, stream, limitConnections(server, { total: 1_000 }));
  console.log(`Listening on ${formatAddress(datagrams.local)}`);
});
