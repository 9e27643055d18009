/** Counts primes in a worker while the event loop goes on: `node build/examples/cpu-work.js 3000000`. */
import { LoopingCall, react } from "ropewalk";

const [below = "3000000"] = process.argv.slice(2);

await react(async (reactor) => {
  let ticks = 0;
  using ticking = new LoopingCall(reactor, () => {
    ticks += 1;
  });
  ticking.start(10);
  const module = new URL("./primes.js", import.meta.url);
  const count = await reactor.runInWorker<number>(module, Number(below), { name: "countPrimes" });
  console.log(`${count} primes below ${below}; meanwhile the loop was free ${ticks} times`);
});
