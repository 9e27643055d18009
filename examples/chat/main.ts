/** A chat for people at `nc`, `telnet` or `openssl s_client`: `npm start -- --listen tcp:1400 --listen unix:chat.sock`. */
import { parseArgs } from "node:util";
import { formatAddress, gatherResults, Logger, listen, run } from "ropewalk";
import { Room } from "./chat.ts";
import { RememberingRoom } from "./resume.ts";

const log = new Logger("chat");
const { values } = parseArgs({
  options: {
    listen: { type: "string", multiple: true, default: ["tcp:1400"] },
    remember: { type: "boolean", default: false },
  },
});

await run(async (reactor) => {
  const room = values.remember ? new RememberingRoom(`${reactor.wallTimeMs()}`) : new Room();
  const ports = await gatherResults(values.listen.map((endpoint) => listen(reactor, endpoint, room)));
  for (const port of ports) log.info("Listening on {address}", { address: formatAddress(port.address) });
  reactor.addTrigger("before", "shutdown", () => room.close());
});
