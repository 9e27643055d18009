import { deferLater, type Reactor } from "ropewalk";
import { MultiService, Service } from "ropewalk/app";
import { MemoryReactor } from "ropewalk/testing";
import { drawTimeline, type Instant, type Panel, type Span } from "./lib/timeline.ts";

/** A list of services: started in order and stopped in reverse; stopped again if one of them does not start. */
export default async function picture(): Promise<string> {
  const recorded = [
    await record("All start; later all are stopped", false),
    await record("The last one does not start", true),
  ];
  return drawTimeline({
    title: "How a list of services starts and stops",
    description: recorded.map(({ panel, log }) => `${panel.title}: ${log.join(", ")}`).join(". "),
    panels: recorded.map(({ panel }) => panel),
    endMs: 800,
    tickMs: 100,
    key: [
      ["work", "starts or stops, and is waited for"],
      ["outside", "runs"],
      ["failed", "cannot start"],
    ],
    note: "Recorded from a MultiService on a reactor in memory: 100 ms for each start, 50 ms for each stop.",
  });
}

class Room extends Service {
  readonly spans: Span[] = [];
  readonly instants: Instant[] = [];
  readonly #log: string[];
  readonly #isBroken: boolean;
  #reactor: Reactor | undefined;
  #runsSinceMs = 0;

  constructor(name: string, log: string[], isBroken: boolean) {
    super();
    this.name = name;
    this.#log = log;
    this.#isBroken = isBroken;
  }

  override startService(reactor: Reactor): unknown {
    this.#reactor = reactor;
    const fromMs = reactor.now();
    return deferLater(reactor, 100).addCallback(() => {
      this.#runsSinceMs = reactor.now();
      this.spans.push({ kind: "work", fromMs, toMs: reactor.now() });
      this.#log.push(`${this.name} ${this.#isBroken ? "fails" : "starts"}`);
      if (!this.#isBroken) return;
      this.instants.push({ kind: "failed", atMs: reactor.now(), label: "cannot start" });
      throw new Error("the port is taken");
    });
  }

  override stopService(): unknown {
    const reactor = this.#reactor as Reactor;
    const fromMs = reactor.now();
    this.spans.push({ kind: "outside", fromMs: this.#runsSinceMs, toMs: fromMs });
    return deferLater(reactor, 50).addCallback(() => {
      this.spans.push({ kind: "work", fromMs, toMs: reactor.now() });
      this.#log.push(`${this.name} stops`);
    });
  }
}

async function record(
  title: string,
  isBroken: boolean,
): Promise<{ readonly panel: Panel; readonly log: readonly string[] }> {
  const reactor = new MemoryReactor();
  const log: string[] = [];
  const rooms = ["cellar", "shop", "till"].map((name) => new Room(name, log, isBroken && name === "till"));
  const house = new MultiService({ name: "house", services: rooms });
  const started = house.startService(reactor).addErrback(() => {});
  reactor.advance(600);
  await started;
  if (house.running) void house.stopService();
  reactor.advance(200);
  const sum = isBroken ? "what had started is stopped again" : "in order, and in reverse";
  const rows = rooms.map(({ name, spans, instants }) => ({ label: name, spans, instants }));
  return { panel: { title, sum, rows }, log };
}
