/** Our syslog server, as its users write it: `syslog.js PORT FILE` keeps a line of each message. */
import { createWriteStream } from "node:fs";
import { NodeReactor } from "ropewalk";
import { SyslogServer } from "ropewalk/syslog";

const [port, path = ""] = process.argv.slice(2);
const reactor = new NodeReactor();
const file = createWriteStream(path);
let lines = "";
const server = new SyslogServer(({ hostname, appName, text }) => {
  if (lines === "") reactor.callLater(0, flush);
  lines += `${hostname} ${appName} ${text}\n`;
});
await reactor.listenTcp({ port: Number(port), host: "127.0.0.1" }, server);
await reactor.run();

/** A write for all that came in one turn. */
function flush(): void {
  file.write(lines);
  lines = "";
}
