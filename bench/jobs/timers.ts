/** A timer that is set and taken back, as every timeout that never strikes is. */
import { type DelayedCall, NodeReactor } from "ropewalk";
import { expectTotal, type Job, type Jobs } from "./job.ts";

export const timerJobs: Jobs = {
  "add and cancel": { ropewalk: reactorTimers(1), node: nodeTimers(1) },
  "the same, 1 000 pending": { ropewalk: reactorTimers(1_000), node: nodeTimers(1_000) },
};

/** Keeps `pending` timers of as many delays, none of which ends while the job runs: each operation renews the oldest. */
function reactorTimers(pending: number): Job {
  return (ops) => {
    const reactor = new NodeReactor();
    let fired = 0;
    const fire = (): void => {
      fired += 1;
    };
    const calls = Array.from({ length: pending }, (_, i) => reactor.callLater(leastDelayMs + i, fire));
    for (let i = 0; i < ops; i++) {
      const at = i % pending;
      (calls[at] as DelayedCall).cancel();
      calls[at] = reactor.callLater(leastDelayMs + at, fire);
    }
    for (const call of calls) call.cancel();
    expectTotal(fired, 0);
  };
}

/** The same with Node's. */
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
