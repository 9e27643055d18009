/** What a pool has for one place: connections that are free, that are being made, and requests that wait. */
import type { Deferred } from "../../../core/deferred/deferred.ts";
import { toError } from "../../../core/errors.ts";
import type { Clock, DelayedCall } from "../../../core/time/clock.ts";
import type { Connection, ConnectionOwner, Exchange, ExchangeCarrier } from "./exchange.ts";
import type { Place } from "./place.ts";

/** What a lane asks of its pool. */
export interface LaneKeeper {
  readonly clock: Clock;
  readonly limits: PoolLimits;
  /** Those that wait for a connection, of all lanes. */
  readonly waiting: number;
  /** Whether one connection more may be made; a free one of another place may have to go for it. */
  mayConnect(): boolean;
  dial(place: Place, timeoutMs: number, owner: ConnectionOwner): Deferred<Connection>;
  /** The number of its connections, or of those who wait, is another one. */
  changed(lane: Lane, connections: number, waiting: number): void;
}

/** How much a pool holds. */
export interface PoolLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerHost: number;
  readonly maxQueued: number;
  readonly idleTimeoutMs: number;
  readonly maxAgeMs: number;
}

export class Lane implements ConnectionOwner, ExchangeCarrier {
  readonly place: Place;
  readonly #pool: LaneKeeper;
  /** The one used last is used first: the others get old and go. */
  readonly #free: Connection[] = [];
  readonly #open = new Set<Connection>();
  readonly #connecting = new Set<Deferred<Connection>>();
  /** In their order; each with the timer of its patience, if it waits for another one to end. */
  readonly #waiting = new Map<Exchange, DelayedCall | undefined>();
  #isConnecting = false;
  #isClosing = false;

  constructor(pool: LaneKeeper, place: Place) {
    this.#pool = pool;
    this.place = place;
  }

  /** Open ones, and those that are being made. */
  get connections(): number {
    return this.#open.size + this.#connecting.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get free(): number {
    return this.#free.length;
  }

  dispatch(exchange: Exchange): void {
    const connection = this.#waiting.size === 0 ? this.#free.pop() : undefined;
    if (connection === undefined) this.#wait(exchange);
    else connection.ask(exchange);
  }

  /** Makes connections for those who wait, as far as there may be more. */
  connect(): void {
    // A failure at once makes room for the next one, within this loop.
    if (this.#isConnecting) return;
    this.#isConnecting = true;
    while (this.#connecting.size < this.#waiting.size && this.#mayConnect()) this.#connectOne();
    this.#isConnecting = false;
  }

  /** Closes the connection that has been free for longest. False if none is. */
  closeOldest(): boolean {
    const oldest = this.#free[0];
    oldest?.close();
    return oldest !== undefined;
  }

  /** No more requests: those that wait fail, those under way come to their end. */
  close(problem: string): void {
    this.#isClosing = true;
    for (const connecting of [...this.#connecting]) this.#stopConnecting(connecting);
    for (const exchange of [...this.#waiting.keys()]) exchange.fail(problem);
    for (const connection of [...this.#free]) connection.close();
  }

  connectionFree(connection: Connection): void {
    const { clock, limits } = this.#pool;
    if (this.#isClosing || clock.now() - connection.bornMs > limits.maxAgeMs) {
      connection.close();
      return;
    }
    const [next] = this.#waiting.keys();
    if (next === undefined) {
      this.#free.push(connection);
      connection.rest(limits.idleTimeoutMs);
    } else {
      this.#takeOut(next);
      connection.ask(next);
    }
  }

  connectionGone(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    const at = this.#free.lastIndexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
    this.#pool.changed(this, -1, 0);
    this.connect();
  }

  /** Over a new connection, and before all others: the free ones are likely to be stale, too. */
  repeat(exchange: Exchange): void {
    exchange.isRepeat = true;
    exchange.phase = "connecting";
    for (const connection of [...this.#free]) connection.close();
    const others = [...this.#waiting];
    this.#waiting.clear();
    this.#waiting.set(exchange, undefined);
    for (const [other, timer] of others) this.#waiting.set(other, timer);
    exchange.carrier = this;
    this.#pool.changed(this, 0, 1);
    this.connect();
  }

  giveUp(exchange: Exchange): void {
    if (this.#waiting.has(exchange)) this.#takeOut(exchange);
    // Whoever it was made for, there is one more than is wanted.
    const connecting = [...this.#connecting];
    for (const one of connecting.slice(this.#waiting.size)) this.#stopConnecting(one);
  }

  holdBody(): void {}

  dropBody(): void {}

  #mayConnect(): boolean {
    return this.connections < this.#pool.limits.maxConnectionsPerHost && this.#pool.mayConnect();
  }

  #wait(exchange: Exchange): void {
    const { waiting, limits } = this.#pool;
    if (waiting >= limits.maxQueued) {
      exchange.fail(`${waiting} requests wait for a connection already, as many as are allowed`);
      return;
    }
    exchange.carrier = this;
    this.#waiting.set(exchange, undefined);
    this.#pool.changed(this, 0, 1);
    exchange.phase = "connecting";
    this.connect();
    if (!this.#waiting.has(exchange) || this.#connecting.size >= this.#waiting.size) return;
    exchange.phase = "queued";
    const ms = exchange.init.patience.queueTimeoutMs;
    if (ms === Number.POSITIVE_INFINITY) return;
    const timer = this.#pool.clock.callLater(ms, () => {
      this.#waiting.set(exchange, undefined);
      exchange.expire(`no connection became free within ${ms} ms`, ms);
    });
    this.#waiting.set(exchange, timer);
  }

  #takeOut(exchange: Exchange): void {
    this.#waiting.get(exchange)?.cancel();
    this.#waiting.delete(exchange);
    exchange.carrier = undefined;
    this.#pool.changed(this, 0, -1);
  }

  #connectOne(): void {
    const [first] = this.#waiting.keys() as Iterable<Exchange> as [Exchange];
    const connecting = this.#pool.dial(this.place, first.init.patience.connectTimeoutMs, this);
    this.#connecting.add(connecting);
    this.#pool.changed(this, 1, 0);
    connecting.addCallbacks(
      (connection) => this.#connected(connecting, connection),
      (error) => this.#notConnected(connecting, error),
    );
  }

  #connected(connecting: Deferred<Connection>, connection: Connection): void {
    this.#connecting.delete(connecting);
    if (!connection.isOpen) {
      this.#pool.changed(this, -1, 0);
      this.connect();
      return;
    }
    this.#open.add(connection);
    this.connectionFree(connection);
  }

  #notConnected(connecting: Deferred<Connection>, error: unknown): void {
    // Those that were stopped are not waited for any more.
    if (!this.#connecting.delete(connecting)) return;
    this.#pool.changed(this, -1, 0);
    const [first] = this.#waiting.keys();
    if (first !== undefined) {
      first.phase = "connecting";
      first.fail(toError(error).message, error);
    }
    this.connect();
  }

  #stopConnecting(connecting: Deferred<Connection>): void {
    this.#connecting.delete(connecting);
    this.#pool.changed(this, -1, 0);
    connecting.cancel();
  }
}
