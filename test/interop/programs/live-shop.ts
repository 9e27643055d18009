/** What the tests of the live view look at: ports, policies, timers, a service that fails, errors and a log. `twistd -f` runs it. */
import { Deferred, Protocol, type Reactor } from "ropewalk";
import { Application, MultiService, Service, StreamServerService, TimerService } from "ropewalk/app";
import { LineProtocol } from "ropewalk/line";
import { Logger } from "ropewalk/log";
import { idleTimeout, limitConnections } from "ropewalk/policies";

const log = new Logger("shop.orders");

class Till extends LineProtocol {
  override delimiter = "\n";

  override lineReceived(line: string): void {
    log.info("Order of {line}", { line });
    log.debug("Till heard {line}", { line });
    if (line === "fail") log.error("Cannot write order to {place}", { place: "disk", error: new Error("disk full") });
    this.sendLine(`ordered ${line}`);
  }
}

class Warehouse extends Service {
  override startService(): void {}
  override stopService(): void {}
  override health(): { ok: boolean; detail: string } {
    return { ok: false, detail: "the roof leaks" };
  }
}

export const application = (reactor: Reactor): Application => {
  const patient = idleTimeout(() => new Till(), { clock: reactor, idleTimeoutMs: 3_600_000 });
  const till = new StreamServerService("tcp:0:interface=127.0.0.1", limitConnections(patient, { total: 500 }));
  const front = new MultiService({ name: "front", services: [till] });
  const sink = new StreamServerService("tcp:0:interface=127.0.0.1", () => new Protocol());
  sink.name = "sink";
  const stock = new TimerService(3_600_000, function countStock() {});
  reactor.callLater(86_400_000, () => log.info("A day has passed"));
  void new Deferred<void>().errback(new TypeError("no price for <b>rope</b>"));
  return new Application({ name: "shop", services: [front, sink, stock, new Warehouse()] });
};
