/** Figures in the text format of Prometheus, by way of `prom-client`, together with those that it reads of Node itself. */

/** A figure of the program's, read when somebody asks. */
export interface Figure {
  /** As Prometheus has it: `ropewalk_connections`, and `…_total` for what only grows. */
  readonly name: string;
  readonly help: string;
  readonly kind: "gauge" | "counter";
  readonly labelNames: readonly string[];
  read(): Iterable<Reading>;
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
export async function prometheus(figures: readonly Figure[]): Promise<Exposition> {
  const { collectDefaultMetrics, Counter, Gauge, Registry } = (await import("prom-client")).default;
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const { name, help, kind, labelNames, read } of figures) {
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
