/** A timer that is set and taken back, as every timeout that never strikes is. */
import { expectTotal, type Job, type Jobs } from "./job.ts";

export const timerJobs: Jobs = {
  "add and cancel": { node: nodeTimers(1) },
  "the same, 1 000 pending": { node: nodeTimers(1_000) },
};

/** Keeps `pending` timers of as many different delays, none of which ends while the job runs: each operation renews the oldest. */
function nodeTimers(pending: number): Job {
  return (ops) => {
    let fired = 0;
    const fire = (): void => {
      fired += 1;
    };
    const timers = Array.from({ length: pending }, (_, i) => setTimeout(fire, leastDelayMs + i));
    for (let i = 0; i < ops; i++) {
      const at = i % pending;
      clearTimeout(timers[at]);
      timers[at] = setTimeout(fire, leastDelayMs + at);
    }
    for (const timer of timers) clearTimeout(timer);
    expectTotal(fired, 0);
  };
}

const leastDelayMs = 60_000;
