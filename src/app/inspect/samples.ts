import type { Vitals, VitalsReading } from "../../reactor/vitals.ts";
import type { Sample } from "./facts.ts";

/** What is counted beside the vitals. */
export interface Tallies {
  readonly connections: number;
  /** Events of the log, since the beginning. */
  readonly logged: number;
}

/**
 * The last five minutes, a sample each second.
 *
 * @example
 * ```ts
 * import { nodeVitals, Watch } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * using watch = new Watch(reactor, { vitals: nodeVitals() });
 * reactor.advance(2_000);
 * console.log(watch.samples?.kept.length); // 2
 * ```
 */
export class Samples {
  /** The latest reading; undefined before the first sample. */
  latest: VitalsReading | undefined = undefined;
  readonly #vitals: Vitals;
  readonly #kept: Sample[] = [];
  #loggedBefore = 0;

  constructor(vitals: Vitals) {
    this.#vitals = vitals;
  }

  /** The oldest first. */
  get kept(): readonly Sample[] {
    return this.#kept;
  }

  /** `atMs`: since 1970. */
  take(atMs: number, { connections, logged }: Tallies): Sample {
    const before = this.latest;
    const reading = this.#vitals.read();
    this.latest = reading;
    const spanMs = reading.uptimeMs - (before?.uptimeMs ?? 0);
    const { utilisation, lagMeanMs, lagMaxMs, rssBytes, heapUsedBytes } = reading;
    const sample: Sample = {
      atMs,
      cpu: spanMs > 0 ? (reading.cpuMs - (before?.cpuMs ?? 0)) / spanMs : 0,
      utilisation,
      lagMeanMs,
      lagMaxMs,
      rssBytes,
      heapUsedBytes,
      connections,
      logged: logged - this.#loggedBefore,
    };
    this.#loggedBefore = logged;
    this.#kept.push(sample);
    if (this.#kept.length > MAX_SAMPLES) this.#kept.shift();
    return sample;
  }
}

/** Five minutes: what a page shows at once. */
const MAX_SAMPLES = 300;
