import { type DelayedCall, Protocol, type Reactor } from "ropewalk";
import { Application, type Health, Service, StreamServerService } from "ropewalk/app";

/** What the services share. */
class Visits {
  count = 0;
}

/** Says at each interval how many have come since the last time. */
class Report extends Service {
  readonly #visits: Visits;
  readonly #intervalMs: number;
  readonly #write: (line: string) => void;
  #next: DelayedCall | undefined;

  constructor(visits: Visits, intervalMs: number, write: (line: string) => void) {
    super();
    this.#visits = visits;
    this.#intervalMs = intervalMs;
    this.#write = write;
  }

  override startService(reactor: Reactor): void {
    this.#next = reactor.callLater(this.#intervalMs, () => {
      this.#write(`${this.#visits.count} came`);
      this.#visits.count = 0;
      this.startService(reactor);
    });
  }

  override stopService(): void {
    this.#next?.cancel();
    this.#next = undefined;
  }

  override health(): Health {
    return { ok: true, detail: `${this.#visits.count} came` };
  }
}

/** The whole program: services that start in this order, and stop in reverse. */
export function makeSample(endpoint: string, write: (line: string) => void): Application {
  const visits = new Visits();
  return new Application({
    name: "sample",
    services: [
      new Report(visits, REPORT_INTERVAL_MS, write),
      new StreamServerService(endpoint, () => new Counted(visits), { name: "port" }),
    ],
  });
}

class Counted extends Protocol {
  readonly #visits: Visits;

  constructor(visits: Visits) {
    super();
    this.#visits = visits;
  }

  override connectionMade(): void {
    this.#visits.count += 1;
    this.transport.write(`You are number ${this.#visits.count}\n`);
    this.transport.loseConnection();
  }
}

const REPORT_INTERVAL_MS = 60_000;
