/** A process that does the same in every second, for tests. */
import type { Vitals } from "../../reactor/vitals.ts";

export function fakeVitals(): Vitals {
  let seconds = 0;
  return {
    read: () => {
      seconds += 1;
      return {
        uptimeMs: seconds * 1_000,
        cpuMs: seconds * 250,
        utilisation: 0.2,
        lagMeanMs: 0.5,
        lagP99Ms: 2,
        lagMaxMs: 3,
        rssBytes: 50_000_000,
        heapUsedBytes: 10_000_000,
        heapTotalBytes: 20_000_000,
        externalBytes: 1_000_000,
      };
    },
    [Symbol.dispose]: () => undefined,
  };
}
