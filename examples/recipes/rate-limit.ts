/** Ten answers at once, then one every six seconds: `node rate-limit.ts tcp:8000`. */
import { type Clock, formatAddress, LoopingCall, listen, run } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { throttle } from "ropewalk/policies";

const [BURST, REFILL_MS] = [10, 6_000];

class Allowance {
  readonly #clock: Clock;
  readonly #fullAtMs = new Map<string, number>();
  constructor(clock: Clock) {
    this.#clock = clock;
    new LoopingCall(clock, () => this.#forget()).start(60_000);
  }
  take(host: string): boolean {
    const fullAtMs = Math.max(this.#clock.now(), this.#fullAtMs.get(host) ?? 0) + REFILL_MS;
    if (fullAtMs > this.#clock.now() + BURST * REFILL_MS) return false;
    this.#fullAtMs.set(host, fullAtMs);
    return true;
  }
  #forget(): void {
    for (const [host, ms] of this.#fullAtMs) if (ms <= this.#clock.now()) this.#fullAtMs.delete(host);
  }
}

await run(async (reactor) => {
  const allowance = new Allowance(reactor);
  class Shouter extends LineProtocol {
    override acceptBareNewline = true;
    override lineReceived(line: string): void {
      const { peer } = this.transport;
      const host = "host" in peer ? peer.host : peer.kind; // a new connection is no way round it
      this.sendLine(allowance.take(host) ? line.toUpperCase() : "Slow down, please");
    }
  }
  const slowed = throttle(() => new Shouter(), { clock: reactor, perConnection: { readBytesPerSecond: 10_000 } });
  const { address } = await listen(reactor, process.argv[2] ?? "tcp:8000:interface=127.0.0.1", slowed);
  console.log(`Listening on ${formatAddress(address)}`);
});
