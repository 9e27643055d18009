/** Draws one value, in the unit of whatever takes it. */
export type Distribution = (random: () => number) => number;

/**
 * What one direction between two hosts is like. What is left out is as it was: at first 1 ms, no loss, no limit, and an
 * MTU of 1 500 bytes.
 */
export interface LinkOptions {
  /** Time on the way; default 1 ms. */
  readonly latencyMs?: number | Distribution | undefined;
  /** Up to so much more, drawn evenly for each packet; default 0. Datagrams may overtake one another, a stream may not. */
  readonly jitterMs?: number | undefined;
  /** Default: no limit. */
  readonly bytesPerSecond?: number | undefined;
  /** The largest IP packet; default 1 500 bytes. Larger datagrams travel in fragments: one lost fragment loses all. */
  readonly mtuBytes?: number | undefined;
  /** What may wait for its turn on a link with `bytesPerSecond`; what comes then is lost. Default: no limit (bufferbloat). */
  readonly queueBytes?: number | undefined;
  /** How likely a packet is lost, 0 to 1; default 0. TCP sends it again. */
  readonly loss?: number | undefined;
  /** How likely a datagram comes twice, 0 to 1; default 0. */
  readonly duplicate?: number | undefined;
  /** How likely a datagram is held back by up to `reorderMs`, 0 to 1; default 0. */
  readonly reorder?: number | undefined;
  /** Default 10 ms. */
  readonly reorderMs?: number | undefined;
}

/**
 * A host's name, a group's name, `"*"` for all hosts, or a list of these.
 */
export type Selector = string | readonly string[];

/**
 * Evenly between two values.
 *
 * @example
 * ```ts
 * import { uniform, Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * sim.host("a");
 * sim.host("b");
 * sim.link("a", "b", { latencyMs: uniform(5, 20) });
 * ```
 */
export function uniform(least: number, most: number): Distribution {
  return (random) => least + (most - least) * random();
}

/**
 * Many small values and a few large ones, around `mean`.
 *
 * @example
 * ```ts
 * import { exponential, Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * sim.host("a");
 * sim.host("b");
 * sim.link("a", "b", { latencyMs: exponential(20) });
 * ```
 */
export function exponential(mean: number): Distribution {
  return (random) => -mean * Math.log(1 - random());
}

/**
 * The bell curve, cut off at 0.
 *
 * @example
 * ```ts
 * import { normal, Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * sim.host("a");
 * sim.host("b");
 * sim.link("a", "b", { latencyMs: normal(20, 5) });
 * ```
 */
export function normal(mean: number, deviation: number): Distribution {
  return (random) => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return Math.max(0, mean + deviation * radius * Math.cos(2 * Math.PI * random()));
  };
}

/**
 * Half are below `median`; `spread` (0.5 is a calm network, 1 a wild one) says how long the tail is: a log-normal curve.
 *
 * @example
 * ```ts
 * import { longTail, Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * sim.host("a");
 * sim.host("b");
 * sim.link("a", "b", { latencyMs: longTail(20, 0.5) });
 * ```
 */
export function longTail(median: number, spread: number): Distribution {
  const curve = normalAround0();
  return (random) => median * Math.exp(spread * curve(random));
}

function normalAround0(): Distribution {
  return (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
