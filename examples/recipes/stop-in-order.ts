/** Completes what is under way, then saves, then ends: `npx twistd -f stop-in-order.ts`, and stop it during a request. */
import { deferLater, type Reactor } from "ropewalk";
import { Application, Service, StreamServerService } from "ropewalk/app";
import { Logger } from "ropewalk/log";
import { Response, webServer } from "ropewalk/web";

const log = new Logger("shop");

/** Keeps its count in a file. */
class Ledger extends Service {
  sold = 0;
  #files: Reactor["files"] | undefined;

  override startService(reactor: Reactor): void {
    this.#files = reactor.files;
  }
  override async stopService(): Promise<void> {
    await this.#files?.write("sold.txt", `${this.sold}\n`, { atomic: true });
    log.info("{sold} sold, and saved", { sold: this.sold });
  }
}

export function service(reactor: Reactor, [endpoint = "tcp:8080:interface=127.0.0.1"]: readonly string[]): Application {
  const ledger = new Ledger();
  const web = webServer(reactor, (request) => {
    log.info("{path} is under way", { path: request.path });
    return deferLater(reactor, 3_000, () => {
      ledger.sold += 1;
      return new Response("sold\n");
    });
  });
  // Stopped in reverse: first the port, which completes its answers; then the ledger, which saves.
  const port = new StreamServerService(endpoint, web, { drainTimeoutMs: 8_000 });
  return new Application({ name: "shop", services: [ledger, port] });
}
