/** Nobody can hold it up: `node idle-timeout-and-limits.ts tcp:8000 10000 60000`. */
import { type Clock, type DelayedCall, formatAddress, listen, run } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { idleTimeout, limitConnections } from "ropewalk/policies";

const [endpoint = "tcp:8000:interface=127.0.0.1", nameMs = "10000", idleMs = "60000"] = process.argv.slice(2);

class Guest extends LineProtocol {
  override acceptBareNewline = true;
  override maxLength = 200; // bytes; who sends a longer line is sent away
  readonly #clock: Clock;
  #patience: DelayedCall | undefined;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }
  // A byte now and then is not idle: what must come has a time of its own.
  override connectionMade(): void {
    this.sendLine("Who are you?");
    this.#patience = this.#clock.callLater(Number(nameMs), () => this.transport.abortConnection());
  }
  override lineReceived(name: string): void {
    this.#endPatience();
    this.sendLine(`Hello, ${name}`);
  }
  override connectionLost(): void {
    this.#endPatience();
  }
  #endPatience(): void {
    if (this.#patience?.active) this.#patience.cancel();
  }
}

await run(async (reactor) => {
  const guests = idleTimeout(() => new Guest(reactor), { clock: reactor, idleTimeoutMs: Number(idleMs) });
  const port = await listen(reactor, endpoint, limitConnections(guests, { total: 1_000, perPeer: 10 }));
  console.log(`Listening on ${formatAddress(port.address)}`);
});
