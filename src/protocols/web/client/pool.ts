/** Connections that requests share, as many as are allowed, and the queue before them. */
import { Deferred } from "../../../core/deferred/deferred.ts";
import type { Clock } from "../../../core/time/clock.ts";
import type { Connection, ConnectionOwner, Exchange } from "./exchange.ts";
import { Lane, type LaneKeeper, type PoolLimits } from "./lane.ts";
import type { Place } from "./place.ts";

/** Makes a connection to a place, which belongs to `owner`. */
export type Dial = (place: Place, timeoutMs: number, owner: ConnectionOwner) => Deferred<Connection>;

export class Pool implements LaneKeeper {
  readonly clock: Clock;
  readonly limits: PoolLimits;
  readonly dial: Dial;
  readonly #lanes = new Map<string, Lane>();
  #connections = 0;
  #waiting = 0;
  #isClosing = false;
  #closed: Deferred<void>[] = [];

  constructor(clock: Clock, limits: PoolLimits, dial: Dial) {
    this.clock = clock;
    this.limits = limits;
    this.dial = dial;
  }

  /** Open connections, and those that are being made. */
  get connections(): number {
    return this.#connections;
  }

  /** Requests that wait for a connection. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Sends it over a free connection, or over the next one. */
  dispatch(exchange: Exchange, place: Place): void {
    if (this.#isClosing) {
      exchange.fail(CLOSED);
    } else {
      const lane = this.#lanes.get(place.key) ?? new Lane(this, place);
      this.#lanes.set(place.key, lane);
      lane.dispatch(exchange);
    }
  }

  /** Fires when the last connection is gone. */
  close(): Deferred<void> {
    this.#isClosing = true;
    for (const lane of [...this.#lanes.values()]) lane.close(CLOSED);
    const closed = new Deferred<void>();
    if (this.#connections === 0) closed.callback(undefined);
    else this.#closed.push(closed);
    return closed;
  }

  mayConnect(): boolean {
    if (this.#isClosing) return false;
    if (this.#connections < this.limits.maxConnections) return true;
    for (const lane of this.#lanes.values()) if (lane.closeOldest()) break;
    return this.#connections < this.limits.maxConnections;
  }

  changed(lane: Lane, connections: number, waiting: number): void {
    this.#connections += connections;
    this.#waiting += waiting;
    if (lane.connections === 0 && lane.waiting === 0) this.#lanes.delete(lane.place.key);
    if (connections >= 0) return;
    if (this.#isClosing && this.#connections === 0)
      for (const closed of this.#closed.splice(0)) closed.callback(undefined);
    // There was no room for those of another place, and now there is.
    if (this.#waiting > 0 && this.#connections === this.limits.maxConnections - 1) {
      for (const other of this.#lanes.values()) if (other.waiting > 0) other.connect();
    }
  }
}

const CLOSED = "its agent is closed";
