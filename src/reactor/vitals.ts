import { type EventLoopUtilization, monitorEventLoopDelay, performance } from "node:perf_hooks";

/** How a process is doing. */
export interface VitalsReading {
  /** Since the process began. */
  readonly uptimeMs: number;
  /** Processor time so far, of all threads, user and system together. */
  readonly cpuMs: number;
  /** The share of the time since the reading before in which the event loop was busy, from 0 to 1. */
  readonly utilisation: number;
  /** How late the loop was for a timer since the reading before: on average, for the slowest hundredth, at worst. */
  readonly lagMeanMs: number;
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
  /** What the system counts as this process's memory. */
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  /** Memory outside of the heap that objects on it hold: buffers, mostly. */
  readonly externalBytes: number;
}

/** Reads how a process is doing. Some figures are of the time since the reading before: so one reader each. */
export interface Vitals extends Disposable {
  read(): VitalsReading;
}

/**
 * The vitals of this process. While they are not disposed, a timer of Node's measures the event loop fifty times a second;
 * it does not keep the process alive.
 *
 * @example
 * ```ts
 * import { nodeVitals } from "ropewalk/app";
 *
 * using vitals = nodeVitals();
 * const { rssBytes, utilisation } = vitals.read();
 * console.log(rssBytes > 1_000_000, utilisation >= 0 && utilisation <= 1); // true true
 * ```
 */
export function nodeVitals(): Vitals {
  return new NodeVitals();
}

class NodeVitals implements Vitals {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #utilisation: EventLoopUtilization = performance.eventLoopUtilization();

  constructor() {
    this.#delays.enable();
  }

  read(): VitalsReading {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#utilisation);
    this.#utilisation = now;
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const reading = {
      uptimeMs: process.uptime() * 1_000,
      cpuMs: (user + system) / 1_000,
      // Two readings in the same instant have nothing to divide by.
      utilisation: Number.isFinite(utilization) ? Math.min(1, Math.max(0, utilization)) : 0,
      lagMeanMs: lateness(this.#delays.mean),
      lagP99Ms: lateness(this.#delays.percentile(99)),
      lagMaxMs: lateness(this.#delays.max),
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
    };
    this.#delays.reset();
    return reading;
  }

  [Symbol.dispose](): void {
    this.#delays.disable();
  }
}

/** Node tells the whole interval between two of its ticks, in nanoseconds: what is beyond the resolution was late. */
function lateness(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1_000_000 - RESOLUTION_MS) : 0;
}

/** Fine enough to see what people feel; a tick costs a microsecond. */
const RESOLUTION_MS = 20;
