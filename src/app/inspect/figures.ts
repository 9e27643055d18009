/** What Prometheus is told of a program, besides what every process of Node's can tell. */
import type { Reactor } from "../../core/reactor.ts";
import type { Figure, Reading } from "../../reactor/prometheus.ts";
import type { ServiceLike } from "../service.ts";
import type { ServiceFacts, Snapshot } from "./facts.ts";
import { inspect } from "./inspect.ts";
import type { Watch } from "./watch.ts";

/** Reads the program once for all figures of a scrape. */
export function programFigures(reactor: Reactor, tree: ServiceLike | undefined, watch: Watch): ProgramFigures {
  let seen = look();
  function look(): Snapshot {
    return inspect(reactor, tree, { watch, ...NO_LISTS });
  }
  const figures: Figure[] = [
    gauge("ropewalk_connections", "Open connections", [], () => [plain(seen.counts.connections)]),
    gauge("ropewalk_ports", "Listening ports", [], () => [plain(seen.counts.ports)]),
    gauge("ropewalk_timers", "Delayed calls that are pending", [], () => [plain(seen.counts.timers)]),
    gauge("ropewalk_service_state", "1 for the state that a service is in", ["service", "state"], () =>
      seen.services === undefined ? [] : statesOf(seen.services, ""),
    ),
    {
      ...gauge("ropewalk_log_events_total", "Events that passed the log", ["level"], () =>
        Object.entries(watch.log.counts).map(([level, value]) => ({ labels: { level }, value })),
      ),
      kind: "counter",
    },
  ];
  return {
    figures,
    refresh: () => {
      seen = look();
    },
  };
}

export interface ProgramFigures {
  readonly figures: readonly Figure[];
  /** To be called before they are read. */
  refresh(): void;
}

function gauge(name: string, help: string, labelNames: readonly string[], read: () => Iterable<Reading>): Figure {
  return { name, help, kind: "gauge", labelNames, read };
}

function plain(value: number): Reading {
  return { labels: {}, value };
}

function statesOf({ name, state, children }: ServiceFacts, above: string): Reading[] {
  const service = `${above}${name}`;
  return [{ labels: { service, state }, value: 1 }, ...children.flatMap((child) => statesOf(child, `${service}/`))];
}

const NO_LISTS = { connections: { limit: 0 }, timers: { limit: 0 } } as const;
