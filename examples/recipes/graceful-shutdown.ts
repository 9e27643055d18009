/** On SIGTERM, finishes what it has begun: `node graceful-shutdown.ts tcp:8000`. */
import { type Deferred, deferLater, deferredList, formatAddress, listen, type Reactor, run } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

/** Work under way, of all connections. */
const jobs = new Set<Deferred<unknown>>();

class Kitchen extends LineProtocol {
  override acceptBareNewline = true;
  readonly #reactor: Reactor;

  constructor(reactor: Reactor) {
    super();
    this.#reactor = reactor;
  }

  override lineReceived(dish: string): void {
    this.sendLine(`${dish} is cooking`);
    const job = deferLater(this.#reactor, 2_000, () => this.sendLine(`${dish} is ready`));
    jobs.add(job);
    job.addBoth(() => jobs.delete(job));
  }
}

await run(async (reactor) => {
  const [endpoint = "tcp:8000:interface=127.0.0.1"] = process.argv.slice(2);
  const port = await listen(reactor, endpoint, () => new Kitchen(reactor));
  // Before the reactor closes what is open, and for ten seconds at most.
  reactor.addTrigger("before", "shutdown", async () => {
    await port.stopListening();
    console.log(`Closed for new guests; dishes to come: ${jobs.size}`);
    await deferredList([...jobs]).addTimeout(10_000, reactor);
  });
  console.log(`Listening on ${formatAddress(port.address)}`);
});
