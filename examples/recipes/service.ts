/** A web server and a timer as one service: `npx twistd -f service.ts`, or `npx twistd -f service.ts -- tcp:9000`. */
import type { Reactor } from "ropewalk";
import { Application, StreamServerService, TimerService } from "ropewalk/app";
import { Logger } from "ropewalk/log";
import { Response, webServer } from "ropewalk/web";

const log = new Logger("shop");

export function service(reactor: Reactor, [endpoint = "tcp:8080:interface=127.0.0.1"]: readonly string[]): Application {
  let requests = 0;
  const web = webServer(reactor, () => {
    requests += 1;
    return new Response(`Request ${requests} of process ${process.pid}\n`);
  });
  return new Application({
    name: "shop",
    services: [
      new StreamServerService(endpoint, web, { name: "web" }),
      new TimerService(60_000, () => log.info("{requests} requests so far", { requests }), { name: "report" }),
    ],
  });
}
