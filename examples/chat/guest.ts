/** Somebody who stays in a room that remembers (resume.ts), whatever becomes of the network, and misses nothing. */
import { Deferred, type DelayedCall, type Factory, LoopingCall, type Reactor } from "ropewalk";
import { backoff, ClientService } from "ropewalk/endpoints";
import { LineProtocol } from "ropewalk/line";
import { idleTimeout, type ProtocolWrapper } from "ropewalk/policies";

/** One person, who outlives the connections. */
export class Guest implements Factory<GuestConnection> {
  readonly reactor: Reactor;
  readonly name: string;
  /** Called with each line of the room, and its number. */
  heard: (number: number, line: string) => void = () => {};
  /** Which run of the room, and how much of its story this guest knows. */
  life = "none";
  last = 0;
  /** The one that is in the room. */
  connection: GuestConnection | undefined;
  readonly #service: ClientService<ProtocolWrapper<GuestConnection>>;

  constructor(reactor: Reactor, endpoint: string, name: string) {
    this.reactor = reactor;
    this.name = name;
    // A server that is gone without a word does not answer either: after some silence, call again.
    const patient = idleTimeout(this, {
      clock: reactor,
      idleTimeoutMs: 2 * PING_MS,
      activity: "reading",
      close: "abort",
    });
    this.#service = new ClientService(reactor, endpoint, patient, {
      policy: backoff({ initialDelayMs: 500, maxDelayMs: 5_000 }),
      prepareConnection: (connection) => connection.welcome,
    });
  }

  start(): void {
    this.#service.startService();
  }

  /** Whether it was said: not while there is no connection. It may be lost with the connection all the same. */
  say(line: string): boolean {
    this.connection?.sendLine(line);
    return this.connection !== undefined;
  }

  stop(): Deferred<void> {
    return this.#service.stopService();
  }

  buildProtocol(): GuestConnection {
    return new GuestConnection(this);
  }
}

/** One connection of a guest. */
export class GuestConnection extends LineProtocol {
  readonly welcome: Deferred<void> = new Deferred();
  readonly #guest: Guest;
  readonly #ping: LoopingCall;
  #again: DelayedCall | undefined;

  constructor(guest: Guest) {
    super();
    this.#guest = guest;
    this.#ping = new LoopingCall(guest.reactor, () => this.sendLine("/who"));
  }

  override connectionMade(): void {
    const { life, last, name } = this.#guest;
    this.sendLine(`/since ${life} ${last}`);
    this.sendLine(name);
  }

  override lineReceived(line: string): void {
    const [, number, text = ""] = /^(\d+) (.*)$/.exec(line) ?? [];
    const [, life, since] = /^# (\S+) (\d+)$/.exec(line) ?? [];
    if (number !== undefined) this.#told(Number(number), text);
    else if (life !== undefined) this.#entered(life, Number(since));
    else if (line.includes("is here already")) this.#tryAgain();
  }

  override connectionLost(reason: Error): void {
    if (this.#ping.running) this.#ping.stop();
    if (this.#again?.active) this.#again.cancel();
    if (!this.welcome.called) this.welcome.errback(reason);
    if (this.#guest.connection === this) this.#guest.connection = undefined;
  }

  /** Our last connection has ended here, but the room does not know yet. */
  #tryAgain(): void {
    this.#again = this.#guest.reactor.callLater(NAME_AGAIN_MS, () => this.sendLine(this.#guest.name));
  }

  #entered(life: string, since: number): void {
    Object.assign(this.#guest, { life, last: since, connection: this });
    this.#ping.start(PING_MS);
    this.welcome.callback();
  }

  #told(number: number, line: string): void {
    this.#guest.last = number;
    this.#guest.heard(number, line);
  }
}

const PING_MS = 5_000;
const NAME_AGAIN_MS = 1_000;
