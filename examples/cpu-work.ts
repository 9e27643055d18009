/** Counts primes in a worker while the loop goes on: `node cpu-work.ts 3000000`. */
import { isMainThread } from "node:worker_threads";
import { LoopingCall, react } from "ropewalk";

/** What the worker calls. It imports this module too: nothing but functions may happen there. */
export function countPrimes(below: number): number {
  let count = 0;
  for (let n = 2; n < below; n += 1) if (isPrime(n)) count += 1;
  return count;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) if (n % divisor === 0) return false;
  return true;
}

if (isMainThread) {
  const [below = "3000000"] = process.argv.slice(2);
  await react(async (reactor) => {
    let ticks = 0;
    const ticking = new LoopingCall(reactor, () => {
      ticks += 1;
    });
    ticking.start(10);
    const count = await reactor.runInWorker<number>(import.meta.url, Number(below), { name: "countPrimes" });
    console.log(`${count} primes below ${below}; meanwhile the loop was free ${ticks} times`);
  });
}
