/** A client that tries again and again, tested without waiting. */
import { Protocol } from "ropewalk";
import { backoff, ClientService } from "ropewalk/endpoints";
import { MemoryReactor } from "ropewalk/testing";

const reactor = new MemoryReactor(); // a clock, too
const service = new ClientService(reactor, "tcp:example.org:80", () => new Protocol(), {
  policy: backoff({ jitter: 0 }),
});

service.startService();
for (let attempt = 1; attempt <= 4; attempt += 1) {
  console.log(`attempt ${attempt} at ${reactor.now()} ms`);
  reactor.connects.at(-1)?.refuse(); // the program is the network
  const [next] = reactor.getDelayedCalls();
  if (next) reactor.advance(next.time - reactor.now());
}
await service.stopService();
console.log(`${reactor.getDelayedCalls().length} timers are left`);
