/** Results that are not here yet: ours and the language's. Every job adds up what came out. */
import { expectTotal, type Jobs } from "./job.ts";

export const deferredJobs: Jobs = {
  "five links": { promise: fiveThens },
  "coroutine, five yields": { promise: fiveAwaits },
  "hops of one coroutine": { promise: oneAwaitAnOp },
};

async function fiveThens(ops: number): Promise<void> {
  let total = 0;
  const finish = (n: number): void => {
    total += n;
  };
  for (let done = 0; done < ops; done += batch) {
    let last: Promise<void> | undefined;
    for (let i = 0; i < batch; i++) {
      let fire: (n: number) => void = finish;
      const promise = new Promise<number>((resolve) => {
        fire = resolve;
      });
      last = promise.then(addOne).then(addOne).then(addOne).then(addOne).then(finish);
      fire(1);
    }
    await last;
  }
  expectTotal(total, 5 * ops);
}

async function fiveAwaits(ops: number): Promise<void> {
  let total = 0;
  const sum = async (): Promise<void> => {
    let own = 0;
    for (let i = 0; i < 5; i++) own += await Promise.resolve(1);
    total += own;
  };
  for (let done = 0; done < ops; done += batch) {
    let last: Promise<void> | undefined;
    for (let i = 0; i < batch; i++) last = sum();
    await last;
  }
  expectTotal(total, 5 * ops);
}

async function oneAwaitAnOp(ops: number): Promise<void> {
  let total = 0;
  for (let i = 0; i < ops; i++) total += await Promise.resolve(1);
  expectTotal(total, ops);
}

function addOne(n: number): number {
  return n + 1;
}

/** How many are in the air before the microtask queue is let run: more would measure the garbage collector. */
const batch = 1_000;
