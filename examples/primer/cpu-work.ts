/** Work in a thread of its own; the event loop goes on meanwhile. */
import { isMainThread } from "node:worker_threads";
import { deferLater, react } from "ropewalk";

export function countPrimes(below: number): number {
  let count = 0;
  for (let n = 2; n < below; n += 1) {
    let divisor = 2;
    while (n % divisor !== 0) divisor += 1;
    if (divisor === n) count += 1;
  }
  return count;
}

if (isMainThread) {
  await react(async (reactor) => {
    const count = (below: number) => reactor.runInWorker<number>(import.meta.url, below, { name: "countPrimes" });
    console.log(`${await count(1_000)} primes below 1000`);

    const endless = count(Infinity);
    endless.addErrback((error: Error) => console.log(`given up: ${error.name}`));
    for (const second of [1, 2, 3]) {
      await deferLater(reactor, 10);
      console.log(`the loop is free: ${second}`);
    }
    endless.cancel(); // ends the thread
  });
}
