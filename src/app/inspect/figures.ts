/** What Prometheus is told of a program, besides what every process of Node's can tell. */
import type { Reactor } from "../../core/reactor.ts";
import type { Figure, HistogramFigure, Reading } from "../../reactor/prometheus.ts";
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
  const figures: (Figure | HistogramFigure)[] = [
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
    ...requestFigures(watch),
  ];
  return {
    figures,
    refresh: () => {
      seen = look();
    },
  };
}

export interface ProgramFigures {
  readonly figures: readonly (Figure | HistogramFigure)[];
  /** To be called before they are read. */
  refresh(): void;
}

function requestFigures({ requests }: Watch): (Figure | HistogramFigure)[] {
  return [
    gauge("ropewalk_http_requests_in_flight", "Requests whose answers are not complete", [], () => [
      plain(requests.inFlight),
    ]),
    {
      name: "ropewalk_http_requests_total",
      help: "Requests that are over, by method and class of status",
      kind: "counter",
      labelNames: ["method", "status"],
      read: () =>
        [...requests.answers()].map(({ method, status, count }) => ({ labels: { method, status }, value: count })),
    },
    {
      name: "ropewalk_http_request_duration_seconds",
      help: "From the head of a request to the last byte of its answer",
      kind: "histogram",
      read: () => {
        const { upTo, count, totalMs } = requests.durations;
        const bounds = upTo.map(({ boundMs, count: within }) => ({ bound: boundMs / 1_000, count: within }));
        return { upTo: bounds, count, sum: totalMs / 1_000 };
      },
    },
  ];
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
