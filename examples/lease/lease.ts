/**
 * A leader lease: of an odd number of nodes at most one leads at any instant, and while a majority can talk, soon one does.
 *
 * Who wants to lead asks all nodes over UDP, and leads once a majority has granted it. A node that grants promises not to
 * grant anybody else for `termMs`, reckoned from when the question came; the leader reckons from before it asked. So its
 * lease is over before the first promise is, and two majorities have a node in common: two leases cannot overlap.
 *
 * Datagrams may be lost, doubled, late and out of order; nodes may stop, crash and forget. What it hangs on is that the
 * clocks run about equally fast: `clockError` says how equally. What leaders send may arrive after their lease is over:
 * whoever must not take it from yesterday's leader needs a number that grows with each lease (a fencing token) as well.
 */
import { DatagramProtocol, type DelayedCall, type Reactor, type UdpAddress } from "ropewalk";

/** What all nodes of a cluster must agree on, but for who the others are. */
export interface LeaseOptions {
  /** The other nodes; hosts are IP literals. */
  readonly peers: readonly { readonly host: string; readonly port: number }[];
  /** How long a promise binds; default 3 000 ms. */
  readonly termMs?: number;
  /** How much too fast or too slow a clock may run; default 0.05, five percent. */
  readonly clockError?: number;
  /** How long a node that starts promises nothing; default `termMs`. */
  readonly quietMs?: number;
}

/** One node. Override `gained` and `lost` to do what leaders do. */
export class LeaseNode extends DatagramProtocol {
  readonly #reactor: Reactor;
  readonly #peers: ReadonlyMap<string, { readonly host: string; readonly port: number }>;
  readonly #termMs: number;
  readonly #leaseMs: number;
  readonly #quietMs: number;
  #promise = { to: NOBODY, untilMs: 0 };
  #question = { id: "", askedMs: 0, grantedBy: new Set<string>() };
  #leadsUntilMs = 0;
  #next: DelayedCall | undefined;
  #end: DelayedCall | undefined;

  constructor(reactor: Reactor, { peers, termMs = 3_000, clockError = 0.05, quietMs = termMs }: LeaseOptions) {
    super();
    this.#reactor = reactor;
    this.#peers = new Map(peers.map((peer) => [nameOf(peer), peer]));
    this.#termMs = termMs;
    // A leader's slow clock and a fast one where the promise was made.
    this.#leaseMs = (termMs * (1 - clockError)) / (1 + clockError);
    this.#quietMs = quietMs;
  }

  /** Whether this node leads, at this instant. */
  get leads(): boolean {
    return this.#reactor.now() < this.#leadsUntilMs;
  }

  /** This node leads from now on. */
  protected gained(): void {}

  /** This node's lease is over. A busy machine may call this late: before whatever only a leader may do, ask `leads`. */
  protected lost(): void {}

  override startProtocol(): void {
    // What it promised before a crash it has forgotten: it promises nothing until that is over.
    const nowMs = this.#reactor.now();
    this.#promise = { to: NOBODY, untilMs: nowMs + this.#quietMs };
    this.#campaignLater(nowMs);
  }

  override stopProtocol(): void {
    for (const call of [this.#next, this.#end]) if (call?.active) call.cancel();
    this.#leadsUntilMs = 0;
  }

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    const name = nameOf(from);
    if (!this.#peers.has(name)) return;
    const [verb, id] = new TextDecoder().decode(data).split(" ");
    if (verb === "ask" && this.#grants(name)) this.transport.write(`grant ${id}`, from);
    if (verb === "grant" && id === this.#question.id) this.#granted(name);
  }

  /** Asks for the lease if nothing is promised to another one, or for more of it if it leads; then again. */
  #campaign(): void {
    const nowMs = this.#reactor.now();
    if (this.leads || nowMs >= this.#promise.untilMs) this.#ask(nowMs);
    this.#campaignLater(nowMs);
  }

  #campaignLater(nowMs: number): void {
    // Whoever does not lead waits for the end of the promises, and a while of its own, so that they do not clash again.
    const freeMs = Math.max(0, this.#promise.untilMs - nowMs) + this.#reactor.random() * (this.#termMs / 2);
    this.#next = this.#reactor.callLater(this.leads ? this.#termMs / 3 : freeMs, () => this.#campaign());
  }

  #ask(nowMs: number): void {
    // A new number each time, after a restart too: an answer to an old question promises nothing for this one.
    const id = Buffer.from(this.#reactor.randomBytes(8)).toString("hex");
    this.#question = { id, askedMs: nowMs, grantedBy: new Set() };
    if (this.#grants(ITSELF)) this.#granted(ITSELF);
    for (const peer of this.#peers.values()) this.transport.write(`ask ${id}`, peer);
  }

  #grants(name: string): boolean {
    const nowMs = this.#reactor.now();
    if (name !== this.#promise.to && nowMs < this.#promise.untilMs) return false;
    this.#promise = { to: name, untilMs: nowMs + this.#termMs };
    return true;
  }

  #granted(name: string): void {
    const { askedMs, grantedBy } = this.#question;
    grantedBy.add(name);
    if (2 * grantedBy.size <= this.#peers.size + 1) return;
    const led = this.leads;
    this.#leadsUntilMs = askedMs + this.#leaseMs;
    const restMs = this.#leadsUntilMs - this.#reactor.now();
    if (restMs <= 0) return;
    if (this.#end?.active) this.#end.reset(restMs);
    else this.#end = this.#reactor.callLater(restMs, () => this.lost());
    if (led) return;
    if (this.#next?.active) this.#next.reset(this.#termMs / 3);
    this.gained();
  }
}

function nameOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}:${port}`;
}

const NOBODY = "nobody";
const ITSELF = "itself";
