/** One measurement, and what several of them come to. */

/** What one server did under one load in one round. */
export interface Sample {
  readonly ops: number;
  readonly seconds: number;
  readonly cpuUs: number;
  readonly rssBytes: number;
  /** Growth of the resident memory for each held connection; only where the load holds some. */
  readonly bytesPerConnection?: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The samples of all rounds. */
export interface Figure {
  readonly bench: string;
  readonly load: string;
  readonly server: string;
  readonly cpuUsPerOp: Spread;
  readonly opsPerSec: Spread;
  readonly rssMiB: Spread;
  readonly bytesPerConnection?: Spread;
}

/** Throws a RangeError without samples: a figure made of nothing would look like one. */
export function toFigure(bench: string, load: string, server: string, samples: readonly Sample[]): Figure {
  const held = samples.flatMap((sample) => sample.bytesPerConnection ?? []);
  return {
    bench,
    load,
    server,
    cpuUsPerOp: spread(samples.map((sample) => sample.cpuUs / sample.ops)),
    opsPerSec: spread(samples.map((sample) => sample.ops / sample.seconds)),
    rssMiB: spread(samples.map((sample) => sample.rssBytes / (1 << 20))),
    ...(held.length > 0 ? { bytesPerConnection: spread(held) } : {}),
  };
}

/** Median (the mean of the two middle ones where their number is even), least and greatest. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[(sorted.length - 1) >> 1];
  const high = sorted[sorted.length >> 1];
  const min = sorted[0];
  const max = sorted.at(-1);
  if (low === undefined || high === undefined || min === undefined || max === undefined)
    throw new RangeError("Cannot summarize an empty list of measurements");
  return { median: (low + high) / 2, min, max };
}

/** The list turned so that round after round another one goes first: what disturbs the first disturbs each in turn. */
export function rotated<T>(list: readonly T[], round: number): T[] {
  const cut = list.length === 0 ? 0 : round % list.length;
  return [...list.slice(cut), ...list.slice(0, cut)];
}
