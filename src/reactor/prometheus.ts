/** Figures in the text format of Prometheus, by way of `prom-client`, together with those that it reads of Node itself. */

import type { Histogram } from "prom-client";

/** A figure of the program's, read when somebody asks. */
export interface Figure {
  /** As Prometheus has it: `ropewalk_connections`, and `…_total` for what only grows. */
  readonly name: string;
  readonly help: string;
  readonly kind: "gauge" | "counter";
  readonly labelNames: readonly string[];
  read(): Iterable<Reading>;
}

/** How many of what was measured were no larger than each bound. */
export interface HistogramFigure {
  readonly name: string;
  readonly help: string;
  readonly kind: "histogram";
  read(): {
    readonly upTo: readonly { readonly bound: number; readonly count: number }[];
    readonly count: number;
    readonly sum: number;
  };
}

export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All figures as one text. */
export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Begins to observe the process (garbage collection, event loop), and goes on until the process ends. Call it once. */
export async function prometheus(figures: readonly (Figure | HistogramFigure)[]): Promise<Exposition> {
  const { collectDefaultMetrics, Counter, Gauge, Registry } = (await import("prom-client")).default;
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const figure of figures) {
    if (figure.kind === "histogram") {
      register.registerMetric(histogram(figure));
      continue;
    }
    const { name, help, kind, labelNames, read } = figure;
    const registers = [register];
    if (kind === "gauge") {
      const collect = (): void => {
        gauge.reset();
        for (const { labels, value } of read()) gauge.set(labels, value);
      };
      const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers, collect });
    } else {
      const collect = (): void => {
        counter.reset();
        for (const { labels, value } of read()) counter.inc(labels, value);
      };
      const counter = new Counter({ name, help, labelNames: [...labelNames], registers, collect });
    }
  }
  return { contentType: register.contentType, text: () => register.metrics() };
}

/** What a Registry asks of a metric. One of prom-client's own would have to be told of each measurement. */
function histogram({ name, help, kind, read }: HistogramFigure): Histogram {
  const get = async (): Promise<unknown> => {
    const { upTo, count, sum } = read();
    const values = [
      ...upTo.map(({ bound, count: value }) => ({ metricName: `${name}_bucket`, labels: { le: bound }, value })),
      { metricName: `${name}_bucket`, labels: { le: "+Inf" }, value: count },
      { metricName: `${name}_sum`, labels: {}, value: sum },
      { metricName: `${name}_count`, labels: {}, value: count },
    ];
    return { name, help, type: kind, values, aggregator: "sum" };
  };
  // Its `get` and its name are all that is used.
  return { name, help, type: kind, get } as unknown as Histogram;
}
