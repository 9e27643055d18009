/** Lines between two sides, each of which notices when the other one is gone. */
import { type Clock, type DelayedCall, LoopingCall } from "ropewalk";
import { LineProtocol } from "ropewalk/line";

export class Heartbeat extends LineProtocol {
  readonly #clock: Clock;
  readonly #pinging: LoopingCall;
  #doubt: DelayedCall | undefined;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
    this.#pinging = new LoopingCall(clock, () => this.#ping());
  }

  override connectionMade(): void {
    this.#pinging.start(30_000, { runNow: false });
  }

  override lineReceived(line: string): void {
    if (this.#doubt?.active) this.#doubt.cancel();
    if (line === "ping") this.sendLine("pong");
  }

  override connectionLost(): void {
    if (this.#pinging.running) this.#pinging.stop();
    if (this.#doubt?.active) this.#doubt.cancel();
  }

  #ping(): void {
    this.sendLine("ping");
    this.#doubt = this.#clock.callLater(10_000, () => this.transport.abortConnection());
  }
}
