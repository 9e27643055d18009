/** Results that are not here yet: ours and the language's. Every job adds up what came out. */
import { coroutine, Deferred, succeed } from "ropewalk";
import { expectTotal, type Jobs } from "./job.ts";

export const deferredJobs: Jobs = {
  "five links": { ropewalk: fiveLinks, promise: fiveThens },
  "coroutine, five yields": {
    ropewalk: fiveYields,
    "await-deferred": (ops) => fiveAwaits(ops, () => succeed(1)),
    promise: (ops) => fiveAwaits(ops, () => Promise.resolve(1)),
  },
  "hops of one coroutine": {
    ropewalk: oneYieldAnOp,
    "await-deferred": (ops) => oneAwaitAnOp(ops, () => succeed(1)),
    promise: (ops) => oneAwaitAnOp(ops, () => Promise.resolve(1)),
  },
};

function fiveLinks(ops: number): void {
  let total = 0;
  const finish = (n: number): void => {
    total += n;
  };
  for (let i = 0; i < ops; i++) {
    const deferred = new Deferred<number>();
    deferred.addCallback(addOne).addCallback(addOne).addCallback(addOne).addCallback(addOne).addCallback(finish);
    deferred.callback(1);
  }
  expectTotal(total, 5 * ops);
}

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

function fiveYields(ops: number): void {
  let total = 0;
  const finish = (n: number): void => {
    total += n;
  };
  for (let i = 0; i < ops; i++) coroutine(sumOfFive).addCallback(finish);
  expectTotal(total, 5 * ops);
}

function* sumOfFive(): Generator<unknown, number> {
  let sum = 0;
  for (let i = 0; i < 5; i++) sum += yield* succeed(1);
  return sum;
}

async function fiveAwaits(ops: number, one: () => PromiseLike<number>): Promise<void> {
  let total = 0;
  const sum = async (): Promise<void> => {
    let own = 0;
    for (let i = 0; i < 5; i++) own += await one();
    total += own;
  };
  for (let done = 0; done < ops; done += batch) {
    let last: Promise<void> | undefined;
    for (let i = 0; i < batch; i++) last = sum();
    await last;
  }
  expectTotal(total, 5 * ops);
}

function oneYieldAnOp(ops: number): void {
  let total = 0;
  coroutine(function* () {
    for (let i = 0; i < ops; i++) total += yield* succeed(1);
  });
  expectTotal(total, ops);
}

async function oneAwaitAnOp(ops: number, one: () => PromiseLike<number>): Promise<void> {
  let total = 0;
  for (let i = 0; i < ops; i++) total += await one();
  expectTotal(total, ops);
}

function addOne(n: number): number {
  return n + 1;
}

/** How many are in the air before the microtask queue is let run: more would measure the garbage collector. */
const batch = 1_000;
